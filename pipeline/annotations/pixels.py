"""Whether there is anything to be seen where a digit's box was drawn."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

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
    picture = photo.pixels(reduction_to(smallest, _ENOUGH))
    by = (photo.header.width / picture.shape[1], photo.header.height / picture.shape[0])
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


def _cut(picture: NDArray[np.uint8], box: Box, by: tuple[float, float]) -> NDArray[np.uint8]:
    """A box of a photo that is reduced in width and height; a pixel at least."""
    left, top = int(box.xmin / by[0]), int(box.ymin / by[1])
    right, bottom = max(int(box.xmax / by[0]), left + 1), max(int(box.ymax / by[1]), top + 1)
    return picture[top:bottom, left:right]


def _span(picture: NDArray[np.uint8]) -> int:
    """How far a channel's values are apart, of the channel where they are most."""
    # Row upon row first: numpy is slow at the three values of a pixel.
    most, least = picture.max(axis=0).max(axis=0), picture.min(axis=0).min(axis=0)
    return int((most - least).max())
