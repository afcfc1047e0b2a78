"""How sure a share or a difference is that was counted on the digits of a few photos.

Digits of one photo share its blur and glare, so that what is drawn at random is photos: one bad
photo that was not drawn would have been wrong in all of its digits.
"""

from __future__ import annotations

import math
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.stats import beta

# Half of what chi squared with one degree of freedom stays under in 95 % of cases.
_LIMIT = 1.920729
# How much of a photo that was not drawn is added, the worst that may be: with three quarters of
# one, the interval of single readings covers the truth in 94.5 % and more, whatever it is.
_UNSEEN = 0.75
# To six decimals the same data are the same interval on any machine.
_DECIMALS = 6


def share_interval(hits: ArrayLike, counts: ArrayLike) -> tuple[float, float]:
    """95 % interval of a share: each photo (n,) has `hits` among its `counts`; (0, 1) of none.

    Empirical likelihood by photo (Owen 1988, Biometrika 75:237), with a part of a photo added that
    was not drawn: all hits for the upper end, none for the lower. So it is no point where nothing
    was missed (Chen, Variyath and Abraham 2008, JCGS 17:426, add one for such a reason).
    """
    hit, count = np.asarray(hits, dtype=float), np.asarray(counts, dtype=float)
    patterns, times = np.unique(np.stack([hit, count], axis=1), axis=0, return_counts=True)
    return _share(patterns[:, 0], patterns[:, 1], times)


def binomial_interval(hits: int, count: int) -> tuple[float, float]:
    """`share_interval` of `count` photos with one reading each, `hits` of which are."""
    return _share(np.array([0.0, 1.0]), np.ones(2), np.array([count - hits, hits]))


def difference_interval(values: ArrayLike, counts: ArrayLike) -> tuple[float, float]:
    """95 % interval of the sum of `values` over that of `counts`, of each photo (n,); n is not 0.

    As `share_interval`, but what is added differs from 0 as much as the other photos that do (the
    root of their mean square, or a digit where none does): a photo on which all differs would drown
    what is seen, and is not covered where none like it was drawn.
    """
    value, count = np.asarray(values, dtype=float), np.asarray(counts, dtype=float)
    uneven = value[value != 0]
    unseen = float(np.sqrt(np.mean(uneven**2))) if len(uneven) else 1.0
    times = np.ones(len(value))
    low = -_upper(-value, count, times, unseen)
    return round(low, _DECIMALS), round(_upper(value, count, times, unseen), _DECIMALS)


def exact_upper(errors: int, count: int) -> float:
    """The largest rate at which so few of `count` independent ones are wrong in 5 % of cases.

    Clopper and Pearson 1934, Biometrika 26:404, one-sided.
    """
    return float(beta.ppf(0.95, errors + 1, count - errors)) if errors < count else 1.0


def fewest_without_error(rate: float) -> int:
    """How many must be right without one error before `exact_upper` is no more than `rate`."""
    return math.ceil(math.log(0.05) / math.log1p(-rate))


def _share(
    hits: NDArray[np.float64], counts: NDArray[np.float64], times: NDArray[Any]
) -> tuple[float, float]:
    there = (times > 0) & (counts > 0)
    if not there.any():
        return 0.0, 1.0
    hits, counts, times = hits[there], counts[there], times[there]
    size = float(np.average(counts, weights=times))
    low = 1 - _upper(counts - hits, counts, times, size)
    return round(low, _DECIMALS), round(_upper(hits, counts, times, size), _DECIMALS)


def _upper(
    values: NDArray[np.float64], counts: NDArray[np.float64], times: NDArray[Any], unseen: float
) -> float:
    """The largest ratio of sums that photos allow beside which one of the value `unseen` may be.

    Of the photos, `times` have a value and a count.
    """
    weight = np.append(times, _UNSEEN)
    value = np.append(values, unseen)
    count = np.append(counts, np.average(counts, weights=times))
    start, most = value @ weight / (count @ weight), float(np.max(value / count))
    if most - start < 1e-12:
        return most

    def beyond(ratio: float) -> float:
        return min(_surprise(value - ratio * count, weight) - _LIMIT, 10.0)

    return cast(float, brentq(beyond, start, most, xtol=1e-10))


def _surprise(gaps: NDArray[np.float64], weight: NDArray[np.float64]) -> float:
    """Logarithm of how much less likely the photos are where the mean of `gaps` is 0.

    Their weighted mean is below 0. Infinite where none is above.
    """
    most = float(gaps.max())
    if most <= 0:
        return math.inf
    if weight @ gaps >= 0:
        return 0.0

    def pull(slope: float) -> float:
        return float(weight @ (gaps / (1 - slope * gaps)))

    # No photo can have a probability above 1, which bounds the slope.
    slope = (1 - weight[gaps.argmax()] / weight.sum()) / most
    if pull(slope) > 0:
        slope = brentq(pull, 0.0, slope, xtol=1e-14)
    return float(weight @ np.log1p(-slope * gaps))
