"""A folder of photos and XML as a ledger: every file and object is used or accounted for."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from tqdm import tqdm

from pipeline.annotations.checks import (
    Finding,
    Rejected,
    check_box,
    check_label,
    find_repeats,
    read_box,
)
from pipeline.annotations.dialects import coordinates_of, recognise, to_edges
from pipeline.annotations.equal_photos import same_boxes, same_bytes
from pipeline.annotations.frames import decide_frame, read_size, to_upright
from pipeline.annotations.ledger import Ledger
from pipeline.annotations.listing import list_files
from pipeline.annotations.matching import PhotoFinder
from pipeline.annotations.messages import say
from pipeline.annotations.reading_order import reading_order
from pipeline.annotations.voc import UnreadableXml, VocFile, read_voc
from pipeline.command import UserError
from pipeline.images.box import Box
from pipeline.images.photo import PhotoHeader, UnreadablePhoto, read_header
from pipeline.params import ParseParams


@dataclass
class Annotation:
    """What an XML says of its photo: usable boxes by object number, and findings.

    A finding about no object is about the file. Where no box is used, `unused` says why, if that is
    no single box's fault.
    """

    xml: str
    photo: str
    boxes: dict[int, tuple[Box, str]] = field(default_factory=dict)
    findings: list[tuple[int | None, Finding]] = field(default_factory=list)
    unused: Finding | None = None

    def reject(self, unused: Finding, finding: Finding) -> None:
        """Use none of the boxes, for a reason that is no single one's: the file's, each box's."""
        self.unused = unused
        self.findings = [entry for entry in self.findings if entry[0] not in self.boxes]
        self.findings.extend((number, finding) for number in self.boxes)
        self.boxes = {}


def read_folder(folder: Path, params: ParseParams) -> Ledger:
    """Read every annotation below `folder`; paths in the ledger are relative to it, with `/`.

    Raises `UserError` where the folder is missing or empty; all else is entered in the ledger.
    """
    if not folder.is_dir():
        raise UserError(say("folder_missing", folder=folder))
    listing = list_files(folder)
    if not len(listing):
        raise UserError(say("folder_empty", folder=folder))
    ledger = Ledger()
    finder = PhotoFinder(listing.photos)
    # By its own name first: a <filename> that names another's photo must not take it away.
    order = sorted(listing.annotations, key=lambda xml: not finder.has_own_photo(xml))
    read: dict[str, Annotation] = {}
    for xml in tqdm(order, "parse", unit=" xml", disable=None, delay=1):
        annotation = _read_annotation(folder, xml, finder, read, params, ledger)
        if annotation is not None:
            read[annotation.photo] = annotation
    _settle_copies(folder, read)
    for annotation in read.values():
        _enter(annotation, ledger)
    for file in listing.photos:
        if file not in ledger.files:
            ledger.note_file(file, Finding("photo_without_xml", ""))
    for file, finding in listing.others.items():
        ledger.note_file(file, finding)
    return ledger


def _read_annotation(
    folder: Path,
    xml: str,
    finder: PhotoFinder,
    read: dict[str, Annotation],
    params: ParseParams,
    ledger: Ledger,
) -> Annotation | None:
    """Read one XML; None where it has no photo of its own, which is then in the ledger."""
    try:
        voc = read_voc(folder / xml)
    except UnreadableXml as error:
        ledger.note_file(xml, Finding("unreadable_xml", str(error)))
        return None
    dialect = recognise(voc)
    ledger.dialects[dialect.name] += 1
    try:
        photo = finder.find(xml, voc.filename)
        if photo in read:
            raise Rejected("photo_already_annotated", f"{photo} by {read[photo].xml}")
    except Rejected as rejected:
        ledger.note_file(xml, rejected.finding)
        for found in voc.objects:
            ledger.note(xml, found.number, rejected.finding)
        return None
    try:
        header = read_header(folder / photo, params.max_megapixels)
    except UnreadablePhoto as error:
        finding = Finding("unreadable_photo", f"{photo}: {error}")
        objects: list[tuple[int | None, Finding]] = [(its.number, finding) for its in voc.objects]
        return Annotation(xml, photo, findings=objects, unused=finding)
    return read_objects(xml, voc, photo, header, params)


def read_objects(
    xml: str, voc: VocFile, photo: str, header: PhotoHeader, params: ParseParams
) -> Annotation:
    """Judge an XML's objects by the rules, on a photo of which only the header is needed."""
    annotation = Annotation(xml, photo)
    if not voc.objects:
        annotation.unused = Finding("no_object", f"{photo} by {xml}")
    dialect = recognise(voc)
    coordinates = coordinates_of(voc, dialect, params.coordinates)
    frame = decide_frame(voc.size, header, dialect.frame, params.exif)
    annotation.findings.extend(
        (None, found) for found in _about_photo(voc, photo, header, frame.is_raw)
    )
    for found in voc.objects:
        try:
            label, findings = check_label(found.label, params.labels, params.ignore)
            edges = to_edges(read_box(found), coordinates)
            edges = to_upright(edges, header) if frame.is_raw else edges
            box, box_findings = check_box(edges, header.width, header.height)
        except Rejected as rejected:
            annotation.findings.append((found.number, rejected.finding))
            continue
        annotation.boxes[found.number] = (box, label)
        findings = findings + box_findings
        if not frame.is_certain:
            doubt = f"orientation {header.orientation}, see parse.exif"
            findings.append(Finding("frame_unknown", doubt))
        annotation.findings.extend((found.number, finding) for finding in findings)
    _drop_repeats(annotation)
    return annotation


def _about_photo(voc: VocFile, photo: str, header: PhotoHeader, is_raw: bool) -> list[Finding]:
    findings = []
    upright = (header.width, header.height)
    drawn_on = read_size(voc.size) or upright
    if is_raw:
        findings.append(Finding("raw_frame", f"{photo}: orientation {header.orientation}"))
        drawn_on = drawn_on[::-1] if header.orientation >= 5 else drawn_on
    if drawn_on != upright:
        size = f"{' x '.join(voc.size)}, {photo} is {header.width} x {header.height}"
        findings.append(Finding("size_mismatch", size))
    return findings


def _drop_repeats(annotation: Annotation) -> None:
    numbers = list(annotation.boxes)
    repeats = find_repeats(list(annotation.boxes.values()))
    dropped = {numbers[position]: finding for position, finding in repeats.items()}
    annotation.findings = [entry for entry in annotation.findings if entry[0] not in dropped]
    annotation.findings.extend(dropped.items())
    for number in dropped:
        del annotation.boxes[number]


def _settle_copies(folder: Path, read: dict[str, Annotation]) -> None:
    """Of photos with the same bytes keep the first where their boxes agree; else none."""
    for group in same_bytes(folder, [photo for photo, its in read.items() if its.boxes]):
        first, *others = (read[photo] for photo in group)
        if all(same_boxes(first.boxes.values(), other.boxes.values()) for other in others):
            for other in others:
                copied = f"{other.photo} is a copy of {first.photo}"
                other.reject(Finding("photo_copy", copied), Finding("copied_box", copied))
        else:
            finding = Finding("copies_disagree", " and ".join(group[:3]))
            for annotation in (first, *others):
                annotation.reject(finding, finding)


def _enter(annotation: Annotation, ledger: Ledger) -> None:
    """Enter an XML and its photo, which share their fate: both are used, or have a row each."""
    xml, photo = annotation.xml, annotation.photo
    for file in (xml, photo):
        if annotation.boxes:
            ledger.files[file] = "used"
        else:
            unused = annotation.unused or Finding("all_rejected", f"{photo} by {xml}")
            ledger.note_file(file, unused)
    for number, finding in sorted(annotation.findings, key=lambda entry: entry[0] or 0):
        ledger.note(xml, number, finding)
    places = reading_order([box for box, _ in annotation.boxes.values()])
    for (number, (box, label)), (row, column) in zip(annotation.boxes.items(), places, strict=True):
        ledger.boxes.append(
            {"photo": photo, "xml": xml, "object": number, "label": label}
            | box._asdict()
            | {"row": row, "column": column}
        )
