"""Photos with known truth, for what the statistics promise: most are read well, a few are not."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# `WORLDS=10 pytest tests/reporting` draws ten times as many, for minutes.
TIMES = int(os.environ.get("WORLDS", "1"))


@dataclass(frozen=True)
class World:
    """Kinds of photos: the `shares` that they have, and how many digits are wrong on each, a rate.

    A rate may be drawn for each photo, from a beta distribution of these two numbers.
    """

    shares: Sequence[float]
    rates: Sequence[float | tuple[float, float]]

    @property
    def truth(self) -> float:
        """The share of all digits that is wrong."""
        means = [its[0] / sum(its) if isinstance(its, tuple) else its for its in self.rates]
        return float(np.dot(self.shares, means))

    def draw_rates(
        self, generator: np.random.Generator, shape: tuple[int, int]
    ) -> NDArray[np.float64]:
        """A rate for each photo, of a kind drawn for it."""
        kinds = generator.choice(len(self.shares), shape, p=self.shares)
        drawn = [
            generator.beta(*its, shape) if isinstance(its, tuple) else np.full(shape, its)
            for its in self.rates
        ]
        return np.choose(kinds, drawn)

    def draw(
        self, generator: np.random.Generator, times: int, photos: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """How many digits are wrong, and how many there are, (times, photos), 7 on a photo or so.

        Digits of a photo have its rate in common.
        """
        counts = generator.choice([6, 7, 7, 7, 8], (times, photos))
        return generator.binomial(counts, self.draw_rates(generator, counts.shape)), counts


# Another grid than the method was chosen on, which had fixed rates on two kinds of photos.
WORLDS = {
    "each photo has its own rate": World([1], [(0.1, 2.0)]),
    "all or hardly any": World([1], [(0.05, 0.5)]),
    "three kinds": World([0.8, 0.15, 0.05], [0.001, 0.1, 0.7]),
    "one in fifteen is unreadable": World([0.93, 0.07], [0.004, (8.0, 2.0)]),
    "one in seven is all wrong": World([0.86, 0.14], [0.0, 1.0]),
    "independent": World([1], [0.01]),
}
