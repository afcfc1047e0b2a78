"""Photos with what is known of their digits, ready to be looked at from any distance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.reading.geometry import Floats

# A photo of more pixels a side is kept smaller, and nothing is found on one that is smaller still.
_LARGEST, _SMALLEST = 1024, 32


@dataclass(frozen=True)
class Known:
    """A digit as a person, or the drawing, has it: its middle and size in pixels.

    `sign` is its number in `SIGNS`, `mark` that of what is behind it in `MARKS`, None where nobody
    says; `angle` (radians) is by how much its row falls to the right.
    """

    x: float
    y: float
    width: float
    height: float
    sign: int
    angle: float = 0.0
    mark: int | None = None


@dataclass(frozen=True)
class Scene:
    """A photo in halves of its size, and the digits on it, in pixels of the first.

    `boxes` (n, 4): middle and size; `signs`, `angles` (n,) as in `Known`, `marks` with -1 for None.
    `unsure` (m, 4): edges of what may be a digit or not.
    """

    sizes: list[Image.Image]
    boxes: Floats
    signs: NDArray[np.int64]
    angles: Floats
    marks: NDArray[np.int64]
    unsure: Floats

    @property
    def photo(self) -> Image.Image:
        """The photo at the largest size that is kept."""
        return self.sizes[0]

    def doubting(self, edges: Floats) -> Scene:
        """The same, with boxes (m, 4) that may hold a digit that nobody has drawn a box round."""
        return replace(self, unsure=np.concatenate([self.unsure, edges]))


def make_scene(photo: Image.Image, digits: Sequence[Known], unsure: Floats | None = None) -> Scene:
    """A scene of an upright RGB photo, of what is known of it, and of boxes that say nothing."""
    factor = min(1.0, _LARGEST / max(photo.size))
    if factor < 1:
        width, height = (max(1, round(length * factor)) for length in photo.size)
        photo = photo.resize((width, height), Image.Resampling.BOX, reducing_gap=2)
    boxes = [(digit.x, digit.y, digit.width, digit.height) for digit in digits]
    return Scene(
        halves(photo),
        np.array(boxes, float).reshape(-1, 4) * factor,
        np.array([digit.sign for digit in digits], np.int64),
        np.array([digit.angle for digit in digits], float),
        np.array([-1 if digit.mark is None else digit.mark for digit in digits], np.int64),
        np.empty((0, 4)) if unsure is None else unsure * factor,
    )


def halves(photo: Image.Image) -> list[Image.Image]:
    """A photo, and it at a half, a quarter ... of its size."""
    sizes = [photo]
    while min(sizes[-1].size) >= 2 * _SMALLEST:
        sizes.append(sizes[-1].reduce(2))
    return sizes
