"""A row looked at again: turned level, its digits as high as the network knows them best."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from pipeline.reading.finding import GREY, Found, find_at_one_size, suppress
from pipeline.reading.geometry import Part, turned
from pipeline.reading.network import Locator
from pipeline.reading.pitch import fit_to_pitch
from pipeline.reading.rows import Row, find_rows

# What is seen of the photo around the row, in heights: left and right, above and below.
_BESIDE, _ABOVE = 2.2, 1.2
_WIDEST = 1536
# On the strip, a digit of the row is so high, so near to its middle line, in heights, and so sure.
_LOWEST, _HIGHEST, _NEAR, _SURE = 0.65, 1.5, 0.65, 0.25


@dataclass(frozen=True)
class Look:
    """How to look at a row: the height of its digits in pixels, and how it is moved and turned.

    `shift` is a share of a digit's height, both ways; `turn` is in radians.
    """

    height: float = 36
    shift: float = 0.0
    turn: float = 0.0


@dataclass(frozen=True)
class Strip:
    """A level picture of a row, and which part of the photo it is."""

    picture: Image.Image
    part: Part

    def to_photo(self, found: Found) -> Found:
        """Digits found on the strip, in the photo's pixels; their sizes stay their own."""
        middles = found.boxes[:, :2] @ self.part.matrix.T + self.part.offset
        boxes = np.hstack([middles, found.boxes[:, 2:] * self.part.scale])
        return Found(boxes, found.scores, found.signs)


def look_closer(network: Locator, sizes: Sequence[Image.Image], row: Row, look: Look) -> Row | None:
    """The row as it is seen level and at the right size; None where no digit is seen."""
    strip = cut_strip(sizes, row, look)
    found = suppress(find_at_one_size(network, strip.picture))
    _, y, _, height = found.boxes.T
    near = np.abs(y - strip.picture.height / 2) < _NEAR * look.height
    alike = (height > _LOWEST * look.height) & (height < _HIGHEST * look.height)
    middles = strip.to_photo(found).boxes[:, :2]
    there = ((middles > 0) & (middles < sizes[0].size)).all(axis=1)
    found = found.take(near & alike & there)
    rows = find_rows(found.take(found.merits > _SURE))
    if not rows:
        return None
    closer = fit_to_pitch(rows[0], found)
    return Row(strip.to_photo(closer.digits), row.angle + look.turn + closer.angle)


def cut_strip(sizes: Sequence[Image.Image], row: Row, look: Look) -> Strip:
    """Cut a row out of its photo, `sizes` being that and its halves."""
    along = turned(row.angle)[:, 0]
    ends = row.digits.boxes[[0, -1], :2]
    heights = float((ends[1] - ends[0]) @ along) / row.height + 1
    width = min(_WIDEST, math.ceil((heights + 2 * _BESIDE) * look.height))
    size = (width, math.ceil((1 + 2 * _ABOVE) * look.height))
    matrix = row.height / look.height * turned(row.angle + look.turn)
    offset = ends.mean(axis=0) + look.shift * row.height - matrix @ np.divide(size, 2)
    part = Part(matrix, offset, size)
    return Strip(part.cut(sizes, GREY), part)
