"""Which way up an annotation's boxes were drawn: on the photo as stored, or as EXIF turns it."""

from __future__ import annotations

from typing import NamedTuple

from pipeline.annotations.dialects import Edges, WayUp
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
    if photo.orientation >= 5 and upright[0] != upright[1] and drawn_on in (upright, upright[::-1]):
        return Decision(is_raw=drawn_on != upright, is_certain=True)
    return Decision(is_raw=tool == "raw", is_certain=tool == "upright")


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
