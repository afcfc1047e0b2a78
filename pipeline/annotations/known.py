"""XML and photos that were read before: what was read holds until one of the two has changed.

Or until the photo is found elsewhere, by the names of all, or `parse` of params.yaml, the code or a
package is another one.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pipeline.annotations.annotation import Annotation, AnnotationReader
from pipeline.annotations.listing import Listing
from pipeline.annotations.matching import Match
from pipeline.annotations.rules import Finding, Rejected
from pipeline.images.box import Box, LabelledBox
from pipeline.runtime.files import md5, write_file
from pipeline.runtime.parallel import map_photos
from pipeline.runtime.stamps import Stamp, has_rested, stamp_of

# Others' code that reads, beside Python's own.
_PACKAGES = ("lxml", "numpy", "pillow", "pillow-heif", "simplejpeg")


def _hash_code() -> str:
    """A hash of the code that reads, as it was loaded; empty where it may be another one on disk.

    That is where it was edited while this process started.
    """
    now, wings = time.time_ns(), (Path(__file__).parent, Path(__file__).parents[1] / "images")
    sources = [path for wing in wings for path in sorted(wing.rglob("*.py"))]
    contents = [path.read_bytes() for path in sources]
    stamps = [its for path in sources if (its := stamp_of(path))]
    rested = all(has_rested(its.newest, now) for its in stamps)
    return md5(b"".join(contents)) if rested else ""


_CODE = _hash_code()


def read_annotations(
    reader: AnnotationReader, listing: Listing, record: Path | None, cores: int | None
) -> list[Annotation]:
    """Read each XML of a folder, but for those that `record` knows; then record them all.

    A record that is missing, damaged, or of other code or parameters, knows none.
    """
    if record is None or not _CODE:
        return list(map_photos(reader.read, listing.annotations, "parse", cores))
    # Before any is read: a file that changes meanwhile must not bear the stamp of what was read.
    now = time.time_ns()
    files = (*listing.annotations, *listing.photos)
    stamps = {file: its for file in files if (its := stamp_of(f"{reader.folder}/{file}"))}
    basis = _basis(reader)
    known = _load(record, basis, reader, stamps)
    unknown = [xml for xml in listing.annotations if xml not in known]
    known |= dict(zip(unknown, map_photos(reader.read, unknown, "parse", cores), strict=True))
    annotations = [known[xml] for xml in listing.annotations]
    rested = {file: stamp for file, stamp in stamps.items() if has_rested(stamp.newest, now)}
    # It saves time, and nothing else: a full disk must not cost the tables.
    with suppress(OSError):
        _save(record, basis, annotations, rested)
    return annotations


def _basis(reader: AnnotationReader) -> str:
    """A hash of what annotations follow from beside files: code, packages, parameters."""
    packages = [sys.version, *map(version, _PACKAGES)]
    return md5(json.dumps([_CODE, packages, reader.params.model_dump()]).encode())


def _load(
    record: Path, basis: str, reader: AnnotationReader, stamps: dict[str, Stamp]
) -> dict[str, Annotation]:
    """The annotations of the record that still hold, by their XML."""
    try:
        check, _, lines = record.read_text(encoding="ascii").partition("\n")
    except (OSError, ValueError):
        return {}
    if check != _check(basis, lines):
        return {}
    known = {}
    for of_xml, of_photo, its in map(json.loads, lines.splitlines()):
        annotation = _restored(its)
        now = stamps.get(annotation.xml), stamps.get(annotation.photo)
        if now == (Stamp(*of_xml), Stamp(*of_photo)) and _is_found(annotation, reader):
            known[annotation.xml] = annotation
    return known


def _check(basis: str, lines: str) -> str:
    """The record's first line: a hash of what it follows from and of all its other lines."""
    return md5((basis + lines).encode())


def _is_found(its: Annotation, reader: AnnotationReader) -> bool:
    """Whether the XML's photo is still the one that is found by the names of all photos."""
    try:
        return reader.finder.find(its.xml, its.filename) == its.match
    except Rejected:
        return False


def _restored(its: dict[str, Any]) -> Annotation:
    """An annotation of what JSON made of it."""
    return Annotation(
        **its
        | {
            "match": Match(*its["match"]),
            "objects": tuple(its["objects"]),
            "boxes": _boxes(its["boxes"]),
            "others": _boxes(its["others"]),
            "places": [(row, column) for row, column in its["places"]],
            "findings": [(number, Finding(*found)) for number, found in its["findings"]],
            "unused": its["unused"] and Finding(*its["unused"]),
        }
    )


def _boxes(its: dict[str, Any]) -> dict[int, LabelledBox]:
    return {int(number): (Box(*box), label) for number, (box, label) in its.items()}


def _save(
    record: Path, basis: str, annotations: Sequence[Annotation], stamps: dict[str, Stamp]
) -> None:
    """Record the annotations with boxes, where their XML and their photo both have a stamp.

    What has none may be a stranger's, with 20,000 objects that are rejected in the same words.
    """
    lines = "".join(
        json.dumps([stamps[its.xml], stamps[its.photo], vars(its)]) + "\n"
        for its in annotations
        if its.boxes and its.xml in stamps and its.photo in stamps
    )
    write_file(record, f"{_check(basis, lines)}\n{lines}".encode())
