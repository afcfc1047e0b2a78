"""Two readers of the same digits: which is better, and how sure that is."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

# With fewer digits read differently, no outcome at all has a p-value below 0.05.
FEWEST_DISCORDANT = 6


@dataclass(frozen=True)
class Pairing:
    """How two readers did on the same `count` digits.

    `gained` digits only the new one reads right, `lost` only the old one.
    """

    count: int
    old_right: int
    new_right: int
    gained: int
    lost: int

    @classmethod
    def of(cls, old: NDArray[np.bool_], new: NDArray[np.bool_]) -> Pairing:
        """From which digits (n,) each reader got right."""
        return cls(
            count=len(old),
            old_right=int(old.sum()),
            new_right=int(new.sum()),
            gained=int((new & ~old).sum()),
            lost=int((old & ~new).sum()),
        )

    @property
    def difference(self) -> float:
        """Accuracy of the new reader less that of the old."""
        return (self.new_right - self.old_right) / self.count

    @property
    def p_value(self) -> float:
        """McNemar's exact test, two-sided: chance of so uneven a share if both were equal."""
        discordant = self.gained + self.lost
        return float(binomtest(self.lost, discordant).pvalue) if discordant else 1.0

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of the difference, for paired shares.

        Agresti and Min 2005, Statistics in Medicine 24:729, section 3: Wald's interval after half
        a digit is added to each of the four cells.
        """
        total = self.count + 2
        gained, lost = (self.gained + 0.5) / total, (self.lost + 0.5) / total
        difference = gained - lost
        reach = 1.959964 * math.sqrt((gained + lost - difference**2) / total)
        return difference - reach, difference + reach

    @property
    def can_tell(self) -> bool:
        """Whether enough digits are read differently for any difference to be significant."""
        return self.gained + self.lost >= FEWEST_DISCORDANT
