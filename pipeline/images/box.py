"""Where a digit is on its photo."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Box(NamedTuple):
    """A box in pixels of the upright photo: 0-based edges, half-open."""

    xmin: int
    ymin: int
    xmax: int
    ymax: int

    @property
    def width(self) -> int:
        """Width in pixels."""
        return self.xmax - self.xmin

    @property
    def height(self) -> int:
        """Height in pixels."""
        return self.ymax - self.ymin


# A digit's box and its label.
LabelledBox = tuple[Box, str]


def overlaps(ones: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.float64]:
    """Intersection over union of boxes (n, 4) with others (m, 4): (n, m), 0 to 1."""
    low = np.maximum(ones[:, None, :2], others[None, :, :2])
    high = np.minimum(ones[:, None, 2:], others[None, :, 2:])
    shared = (high - low).clip(0).prod(axis=2)
    areas = [(boxes[:, 2:] - boxes[:, :2]).prod(axis=1) for boxes in (ones, others)]
    union = areas[0][:, None] + areas[1] - shared
    return np.asarray(shared / union)
