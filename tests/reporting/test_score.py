"""How many were read right."""

from __future__ import annotations

import pandas as pd

from pipeline.reporting.score import Score


def test_right_and_wrong_are_counted():
    """Three of four are right, a share of 0.75, on two photos; its interval holds it."""
    score = Score.of(pd.Series([True, False, True, True]), pd.Series(list("aabb")))
    assert (score.right, score.count, score.errors, score.share) == (3, 4, 1, 0.75)
    assert score.photos == 2
    assert score.interval[0] < 0.75 < score.interval[1]


def test_copies_are_no_further_evidence():
    """Ten readings of ten photos say more than ten of one that was saved ten times."""
    right = pd.Series([True] * 10)
    apart, copies = Score.of(right, pd.Series(range(10))), Score.of(right, pd.Series([0] * 10))
    assert (apart.count, copies.count) == (10, 10)
    assert apart.interval[0] > copies.interval[0]


def test_of_none_there_is_no_share_and_any_is_possible():
    """An empty column of whatever type counts as none."""
    nothing = pd.Series([], dtype=object)
    score = Score.of(nothing, nothing)
    assert (score.right, score.count, score.photos, score.interval) == (0, 0, 0, (0.0, 1.0))
