"""A folder of photos and XML as a ledger: every file and object is used or accounted for."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath

import pandas as pd
from tqdm import tqdm

from pipeline.annotations.checks import (
    REASONS,
    Finding,
    Rejected,
    check_box,
    check_label,
    find_repeats,
    read_box,
)
from pipeline.annotations.dialects import is_in_raw_frame, to_upright
from pipeline.annotations.reading_order import reading_order
from pipeline.annotations.voc import UnreadableXml, VocFile, read_voc
from pipeline.command import UserError
from pipeline.images.box import Box
from pipeline.images.photo import PHOTO_SUFFIXES, PhotoHeader, UnreadablePhoto, read_header
from pipeline.params import ParseParams
from pipeline.tables import BOXES, PROBLEMS


@dataclass
class Ledger:
    """Rows for boxes.csv and problems.csv; an object of an XML is in exactly one of the two."""

    boxes: list[dict[str, object]] = field(default_factory=list)
    problems: list[dict[str, object]] = field(default_factory=list)

    def note(self, file: str, number: int | None, finding: Finding) -> None:
        """Enter a finding about a file, or about one of its objects."""
        self.problems.append(
            {
                "file": file,
                "object": "" if number is None else str(number),
                "verdict": REASONS[finding.reason].verdict,
                "reason": finding.reason,
                "detail": finding.detail,
            }
        )

    def frames(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """The two tables, boxes by photo in reading order, problems by file and object."""
        boxes = BOXES.frame(self.boxes).sort_values(["photo", "row", "column"], kind="stable")
        problems = PROBLEMS.frame(self.problems).sort_values("file", kind="stable")
        return boxes.reset_index(drop=True), problems.reset_index(drop=True)


def read_folder(folder: Path, params: ParseParams) -> Ledger:
    """Read every annotation below `folder`; paths in the ledger are relative to it, with `/`.

    Raises `UserError` where the folder is missing or empty; all else is entered in the ledger.
    """
    if not folder.is_dir():
        raise UserError(
            f"{folder}/ is missing: put photos and their XML there, "
            f"or draw a sample: python -m pipeline.sample {folder}"
        )
    files = _list_files(folder)
    if not files:
        raise UserError(f"{folder}/ is empty: put photos and their XML there")
    photos = [file for file in files if _suffix(file) in PHOTO_SUFFIXES]
    annotations = [file for file in files if _suffix(file) == ".xml"]
    ledger = Ledger()
    finder = PhotoFinder(photos)
    taken: dict[str, str] = {}
    for xml in tqdm(annotations, "parse", unit=" xml", disable=None, delay=1):
        _read_annotation(folder, xml, finder, taken, params, ledger)
    for file in sorted(set(photos) - set(taken)):
        ledger.note(file, None, Finding("photo_without_xml", ""))
    for file in sorted(set(files) - set(photos) - set(annotations)):
        ledger.note(file, None, Finding("other_file", ""))
    return ledger


def _list_files(folder: Path) -> list[str]:
    """Files below a folder, sorted; a link that leads out of it is not followed."""
    root = folder.resolve()
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and path.resolve().is_relative_to(root)
    )


def _suffix(file: str) -> str:
    return PurePosixPath(file).suffix.lower()


class PhotoFinder:
    """Finds the photo that an XML belongs to, among the photos of a folder."""

    def __init__(self, photos: list[str]) -> None:
        self._by_name: dict[str, list[str]] = defaultdict(list)
        self._by_stem: dict[str, list[str]] = defaultdict(list)
        for photo in photos:
            self._by_name[PurePosixPath(photo).name.casefold()].append(photo)
            self._by_stem[PurePosixPath(photo).stem.casefold()].append(photo)

    def find(self, xml: str, filename: str) -> str:
        """Return the photo of `xml`, whose `<filename>` is `filename`.

        The XML's own stem is the truest name; `<filename>`, never followed as a path, decides
        between photos of one stem and serves where no stem fits. Raises `Rejected`.
        """
        name = PureWindowsPath(filename).name.casefold()
        stem = PurePosixPath(xml).stem.casefold()
        candidates = self._by_stem[stem] or self._by_name[name]
        candidates = candidates or self._by_stem[PurePosixPath(name).stem]
        if not candidates:
            raise Rejected("no_photo", f"neither {PurePosixPath(xml).stem}.* nor {filename!r}")
        beside = [c for c in candidates if PurePosixPath(c).parent == PurePosixPath(xml).parent]
        candidates = beside or candidates
        named = [c for c in candidates if PurePosixPath(c).name.casefold() == name]
        candidates = named or candidates
        if len(candidates) > 1:
            raise Rejected("ambiguous_photo", " or ".join(candidates))
        return candidates[0]


def _read_annotation(
    folder: Path,
    xml: str,
    finder: PhotoFinder,
    taken: dict[str, str],
    params: ParseParams,
    ledger: Ledger,
) -> None:
    try:
        voc = read_voc(folder / xml)
    except UnreadableXml as error:
        return ledger.note(xml, None, Finding("unreadable_xml", str(error)))
    try:
        photo = finder.find(xml, voc.filename)
        if photo in taken:
            raise Rejected("photo_already_annotated", f"{photo} by {taken[photo]}")
        taken[photo] = xml
        header = _read_photo_header(folder, photo)
    except Rejected as rejected:
        for number in (None, *(found.number for found in voc.objects)):
            ledger.note(xml, number, rejected.finding)
        return None
    return _read_objects(xml, voc, photo, header, params, ledger)


def _read_photo_header(folder: Path, photo: str) -> PhotoHeader:
    try:
        return read_header(folder / photo)
    except UnreadablePhoto as error:
        raise Rejected("unreadable_photo", f"{photo}: {error}") from None


def _read_objects(
    xml: str, voc: VocFile, photo: str, header: PhotoHeader, params: ParseParams, ledger: Ledger
) -> None:
    if not voc.objects:
        ledger.note(xml, None, Finding("no_object", photo))
    raw_frame = is_in_raw_frame(voc.size, header)
    if raw_frame:
        ledger.note(xml, None, Finding("raw_frame", f"{photo}: orientation {header.orientation}"))
    elif _contradicts(voc.size, header):
        size = f"{' x '.join(voc.size)}, {photo} is {header.width} x {header.height}"
        ledger.note(xml, None, Finding("size_mismatch", size))

    usable: list[tuple[int, Box, str]] = []
    for found in voc.objects:
        try:
            label, label_findings = check_label(found.label, params.labels, params.ignore)
            values = to_upright(read_box(found), header) if raw_frame else read_box(found)
            box, box_findings = check_box(values, header.width, header.height)
        except Rejected as rejected:
            ledger.note(xml, found.number, rejected.finding)
            continue
        usable.append((found.number, box, label))
        for finding in label_findings + box_findings:
            ledger.note(xml, found.number, finding)

    repeats = find_repeats([(box, label) for _, box, label in usable])
    for position, finding in repeats.items():
        ledger.note(xml, usable[position][0], finding)
    kept = [entry for position, entry in enumerate(usable) if position not in repeats]
    places = reading_order([box for _, box, _ in kept])
    for (number, box, label), (row, column) in zip(kept, places, strict=True):
        ledger.boxes.append(
            {"photo": photo, "xml": xml, "object": number, "label": label}
            | box._asdict()
            | {"row": row, "column": column}
        )


def _contradicts(size: tuple[str, str], photo: PhotoHeader) -> bool:
    """Whether the annotation gives another size than the photo's; missing and 0 give none."""
    return size not in ((str(photo.width), str(photo.height)), ("", ""), ("0", "0"))
