"""Where a digit is on its photo."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import pandas as pd


class Box(NamedTuple):
    """A box in pixels of the upright photo: 0-based edges, half-open."""

    xmin: int
    ymin: int
    xmax: int
    ymax: int

    @classmethod
    def of(cls, row: Mapping[Any, Any] | pd.Series) -> Box:
        """The box of a row of boxes.csv."""
        return cls(int(row["xmin"]), int(row["ymin"]), int(row["xmax"]), int(row["ymax"]))

    @property
    def width(self) -> int:
        """Width in pixels."""
        return self.xmax - self.xmin

    @property
    def height(self) -> int:
        """Height in pixels."""
        return self.ymax - self.ymin
