"""What goes through unseen, against examples worked out by hand and worlds of known truth."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds import TIMES

from pipeline.reporting.acceptance import (
    accept_by_threshold,
    count_copies_once,
    find_promise,
    score_readings,
    tabulate,
)


def scored(pairs):
    return pd.DataFrame(pairs, columns=["confidence", "right"])


def readings(*rows):
    return pd.DataFrame(rows, columns=["group", "confidence", "right"])


def test_a_reading_is_as_sure_as_its_least_sure_digit_and_right_when_all_are():
    """Photo c is not whole, and no reading."""
    predictions = pd.DataFrame(
        [
            ("a", "x", "1", "1", 0.9),
            ("a", "x", "2", "2", 0.6),
            ("b", "y", "3", "3", 0.8),
            ("b", "y", "4", "1", 0.7),
            ("c", "z", "5", "5", 0.9),
        ],
        columns=["photo", "group", "actual", "predicted", "confidence"],
    )
    found = score_readings(predictions, {"a", "b"})
    assert found["confidence"].to_dict() == {"a": 0.6, "b": 0.7}
    assert found["right"].to_dict() == {"a": True, "b": False}
    assert found["group"].to_dict() == {"a": "x", "b": "y"}


def test_copies_count_once_and_as_wrong_from_the_surest_that_is():
    """Of right copies, the surest counts."""
    found = count_copies_once(
        readings(
            ("a", 0.7, False), ("a", 0.9, True), ("a", 0.8, False), ("b", 0.5, True),
            ("b", 0.6, True),
        )
    )  # fmt: skip
    assert found["right"].to_dict() == {"a": False, "b": True}
    assert found["confidence"].to_dict() == {"a": 0.8, "b": 0.6}


@given(st.lists(st.tuples(st.sampled_from([0.1, 0.5, 0.7, 0.9, 1.0]), st.booleans()), min_size=1))
def test_each_threshold_counts_what_is_at_least_as_sure(pairs):
    """Every confidence that occurs is a threshold, ties together, the highest first."""
    found = accept_by_threshold(scored(pairs))
    assert list(found["threshold"]) == sorted({sure for sure, _ in pairs}, reverse=True)
    for threshold, accepted, errors in found.itertuples(index=False):
        through = [right for sure, right in pairs if sure >= threshold]
        assert (accepted, errors) == (len(through), through.count(False))


def promise(wrong, count, rate=0.001):
    """That of `count` readings, each less sure than the one before, of which some are wrong."""
    pairs = [(1 - i / (2 * count), i not in wrong) for i in range(count)]
    return find_promise(accept_by_threshold(scored(pairs)), rate)


def test_a_promise_is_kept_as_far_down_as_the_tests_go():
    """Of 6,000 readings the last is wrong: but for it all go through, and with it all still do."""
    found = promise({5999}, 6000)
    assert (found.verdict, found.at.accepted, found.at.errors) == ("kept", 6000, 1)


def test_the_first_test_that_fails_ends_it():
    """The 3,500th of 20,000 is wrong: what comes after it would be enough, but is not looked at."""
    found = promise({3499}, 20_000)
    assert found.verdict == "kept"
    assert 2995 <= found.at.accepted < 3500
    assert found.at.errors == 0


def test_where_one_of_the_surest_is_wrong_nothing_is_promised():
    """One among 2,995: the honest promise for them is 1 in 631, as an exact interval has it."""
    found = promise({100}, 20_000)
    assert (found.verdict, found.at.accepted, found.at.errors) == ("broken", 2995, 1)
    assert found.at.one_in == 631


@pytest.mark.parametrize(("wrong", "one_in"), [(set(), 267), ({5}, 169), (set(range(800)), 1)])
def test_too_few_are_told_with_the_honest_promise(wrong, one_in):
    """From 800 without an error, it is 1 in 267; with errors less, with nothing else none."""
    found = promise(wrong, 800)
    assert (found.verdict, found.needed) == ("too_few", 2995)
    assert (found.at.accepted, found.at.errors) == (800, len(wrong))
    assert found.at.one_in == one_in


def test_readings_that_are_equally_sure_go_through_together():
    """Of 5,000, all are as sure, and 5 are wrong, which is too often."""
    found = find_promise(accept_by_threshold(scored([(1.0, i > 4) for i in range(5000)])), 0.001)
    assert (found.verdict, found.at.accepted, found.at.errors) == ("broken", 5000, 5)


RATE, READINGS = 0.01, 1500
# How often readings are wrong, by their rank from the surest (0) to the least sure (1).
RANKINGS = {
    "flat": np.ones_like,
    "well ranked": lambda rank: 3 * rank**3,
    "badly ranked": lambda rank: 2 * (1 - rank),
    "sure and wrong": lambda rank: np.where(rank < 0.05, 5, 0.2),
}


def broken_promises(worlds, copies, levels=(0.5, 4), rankings=tuple(RANKINGS)):
    """In which share of worlds more is wrong, in truth, of what a promise lets through.

    And in which one is made. A world has a ranking and a level, in rates, of its own; each reading
    is of a photo that is there once or several times.
    """
    generator = np.random.default_rng(1)
    rank = (np.arange(READINGS) + 0.5) / READINGS
    broken = made = 0
    for _ in range(worlds):
        rate = RANKINGS[generator.choice(rankings)](rank) * RATE * generator.uniform(*levels)
        truth = np.cumsum(rate) / np.arange(1, READINGS + 1)
        wrong = generator.random(READINGS) < rate
        table = pd.DataFrame({"group": np.arange(READINGS), "right": ~wrong, "confidence": -rank})
        photos = table.loc[np.repeat(table.index, generator.integers(1, copies + 1, READINGS))]
        found = find_promise(accept_by_threshold(count_copies_once(photos)), RATE)
        if found.verdict == "kept":
            made += 1
            broken += truth[rank <= -found.at.threshold][-1] > RATE
    return broken / worlds, made / worlds


@pytest.mark.slow
@pytest.mark.parametrize("copies", [1, 8])
def test_a_promise_is_seldom_broken(copies):
    """In 5 of 100 worlds at most, though many rank badly; in many it is made."""
    broken, made = broken_promises(2000 * TIMES, copies)
    assert broken <= 0.05
    assert made > 0.15


@pytest.mark.slow
def test_a_promise_is_seldom_broken_where_any_would_be():
    """A tenth too much is wrong whatever the threshold: who takes the best of many finds one."""
    broken, _ = broken_promises(2000 * TIMES, 1, levels=(1.1, 1.1), rankings=("flat",))
    assert broken <= 0.05


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
