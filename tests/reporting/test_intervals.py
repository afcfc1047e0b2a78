"""The interval of a share, against SciPy's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from pipeline.reporting.intervals import fewest_without_error, wilson


@given(st.integers(1, 100_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_is_wilsons(case):
    """As SciPy computes it, of any count."""
    hits, count = case
    expected = binomtest(hits, count).proportion_ci(method="wilson")
    assert wilson(hits, count) == pytest.approx(tuple(expected), abs=1e-7)


def test_of_nothing_nothing_is_known():
    """Any share may be."""
    assert wilson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize("rate", [0.5, 0.1, 0.01, 0.001])
def test_so_many_without_error_are_enough_and_one_fewer_are_not(rate):
    """The interval of their errors ends below the rate."""
    count = fewest_without_error(rate)
    assert wilson(0, count)[1] <= rate < wilson(0, count - 1)[1]
