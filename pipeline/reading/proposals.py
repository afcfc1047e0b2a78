"""What was read of a photo as boxes that a person corrects, instead of drawing them all."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.annotations.dialects import PROPOSED
from pipeline.annotations.voc_writer import write_voc
from pipeline.images.box import Box
from pipeline.reading.reading import Reading


def propose(photo: str, size: tuple[int, int], readings: Sequence[Reading]) -> bytes | None:
    """The VOC XML of the digits that were read; None where there is none.

    `photo` is the file's name, `size` its width and height, upright, as the boxes are. A minus sign
    is no digit.
    """
    found = [
        (_within(digit.box, size), digit.label)
        for reading in readings
        for digit in reading.digits
        if digit.label.isdigit()
    ]
    boxes = [(box, label) for box, label in found if min(box.width, box.height) > 1]
    return write_voc(photo, size, boxes, PROPOSED) if boxes else None


def _within(box: Box, size: tuple[int, int]) -> Box:
    """What of a box is on its photo."""
    width, height = size
    return Box(max(0, box.xmin), max(0, box.ymin), min(width, box.xmax), min(height, box.ymax))
