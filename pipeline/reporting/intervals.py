"""How sure a share is that was counted on a few."""

from __future__ import annotations

import math

_Z = 1.959964


def wilson(hits: int, count: int) -> tuple[float, float]:
    """95 % interval of a share of which `hits` in `count` were seen: (0, 1) where `count` is 0.

    Wilson 1927, Journal of the American Statistical Association 22:209.
    """
    if not count:
        return 0.0, 1.0
    share, spread = hits / count, _Z**2 / count
    centre = share + spread / 2
    reach = _Z * math.sqrt(share * (1 - share) / count + spread / (4 * count))
    # At either end the interval touches 0 or 1, which rounding would miss.
    low = (centre - reach) / (1 + spread) if hits else 0.0
    high = (centre + reach) / (1 + spread) if hits < count else 1.0
    return low, high


def fewest_without_error(rate: float) -> int:
    """How many must be right without one error before the interval of errors ends below `rate`."""
    return math.ceil(_Z**2 * (1 - rate) / rate)
