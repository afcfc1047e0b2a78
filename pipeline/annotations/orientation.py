"""Which way up an annotation's boxes were drawn: on the photo as stored, or as EXIF turns it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pipeline.annotations.dialects import WayUp
from pipeline.annotations.rules import Edges, Finding, Rejected
from pipeline.images.photo import PhotoHeader


class Decision(NamedTuple):
    """Whether boxes were drawn on the photo as it is stored, and whether that is certain."""

    is_raw: bool
    is_certain: bool


def decide_way_up(size: tuple[str, str], photo: PhotoHeader, tool: WayUp, setting: str) -> Decision:
    """Tell it from `parse.exif` (`setting`), else the annotation's size, else its tool.

    The size tells it only where EXIF swaps width and height (orientations 5 to 8) and they differ.
    """
    if photo.orientation == 1:
        return Decision(is_raw=False, is_certain=True)
    if setting != "auto":
        return Decision(is_raw=setting == "raw", is_certain=True)
    drawn_on = read_size(size)
    upright = (photo.width, photo.height)
    if drawn_on and photo.orientation >= 5:
        is_upright, is_raw = (_same_shape(drawn_on, its) for its in (upright, upright[::-1]))
        if is_upright != is_raw:
            return Decision(is_raw, is_certain=True)
    return Decision(is_raw=tool == "raw", is_certain=tool == "upright")


def fit_to_photo(
    size: tuple[str, str], photo: PhotoHeader, way_up: Decision, boxes: Sequence[Edges]
) -> tuple[tuple[float, float], list[Finding]]:
    """By what to multiply x and y of `boxes` as drawn, so that they fit the photo, and findings.

    The annotation's size is that of the photo that they were drawn on, which can have been made
    smaller since. Raises `Rejected` where it was another one: of another shape.
    """
    frame = (photo.width, photo.height)
    findings = []
    if way_up.is_raw:
        findings.append(Finding("raw_frame", f"orientation {photo.orientation}"))
        frame = frame[::-1] if photo.orientation >= 5 else frame
    drawn_on = read_size(size)
    if drawn_on is None or drawn_on == frame:
        return (1, 1), findings
    detail = f"{' x '.join(size)}, the photo is {frame[0]} x {frame[1]}"
    is_scaled = _same_shape(drawn_on, frame)
    # Of the same shape it was most likely scaled: one careless box says nothing against it.
    beyond = _count_beyond(boxes, drawn_on)
    if (beyond * 2 > len(boxes) if is_scaled else beyond) and not _count_beyond(boxes, frame):
        return (1, 1), [*findings, Finding("size_wrong", detail)]
    if not is_scaled:
        raise Rejected("size_mismatch", detail)
    scale = (frame[0] / drawn_on[0], frame[1] / drawn_on[1])
    return scale, [*findings, Finding("box_scaled", detail)]


def scale_box(box: Edges, scale: tuple[float, float]) -> Edges:
    """A box, its x and y multiplied."""
    x, y = scale
    return box[0] * x, box[1] * y, box[2] * x, box[3] * y


def _same_shape(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether one size is the other, scaled and rounded to whole pixels."""
    return abs(one[0] * other[1] - one[1] * other[0]) <= max(*one, *other)


def _count_beyond(boxes: Sequence[Edges], size: tuple[int, int]) -> int:
    """How many boxes reach beyond a size, but for the pixel that some tools count on top."""
    return sum(max(b[0], b[2]) > size[0] + 1 or max(b[1], b[3]) > size[1] + 1 for b in boxes)


def read_size(size: tuple[str, str]) -> tuple[int, int] | None:
    """An annotation's width and height; None where it gives none, or 0."""
    try:
        width, height = (round(float(text[:40])) for text in size)
    except (ValueError, OverflowError):
        return None
    return (width, height) if width > 0 and height > 0 else None


def to_upright(box: Edges, photo: PhotoHeader) -> Edges:
    """Carry a box (xmin, ymin, xmax, ymax) from the photo as stored onto the upright one.

    The orientations are those of EXIF 2.32, tag 0x0112, of which 5 to 8 transpose.
    """
    x1, y1, x2, y2 = box
    if photo.orientation >= 5:
        x1, y1, x2, y2 = y1, x1, y2, x2
    if photo.orientation in (2, 3, 6, 7):
        x1, x2 = photo.width - x2, photo.width - x1
    if photo.orientation in (3, 4, 7, 8):
        y1, y2 = photo.height - y2, photo.height - y1
    return x1, y1, x2, y2
