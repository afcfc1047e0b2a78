"""Whether there is anything to be seen where a digit's box was drawn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from PIL import Image

from pipeline.annotations.rules import Finding, Rejected
from pipeline.images.box import Box
from pipeline.images.photo import OpenedPhoto, reduction_to

# Of 255 levels. A photo taken at night spans more, and so does the faintest digit of two real sets,
# which spans 20 and more.
_LEAST_SPAN_OF_PHOTO = 24
_LEAST_SPAN_OF_BOX = 8
# Pixels of the smallest box's side that are enough to tell.
_ENOUGH = 8


def find_blank(photo: OpenedPhoto, boxes: Mapping[int, Box]) -> dict[int, Finding]:
    """Which boxes have one colour and nothing else in them, by their numbers.

    Raises `Rejected` where all of the photo is so, and `UnreadablePhoto` where it is damaged.
    """
    smallest = min(min(box.width, box.height) for box in boxes.values())
    picture = photo.decode(reduction_to(smallest, _ENOUGH))
    by = (photo.header.width / picture.width, photo.header.height / picture.height)
    spans = {number: _span(_cut(picture, box, by)) for number, box in boxes.items()}
    # A photo spans what any of its boxes does.
    if (
        max(spans.values()) < _LEAST_SPAN_OF_PHOTO
        and (span := _span(picture)) < _LEAST_SPAN_OF_PHOTO
    ):
        raise Rejected("blank_photo", f"its brightest and darkest are {span} of 255 levels apart")
    return {
        number: Finding("blank_box", f"its brightest and darkest are {span} of 255 levels apart")
        for number, span in spans.items()
        if span < _LEAST_SPAN_OF_BOX
    }


def _cut(picture: Image.Image, box: Box, by: tuple[float, float]) -> Image.Image:
    """A box of a photo that is reduced in width and height; a pixel at least."""
    left, top = int(box.xmin / by[0]), int(box.ymin / by[1])
    right, bottom = max(int(box.xmax / by[0]), left + 1), max(int(box.ymax / by[1]), top + 1)
    return picture.crop((left, top, right, bottom))


def _span(picture: Image.Image) -> int:
    """How far a channel's values are apart, of the channel where they are most."""
    extremes = cast("tuple[tuple[int, int], ...]", picture.getextrema())
    return max(most - least for least, most in extremes)
