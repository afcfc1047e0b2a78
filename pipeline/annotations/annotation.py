"""One XML and its photo, judged by the rules."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.annotations.dialects import Dialect, coordinates_of, recognise, to_edges
from pipeline.annotations.formats import HOW_TO_EXPORT
from pipeline.annotations.formats import recognise as recognise_format
from pipeline.annotations.matching import Match, PhotoFinder
from pipeline.annotations.orientation import decide_way_up, fit_to_photo, scale_box, to_upright
from pipeline.annotations.pixels import find_blank
from pipeline.annotations.rules import (
    LONGEST_TEXT,
    Edges,
    Finding,
    Rejected,
    are_shares,
    check_box,
    check_clear,
    check_label,
    find_repeats,
    read_box,
    turn,
)
from pipeline.annotations.voc import UnreadableXml, VocFile, read_voc
from pipeline.images.box import Box, LabelledBox
from pipeline.images.photo import (
    OpenedPhoto,
    PhotoHeader,
    PhotoTooLarge,
    UnreadablePhoto,
    read_bytes,
)
from pipeline.images.reading_order import reading_order
from pipeline.params import ParseParams


@dataclass
class Annotation:
    """What an XML says of its photo: usable boxes by object number, and findings.

    `objects` are the numbers of all that it has, `filename` is the photo that it names, by which
    `match` was found; `dialect` is empty where it cannot be read. A finding about no object is
    about the file. `others` are boxes of what is no digit, `places` the (row, column) of each of
    `boxes` in reading order. Where no box is used, `unused` says why, if that is no single box's
    fault.
    """

    xml: str
    dialect: str = ""
    filename: str = ""
    match: Match | None = None
    objects: tuple[int, ...] = ()
    boxes: dict[int, LabelledBox] = field(default_factory=dict)
    others: dict[int, LabelledBox] = field(default_factory=dict)
    places: list[tuple[int, int]] = field(default_factory=list)
    findings: list[tuple[int | None, Finding]] = field(default_factory=list)
    unused: Finding | None = None

    @property
    def photo(self) -> str:
        """The photo that it describes; empty where it has none."""
        return self.match.photo if self.match else ""

    def reject(self, unused: Finding, finding: Finding) -> None:
        """Use none of the boxes, for a reason that is no single one's: the file's, each box's."""
        self.unused = unused
        self.findings = [entry for entry in self.findings if entry[0] not in self.boxes]
        self.findings.extend((number, finding) for number in self.boxes)
        self.boxes, self.places = {}, []

    def drop(self, dropped: Mapping[int, Finding]) -> None:
        """Do not use some of the boxes, whatever else was found of them."""
        self.findings = [entry for entry in self.findings if entry[0] not in dropped]
        self.findings.extend(dropped.items())
        for number in dropped:
            del self.boxes[number]

    def reject_whole(self, finding: Finding) -> Annotation:
        """Use no object, whatever else was found of each."""
        self.unused, self.boxes, self.places = finding, {}, []
        self.findings = [(number, finding) for number in self.objects]
        return self


@dataclass(frozen=True)
class AnnotationReader:
    """Reads the annotations of a folder, each by itself."""

    folder: Path
    finder: PhotoFinder
    params: ParseParams

    def read(self, xml: str) -> Annotation:
        """Read and judge an XML and its photo."""
        try:
            voc = read_voc(self.folder / xml)
        except UnreadableXml as error:
            return Annotation(xml).reject_whole(self._why_unreadable(xml, error))
        dialect = recognise(voc)
        objects = tuple(found.number for found in voc.objects)
        annotation = Annotation(xml, dialect.name, voc.filename, objects=objects)
        try:
            annotation.match = self.finder.find(xml, voc.filename)
            if other := annotation.match.other:
                annotation.findings.append((None, Finding("other_photo_named", other)))
            content = read_bytes(self.folder / annotation.photo)
            photo = OpenedPhoto(content, self.params.max_megapixels)
            read_objects(annotation, voc, dialect, photo.header, self.params)
            self._check_pixels(annotation, photo)
        except Rejected as rejected:
            return annotation.reject_whole(rejected.finding)
        except PhotoTooLarge as error:
            return annotation.reject_whole(_about(annotation, "photo_too_large", error))
        except UnreadablePhoto as error:
            return annotation.reject_whole(_about(annotation, "unreadable_photo", error))
        return annotation

    def _check_pixels(self, annotation: Annotation, photo: OpenedPhoto) -> None:
        boxes = {number: box for number, (box, _) in annotation.boxes.items()}
        if boxes:
            annotation.drop(find_blank(photo, boxes))
        annotation.places = reading_order([box for box, _ in annotation.boxes.values()])

    def _why_unreadable(self, xml: str, error: UnreadableXml) -> Finding:
        """Labels of another format, or no labels at all."""
        if name := recognise_format(self.folder / xml):
            return Finding("other_labels", f"{name}: {HOW_TO_EXPORT[name]}")
        return Finding("unreadable_xml", str(error))


def _about(annotation: Annotation, reason: str, error: UnreadablePhoto) -> Finding:
    return Finding(reason, f"{annotation.photo}: {error}")


def read_objects(
    annotation: Annotation, voc: VocFile, dialect: Dialect, header: PhotoHeader, params: ParseParams
) -> None:
    """Enter an XML's objects in its annotation, judged by the rules; `header` is its photo's.

    Raises `Rejected` where none of them can be used, for a reason that is no single one's.
    """
    if not voc.objects:
        annotation.unused = Finding("no_object", f"{annotation.photo} by {annotation.xml}")
    way_up = decide_way_up(voc.size, header, dialect.way_up, params.exif)
    coordinates = coordinates_of(voc, dialect, params.coordinates)
    drawn, others = _read_drawn(annotation, voc, coordinates, params)
    if not drawn:
        return
    scale, findings = fit_to_photo(voc.size, header, way_up, [its.edges for its in drawn])
    annotation.findings.extend((None, finding) for finding in findings)
    raw = way_up.is_raw
    for its in drawn:
        try:
            box, repairs = its.place(scale, header, raw)
        except Rejected as rejected:
            annotation.findings.append((its.number, rejected.finding))
            continue
        annotation.boxes[its.number] = (box, its.label)
        doubt = Finding("frame_unknown", f"orientation {header.orientation}, see parse.exif")
        findings = [*its.findings, *repairs, *([] if way_up.is_certain else [doubt])]
        annotation.findings.extend((its.number, finding) for finding in findings)
    for its in others:
        with suppress(Rejected):  # it is rejected already
            annotation.others[its.number] = (its.place(scale, header, raw)[0], its.label)
    annotation.drop(find_repeats(annotation.boxes))


@dataclass(frozen=True)
class _Drawn:
    """An object's label and its box as it was drawn, with what had to be done to the label."""

    number: int
    label: str
    edges: Edges
    rotation: str
    findings: list[Finding]

    def place(
        self, scale: tuple[float, float], header: PhotoHeader, is_raw: bool
    ) -> tuple[Box, list[Finding]]:
        """Its box on the upright photo, and what was repaired; raises `Rejected` if it is none."""
        edges, turned = turn(self.edges, self.rotation)
        edges = scale_box(edges, scale)
        edges = to_upright(edges, header) if is_raw else edges
        box, repairs = check_box(edges, header.width, header.height)
        return box, [*turned, *repairs]


def _read_drawn(
    annotation: Annotation, voc: VocFile, coordinates: str, params: ParseParams
) -> tuple[list[_Drawn], list[_Drawn]]:
    """Those objects that have a digit's label and a box, and those with a box and another label.

    Of all that are no digits, the findings are entered. Raises `Rejected` where no box is in
    pixels.
    """
    drawn, others, boxes = [], [], []
    for found in voc.objects:
        try:
            check_clear(found)
            label, findings = check_label(found.label, params.labels, params.ignore)
            boxes.append(read_box(found))
        except Rejected as rejected:
            annotation.findings.append((found.number, rejected.finding))
            with suppress(Rejected):
                edges = to_edges(read_box(found), coordinates)
                label = found.label.strip()[:LONGEST_TEXT]
                others.append(_Drawn(found.number, label, edges, found.rotation, []))
            continue
        edges = to_edges(boxes[-1], coordinates)
        drawn.append(_Drawn(found.number, label, edges, found.rotation, findings))
    if are_shares(boxes):
        raise Rejected("not_pixels", "all boxes are between 0 and 1: shares of the photo")
    return drawn, others
