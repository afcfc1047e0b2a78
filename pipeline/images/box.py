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
