"""Stage 3: mean and standard deviation of the digit images' colours, without opening an image.

data/digits.csv -> data/stats.json
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from itertools import chain
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.contracts import CHANNELS, DIGITS, STATS, DigitRow
from pipeline.messages import say
from pipeline.runtime.command import parse_no_options, run
from pipeline.runtime.files import write_json

log = logging.getLogger(__name__)


def main() -> None:
    """Load the digits' sums, save their mean and standard deviation."""
    parse_no_options("stats", __doc__)
    stats = channel_stats(DIGITS.rows())
    write_json(STATS, stats)
    log.info(say("{digits} digits, mean {mean}, std {std}", **stats))


def channel_stats(digits: Iterable[DigitRow]) -> dict[str, Any]:
    """Mean and standard deviation of red, green and blue, in 0..1, of some digits.

    Each image weighs the same, as the network sees each at one size:
    std = sqrt(mean of the images' mean squares - mean ** 2).
    """
    columns = ("pixels", *CHANNELS, *(f"{name}_squared" for name in CHANNELS))
    numbers = chain.from_iterable(map(attrgetter(*columns), digits))
    sums = np.fromiter(numbers, np.float64).reshape(-1, len(columns))
    means, squares = np.split(sums[:, 1:] / sums[:, :1], 2, axis=1)
    mean = (means / 255).mean(axis=0)
    variance = (squares / 255**2).mean(axis=0) - mean**2
    std = np.sqrt(np.maximum(variance, 0))
    return {
        "digits": len(sums),
        "mean": _by_channel(mean),
        "std": _by_channel(std),
    }


def _by_channel(values: NDArray[np.float64]) -> dict[str, float]:
    return {name: round(float(value), 8) for name, value in zip(CHANNELS, values, strict=True)}


if __name__ == "__main__":
    run(main)
