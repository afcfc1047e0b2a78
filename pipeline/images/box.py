"""Where a digit is on its photo."""

from __future__ import annotations

from typing import NamedTuple


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


def shared_pixels(one: Box, other: Box) -> int:
    """How many pixels two boxes have in common."""
    width = min(one.xmax, other.xmax) - max(one.xmin, other.xmin)
    height = min(one.ymax, other.ymax) - max(one.ymin, other.ymin)
    return max(width, 0) * max(height, 0)


def overlap(one: Box, other: Box) -> float:
    """Intersection over union of two boxes, 0 to 1."""
    shared = shared_pixels(one, other)
    return shared / (one.width * one.height + other.width * other.height - shared)
