"""Parts of a photo as pictures, and boxes by their middle and size."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.images.box import Box

Floats = NDArray[np.float64]

# How many halvings of a photo more than its part needs are still sharp enough.
_MORE = 0.25


@dataclass(frozen=True)
class Part:
    """A part of a photo, seen as a picture of `size`: its point p is at matrix @ p + offset."""

    matrix: Floats
    offset: Floats
    size: tuple[int, int]

    @property
    def scale(self) -> float:
        """How many of the photo's pixels one of the picture's is long."""
        return math.sqrt(abs(np.linalg.det(self.matrix)))

    def cut(self, sizes: Sequence[Image.Image], beyond: int = 0) -> Image.Image:
        """The picture, `sizes` being the photo and its halves: from the one that is nearest above.

        What is beyond the photo has the grey `beyond`.
        """
        level = min(max(0, math.floor(math.log2(self.scale) + _MORE)), len(sizes) - 1)
        return self.cut_from(sizes[level], sizes[0].size, beyond)

    def cut_from(self, source: Image.Image, photo: tuple[int, int], beyond: int = 0) -> Image.Image:
        """The picture from the photo at another size than its own, `photo`."""
        zoom = np.divide(source.size, photo)
        rows = np.column_stack([self.matrix, self.offset]) * zoom[:, None]
        return source.transform(
            self.size, Image.Transform.AFFINE, tuple(rows.ravel()), Image.Resampling.BILINEAR,
            fillcolor=(beyond,) * len(source.getbands()),
        )  # fmt: skip


def turned(angle: float) -> Floats:
    """The matrix (2, 2) of a turn by an angle in radians, to the right and down being positive."""
    return np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])


def upright(box: Floats, angle: float) -> Floats:
    """The box round one that is turned by an angle, both by their middle and size."""
    x, y, width, height = box
    cos, sin = abs(math.cos(angle)), abs(math.sin(angle))
    return np.array([x, y, width * cos + height * sin, width * sin + height * cos])


def edges(box: Floats) -> Box:
    """A box's edges in whole pixels, from its middle and size."""
    low, high = np.rint(box[:2] - box[2:] / 2), np.rint(box[:2] + box[2:] / 2)
    left, top = (int(value) for value in low)
    right, bottom = (int(value) for value in np.maximum(high, low + 1))
    return Box(left, top, right, bottom)
