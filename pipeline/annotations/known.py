"""XML and photos that were read before: what was read holds while neither of the two has changed.

It follows from the two files, the names of the photos, `parse` of params.yaml, and the code. Where
any of these is another one now, the XML is read again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pipeline.annotations.annotation import Annotation, AnnotationReader
from pipeline.annotations.listing import Listing
from pipeline.annotations.matching import Match
from pipeline.annotations.rules import Finding, Rejected
from pipeline.images.box import Box, LabelledBox
from pipeline.images.stamps import is_settled, newest_of, stamp_of
from pipeline.runtime.files import md5, write_file
from pipeline.runtime.parallel import map_photos

# What reads, beside the interpreter: our own code, and others' packages.
_CODE = Path(__file__).parents[1]
_FOLDERS = ("annotations", "images")
_PACKAGES = ("lxml", "numpy", "pillow", "pillow-heif", "simplejpeg")


def read_annotations(
    reader: AnnotationReader, listing: Listing, record: Path | None, cores: int | None
) -> list[Annotation]:
    """Read each XML of a folder, but for those that `record` knows; then record them all.

    A record that is missing, damaged, or of other code or parameters, knows none.
    """
    if record is None:
        return list(map_photos(reader.read, listing.annotations, "parse", cores))
    # Before any is read: a file that changes meanwhile must not bear the stamp of what was read.
    now = time.time_ns()
    stamps = {
        file: stamp_of(f"{reader.folder}/{file}")
        for file in (*listing.annotations, *listing.photos)
    }
    basis = _basis(reader)
    known = _load(record, basis, reader, stamps)
    unknown = [xml for xml in listing.annotations if xml not in known]
    known |= dict(zip(unknown, map_photos(reader.read, unknown, "parse", cores), strict=True))
    annotations = [known[xml] for xml in listing.annotations]
    settled = {
        file: stamp
        for file, stamp in stamps.items()
        if stamp and is_settled(newest_of([stamp]), now)
    }
    _save(record, basis, annotations, settled)
    return annotations


def _basis(reader: AnnotationReader) -> str:
    """A hash of all but the files that what is read follows from."""
    sources = [path for folder in _FOLDERS for path in sorted((_CODE / folder).rglob("*.py"))]
    code = [md5(path.read_bytes()) for path in sources]
    packages = [*map(version, _PACKAGES)]
    return md5(json.dumps([code, packages, reader.params.model_dump()]).encode())


def _load(
    record: Path, basis: str, reader: AnnotationReader, stamps: dict[str, str]
) -> dict[str, Annotation]:
    """The annotations of the record that still hold, by their XML."""
    try:
        seal, _, lines = record.read_text(encoding="ascii").partition("\n")
    except (OSError, ValueError):
        return {}
    if seal != md5((basis + lines).encode()):
        return {}
    return {
        its["xml"]: _restored(its)
        for (of_xml, of_photo), its in map(json.loads, lines.splitlines())
        if of_xml == stamps.get(its["xml"])
        and of_photo == stamps.get(its["match"][0])
        and _is_found(its, reader)
    }


def _is_found(its: dict[str, Any], reader: AnnotationReader) -> bool:
    """Whether the XML's photo is still the one that is found by the names of all photos."""
    try:
        return reader.finder.find(its["xml"], its["filename"]) == Match(*its["match"])
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
    record: Path, basis: str, annotations: Sequence[Annotation], stamps: dict[str, str]
) -> None:
    """Record the annotations whose XML and photo both have a stamp."""
    lines = "".join(
        json.dumps([[stamps[its.xml], stamps[its.photo]], vars(its)]) + "\n"
        for its in annotations
        if its.xml in stamps and its.photo in stamps
    )
    write_file(record, f"{md5((basis + lines).encode())}\n{lines}".encode())
