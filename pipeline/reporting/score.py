"""How many were read right, and how sure that share is."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from pipeline.reporting.intervals import wilson


@dataclass(frozen=True)
class Score:
    """How many of some digits or readings were read right."""

    right: int
    count: int

    @classmethod
    def of(cls, right: pd.Series) -> Score:
        """The score of digits or readings, each of them right or not."""
        return cls(int(right.sum()), len(right))

    @property
    def errors(self) -> int:
        """How many were misread."""
        return self.count - self.right

    @property
    def share(self) -> float:
        """The share that is right; needs one at least."""
        return self.right / self.count

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval of the share."""
        return wilson(self.right, self.count)
