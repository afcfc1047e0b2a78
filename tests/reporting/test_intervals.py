"""The intervals, against simulations of which the truth is known, and SciPy's exact ones."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest
from worlds import TIMES, WORLDS

from pipeline.reporting.intervals import (
    binomial_interval,
    difference_interval,
    exact_upper,
    fewest_without_error,
    share_interval,
)

PHOTOS = st.lists(
    st.integers(1, 9).flatmap(lambda count: st.tuples(st.integers(0, count), st.just(count))),
    min_size=1,
    max_size=30,
)


@cache
def interval(photos):
    """That of some photos, each of them wrong and count, which are drawn again and again."""
    return share_interval(*zip(*photos, strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("photos", [5, 9, 24, 60])
@pytest.mark.parametrize("name", WORLDS)
def test_the_interval_covers_the_truth(name, photos):
    """It does so in 93 % of worlds and more, though most errors are on a few bad photos."""
    generator = np.random.default_rng([photos, list(WORLDS).index(name)])
    times = 400 * TIMES
    covered = 0
    for wrong, counts in zip(*WORLDS[name].draw(generator, times, photos), strict=True):
        drawn = zip(wrong.tolist(), counts.tolist(), strict=True)
        low, high = interval(tuple(sorted(drawn)))
        covered += low <= WORLDS[name].truth <= high
    assert covered >= 0.93 * times


@pytest.mark.parametrize("count", [3, 10, 45, 200])
def test_the_interval_of_single_readings_covers_every_truth(count):
    """Of all that can be drawn, those cover it that have 94 % of the chance and more."""
    ends = np.array([binomial_interval(hits, count) for hits in range(count + 1)])
    for truth in np.linspace(0.001, 0.999, 499):
        inside = (ends[:, 0] <= truth) & (truth <= ends[:, 1])
        assert binom.pmf(np.arange(count + 1), count, truth)[inside].sum() >= 0.94


@pytest.mark.parametrize(("hits", "count"), [(50, 1000), (300, 1000), (4990, 5000)])
def test_of_many_readings_it_is_the_usual_one(hits, count):
    """It is within a tenth of the width of Wilson's, as SciPy has it."""
    usual = binomtest(hits, count).proportion_ci(method="wilson")
    width = usual.high - usual.low
    assert binomial_interval(hits, count) == pytest.approx(tuple(usual), abs=0.1 * width)


@given(PHOTOS)
def test_the_interval_holds_the_share_in_any_order(photos):
    """What is right has the same interval as what is wrong, seen from the other end."""
    hits, counts = np.array(photos).T
    low, high = share_interval(hits, counts)
    assert 0 <= low <= round(hits.sum() / counts.sum(), 6) <= high <= 1
    assert high - low > 0.05
    assert share_interval(hits[::-1], counts[::-1]) == (low, high)
    assert share_interval(counts - hits, counts) == pytest.approx((1 - high, 1 - low), abs=2e-6)


def test_errors_on_one_photo_say_less_than_errors_on_many():
    """Of 60 photos, seven errors are on one, or one each on seven."""
    together = share_interval([7] + [0] * 59, [7] * 60)
    apart = share_interval([1] * 7 + [0] * 53, [7] * 60)
    assert together[0] < apart[0] < 7 / 420 < apart[1] < together[1]


def test_without_an_error_it_is_no_point():
    """Among photos of which one in 15 is wrong, every eighth draw of 30 has none wrong."""
    low, high = share_interval([0] * 30, [7] * 30)
    assert low == 0
    assert 1 / 15 < high < 0.15
    assert share_interval([7] * 30, [7] * 30) == pytest.approx((1 - high, 1.0))


def test_of_nothing_nothing_is_known():
    """Any share may be, also where no photo has a digit."""
    assert share_interval([], []) == share_interval([0, 0], [0, 0]) == (0.0, 1.0)


@given(PHOTOS, PHOTOS)
def test_the_interval_of_a_difference_mirrors(better, worse):
    """It holds the difference; swapping the readers mirrors it."""
    both = min(len(better), len(worse))
    new, counts = np.array(better[:both]).T
    values = new - np.minimum(np.array(worse[:both])[:, 0], counts)
    low, high = difference_interval(values, counts)
    assert low <= round(values.sum() / counts.sum(), 6) <= high
    assert low < high
    assert difference_interval(-values, counts) == pytest.approx((-high, -low))


@pytest.mark.parametrize("photos", [12, 45])
@pytest.mark.parametrize(("old", "new"), [(0.15, 0.05), (0.05, 0.05), (0.02, 0.08)])
def test_the_interval_of_a_difference_covers_the_truth(photos, old, new):
    """Of photos that differ in how hard they are, for both readers alike."""
    generator = np.random.default_rng(photos)
    hard = generator.choice([0.5, 0.9, 3.0], (300 * TIMES, photos), p=[0.6, 0.3, 0.1])
    covered = 0
    for its in hard:
        values = generator.binomial(7, its * old) - generator.binomial(7, its * new)
        low, high = difference_interval(values, [7] * photos)
        covered += low <= 0.87 * (old - new) <= high
    assert covered >= 0.93 * len(hard)


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_upper_end_is_the_exact_one(case):
    """As SciPy computes it, one-sided."""
    errors, count = case
    expected = binomtest(errors, count, alternative="less").proportion_ci(0.95, method="exact")
    assert exact_upper(errors, count) == pytest.approx(expected.high)


@pytest.mark.parametrize(("errors", "count"), [(0, 2995), (1, 4742), (2, 6294), (3, 7752)])
def test_so_many_show_one_in_a_thousand_and_one_fewer_do_not(errors, count):
    """The known numbers of accepted readings for so many errors."""
    assert exact_upper(errors, count) <= 0.001 < exact_upper(errors, count - 1)


@pytest.mark.parametrize("rate", [0.5, 0.1, 0.01, 0.001])
def test_so_many_without_error_are_enough_and_one_fewer_are_not(rate):
    """The upper end of their errors is no more than the rate."""
    count = fewest_without_error(rate)
    assert exact_upper(0, count) <= rate < exact_upper(0, count - 1)
