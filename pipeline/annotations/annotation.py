"""One XML and its photo, judged by the rules."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from pipeline.annotations.dialects import Dialect, coordinates_of, recognise, to_edges
from pipeline.annotations.matching import PhotoFinder
from pipeline.annotations.orientation import decide_way_up, read_size, to_upright
from pipeline.annotations.rules import (
    Finding,
    Rejected,
    check_box,
    check_label,
    find_repeats,
    read_box,
)
from pipeline.annotations.voc import UnreadableXml, VocFile, read_voc
from pipeline.images.box import Box
from pipeline.images.photo import PhotoHeader, UnreadablePhoto, read_header
from pipeline.params import ParseParams


@dataclass
class Annotation:
    """What an XML says of its photo: usable boxes by object number, and findings.

    `objects` are the numbers of all that it has; `dialect` is empty where it cannot be read,
    `photo` where it has none. A finding about no object is about the file. Where no box is used,
    `unused` says why, if that is no single box's fault.
    """

    xml: str
    dialect: str = ""
    photo: str = ""
    objects: tuple[int, ...] = ()
    boxes: dict[int, tuple[Box, str]] = field(default_factory=dict)
    findings: list[tuple[int | None, Finding]] = field(default_factory=list)
    unused: Finding | None = None

    def reject(self, unused: Finding, finding: Finding) -> None:
        """Use none of the boxes, for a reason that is no single one's: the file's, each box's."""
        self.unused = unused
        self.findings = [entry for entry in self.findings if entry[0] not in self.boxes]
        self.findings.extend((number, finding) for number in self.boxes)
        self.boxes = {}

    def reject_whole(self, finding: Finding) -> Annotation:
        """Use no object, whatever else was found of each."""
        self.unused, self.boxes = finding, {}
        self.findings = [(number, finding) for number in self.objects]
        return self


@dataclass(frozen=True)
class AnnotationReader:
    """Reads the annotations of a folder, each by itself."""

    folder: Path
    finder: PhotoFinder
    params: ParseParams

    def read(self, xml: str) -> Annotation:
        """Read and judge an XML; of its photo, only the header is needed."""
        try:
            voc = read_voc(self.folder / xml)
        except UnreadableXml as error:
            return Annotation(xml).reject_whole(Finding("unreadable_xml", str(error)))
        dialect = recognise(voc)
        objects = tuple(found.number for found in voc.objects)
        annotation = Annotation(xml, dialect.name, objects=objects)
        try:
            annotation.photo = self.finder.find(xml, voc.filename)
            header = read_header(self.folder / annotation.photo, self.params.max_megapixels)
        except Rejected as rejected:
            return annotation.reject_whole(rejected.finding)
        except UnreadablePhoto as error:
            finding = Finding("unreadable_photo", f"{annotation.photo}: {error}")
            return annotation.reject_whole(finding)
        read_objects(annotation, voc, dialect, header, self.params)
        return annotation


def read_objects(
    annotation: Annotation, voc: VocFile, dialect: Dialect, header: PhotoHeader, params: ParseParams
) -> None:
    """Enter an XML's objects in its annotation, judged by the rules; `header` is its photo's."""
    if not voc.objects:
        annotation.unused = Finding("no_object", f"{annotation.photo} by {annotation.xml}")
    coordinates = coordinates_of(voc, dialect, params.coordinates)
    way_up = decide_way_up(voc.size, header, dialect.way_up, params.exif)
    annotation.findings.extend(
        (None, found) for found in _about_photo(voc, annotation.photo, header, way_up.is_raw)
    )
    for found in voc.objects:
        try:
            label, findings = check_label(found.label, params.labels, params.ignore)
            edges = to_edges(read_box(found), coordinates)
            edges = to_upright(edges, header) if way_up.is_raw else edges
            box, box_findings = check_box(edges, header.width, header.height)
        except Rejected as rejected:
            annotation.findings.append((found.number, rejected.finding))
            continue
        annotation.boxes[found.number] = (box, label)
        findings = findings + box_findings
        if not way_up.is_certain:
            doubt = f"orientation {header.orientation}, see parse.exif"
            findings.append(Finding("frame_unknown", doubt))
        annotation.findings.extend((found.number, finding) for finding in findings)
    _drop_repeats(annotation)


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
