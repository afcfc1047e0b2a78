"""How many were read right, and how sure that share is."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from pipeline.reporting.intervals import share_interval


@dataclass(frozen=True)
class Score:
    """How many of some digits or readings were read right, on how many photos.

    `interval` is of the share, at 95 %, by photo.
    """

    right: int
    count: int
    photos: int
    interval: tuple[float, float]

    @classmethod
    def of(cls, right: pd.Series, group: pd.Series) -> Score:
        """The score of digits or readings, each of them right or not, and of a group of copies.

        Copies of a photo count as one, as they would be wrong together.
        """
        by_group = right.astype(bool).groupby(group).agg(["sum", "size"])
        hits, counts = by_group["sum"].to_numpy(dtype=int), by_group["size"].to_numpy(dtype=int)
        return cls(
            right=int(hits.sum()),
            count=int(counts.sum()),
            photos=len(by_group),
            interval=share_interval(hits, counts),
        )

    @property
    def errors(self) -> int:
        """How many were misread."""
        return self.count - self.right

    @property
    def share(self) -> float:
        """The share that is right; needs one at least."""
        return self.right / self.count
