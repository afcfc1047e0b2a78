"""How many were read right."""

from __future__ import annotations

import pandas as pd
import pytest

from pipeline.reporting.score import Score


def test_right_and_wrong_are_counted():
    """Three of four are right: a share of 0.75, whose interval contains it."""
    score = Score.of(pd.Series([True, False, True, True]))
    assert (score.right, score.count, score.errors, score.share) == (3, 4, 1, 0.75)
    assert score.interval == pytest.approx((0.3006, 0.9544), abs=1e-4)


def test_of_none_there_is_no_share_and_any_is_possible():
    """An empty column of whatever type counts as none."""
    score = Score.of(pd.Series([], dtype=object))
    assert (score.right, score.count, score.interval) == (0, 0, (0.0, 1.0))
