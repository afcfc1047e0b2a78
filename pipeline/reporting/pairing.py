"""Two readers of the same digits, or whole photos: which is better, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.messages import mark
from pipeline.reporting.intervals import difference_interval
from pipeline.reporting.sentence import Sentence

_SIGNIFICANT = 0.05
# With fewer photos read differently, no outcome at all has a p-value below 0.05.
_FEWEST_UNEVEN = 6

_TOO_FEW = mark(
    "No difference can be told: {gained} more are read right and {lost} fewer, and {photos} photos "
    "are too few to tell that from chance."
)
_CHANCE = mark("No difference can be told from chance: {gained} more are read right, {lost} fewer.")
_BETTER = mark("Better: {gained} more are read right, {lost} fewer. This is not chance.")
_WORSE = mark("Worse: {lost} fewer are read right, {gained} more. This is not chance.")


@dataclass(frozen=True)
class Pairing:
    """How two readers did on the same `count` digits of some `photos`, or on the photos as wholes.

    `gained` only the new one reads right, `lost` only the old one; on `uneven` photos one of them
    reads more right. `p_value` is of both being equal; `interval`, at 95 %, is of the
    difference. Both are by photo.
    """

    count: int
    photos: int
    old_right: int
    new_right: int
    gained: int
    lost: int
    uneven: int
    p_value: float
    interval: tuple[float, float]

    @classmethod
    def of(cls, old: NDArray[np.bool_], new: NDArray[np.bool_], group: pd.Series) -> Pairing:
        """From what each reader got right (n,), and the group of copies that each is of."""
        gain = pd.Series(new.astype(int) - old.astype(int)).groupby(group.to_numpy())
        values = gain.sum().to_numpy(dtype=int)
        return cls(
            count=len(old),
            photos=len(values),
            old_right=int(old.sum()),
            new_right=int(new.sum()),
            gained=int((new & ~old).sum()),
            lost=int((old & ~new).sum()),
            uneven=int((values != 0).sum()),
            p_value=sign_flip_p_value(values),
            interval=difference_interval(values, gain.size().to_numpy(dtype=int)),
        )

    @property
    def difference(self) -> float:
        """Accuracy of the new reader less that of the old."""
        return (self.new_right - self.old_right) / self.count

    @property
    def verdict(self) -> Sentence:
        """Which is better, in a sentence: at 95 %, by photo."""
        values = {"gained": self.gained, "lost": self.lost, "photos": self.photos}
        if self.uneven < _FEWEST_UNEVEN:
            return Sentence(_TOO_FEW, values)
        if self.p_value >= _SIGNIFICANT:
            return Sentence(_CHANCE, values)
        return Sentence(_BETTER if self.difference > 0 else _WORSE, values)


def sign_flip_p_value(values: NDArray[np.int64]) -> float:
    """Chance of a sum as far from 0, had the sign of each of `values` (n,) been tossed for.

    Two-sided and exact: every outcome of the tosses counts. Where two readers are equal, on each
    photo either may be the better, whatever its digits have in common (Fisher 1935, The Design of
    Experiments, section 21).
    """
    steps = np.abs(values[values != 0])
    reach = int(steps.sum())
    # chance[i]: that the photos up to here sum to i - reach.
    chance = np.zeros(2 * reach + 1)
    chance[reach] = 1.0
    for step in steps:
        chance = (np.roll(chance, step) + np.roll(chance, -step)) / 2
    sums = np.arange(-reach, reach + 1)
    return min(float(chance[np.abs(sums) >= abs(values.sum())].sum()), 1.0)
