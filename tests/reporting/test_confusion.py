"""Which digits are confused, and how alike they are."""

from __future__ import annotations

import pandas as pd
import pytest

from pipeline.reporting.confusion import (
    Mistake,
    count_confusion,
    group_by_segments,
    segments_apart,
)


def predictions(*pairs):
    return pd.DataFrame([tuple(pair) for pair in pairs], columns=["actual", "predicted"])


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [("0", "8", 1), ("5", "6", 1), ("1", "7", 1), ("8", "9", 1), ("3", "5", 2), ("1", "8", 5)],
)
def test_segments_apart(one, other, apart):
    """Counted on the display, either way round."""
    assert segments_apart(one, other) == segments_apart(other, one) == apart


def test_a_confusion_has_all_ten_digits():
    """Rows are labels, columns are what was read, whichever occur."""
    confusion = count_confusion(predictions("77", "71", "71"))
    assert confusion.shape == (10, 10)
    assert (confusion.loc["7", "7"], confusion.loc["7", "1"], confusion.loc["1", "7"]) == (1, 2, 0)


def test_mistakes_are_grouped_by_likeness_and_none_is_lost():
    """The most alike first; within a group, the most frequent first; all 45 pairs are counted."""
    groups = group_by_segments(count_confusion(predictions("77", "08", "80", "80", "35", "18")))
    assert [group.apart for group in groups] == sorted({group.apart for group in groups})
    assert sum(group.possible for group in groups) == 45
    found = {group.apart: group for group in groups if group.count}
    assert {apart: group.count for apart, group in found.items()} == {1: 3, 2: 1, 5: 1}
    assert found[1].mistakes == (Mistake("8", "0", 2), Mistake("0", "8", 1))
