"""What goes through unseen, against examples worked out by hand and counted one by one."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.reporting.acceptance import (
    accept_by_threshold,
    find_threshold,
    score_readings,
    tabulate,
)
from pipeline.reporting.intervals import wilson


def scored(pairs):
    return pd.DataFrame(pairs, columns=["confidence", "right"])


def test_a_reading_is_as_sure_as_its_least_sure_digit_and_right_when_all_are():
    """Photo c is not whole, and no reading."""
    predictions = pd.DataFrame(
        [
            ("a", "1", "1", 0.9),
            ("a", "2", "2", 0.6),
            ("b", "3", "3", 0.8),
            ("b", "4", "1", 0.7),
            ("c", "5", "5", 0.9),
        ],
        columns=["photo", "actual", "predicted", "confidence"],
    )
    readings = score_readings(predictions, {"a", "b"})
    assert readings["confidence"].to_dict() == {"a": 0.6, "b": 0.7}
    assert readings["right"].to_dict() == {"a": True, "b": False}


@given(st.lists(st.tuples(st.sampled_from([0.1, 0.5, 0.7, 0.9, 1.0]), st.booleans()), min_size=1))
def test_each_threshold_counts_what_is_at_least_as_sure(pairs):
    """Every confidence that occurs is a threshold, ties together, the highest first."""
    found = accept_by_threshold(scored(pairs))
    assert list(found["threshold"]) == sorted({sure for sure, _ in pairs}, reverse=True)
    for threshold, accepted, errors in found.itertuples(index=False):
        through = [right for sure, right in pairs if sure >= threshold]
        assert (accepted, errors) == (len(through), through.count(False))


def test_a_threshold_is_proven_when_its_whole_interval_is_within_the_rate():
    """The lowest such: of 200, the last 100 have 10 errors."""
    pairs = [(0.9, True)] * 100 + [(0.5, True)] * 90 + [(0.5, False)] * 10
    found = find_threshold(accept_by_threshold(scored(pairs)), 0.04)
    assert (found.verdict, found.at.threshold, found.at.accepted) == ("proven", 0.9, 100)
    assert found.at.interval == pytest.approx(wilson(0, 100))


def test_too_few_are_told():
    """Fifty without an error say no more than 7 %: 1 in 1,000 takes 3,838."""
    found = find_threshold(accept_by_threshold(scored([(0.9, True)] * 50)), 0.001)
    assert (found.verdict, found.at.accepted, found.needed) == ("too_few", 50, 3838)
    assert found.at.interval[1] == pytest.approx(0.0713, abs=1e-4)


def test_where_the_surest_is_wrong_there_may_be_no_threshold():
    """One error among three is more than any rate asked for."""
    pairs = [(0.9, False), (0.8, True), (0.7, True)]
    found = find_threshold(accept_by_threshold(scored(pairs)), 0.001)
    assert (found.verdict, found.at) == ("none", None)


def test_the_table_has_round_shares():
    """Of a hundred different confidences: all, 99, 95, 90, 75 and 50."""
    table = tabulate(accept_by_threshold(scored([(i / 100, i > 3) for i in range(100)])))
    assert [row.accepted for row in table] == [100, 99, 95, 90, 75, 50]
    assert [row.share for row in table] == [1.0, 0.99, 0.95, 0.9, 0.75, 0.5]
    assert [row.errors for row in table] == [4, 3, 0, 0, 0, 0]
    assert [row.error for row in table] == [0.04, 3 / 99, 0, 0, 0, 0]
    assert [row.threshold for row in table] == [0.0, 0.01, 0.05, 0.1, 0.25, 0.5]


def test_the_table_of_few_has_each_line_once():
    """Of nothing it has none."""
    assert [row.accepted for row in tabulate(accept_by_threshold(scored([(0.5, True)])))] == [1]
    assert tabulate(accept_by_threshold(scored([]))) == []
