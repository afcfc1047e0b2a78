"""Folds by photo."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dividing.folds import assign_folds
from pipeline.runtime.errors import UserError


@given(
    groups=st.lists(st.lists(st.integers(0, 9), min_size=1, max_size=6), min_size=2, max_size=30),
    count=st.integers(2, 5),
    seed=st.integers(0, 3),
)
def test_a_group_is_in_one_fold(groups, count, seed):
    """Every digit has a fold, those of a photo and its copies the same, and none is empty."""
    classes = np.array([label for group in groups for label in group])
    group = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    if len(groups) < count:
        with pytest.raises(UserError, match=f"folds is {count}, .* {len(groups)} photos"):
            assign_folds(classes, group, count, seed)
        return
    folds = assign_folds(classes, group, count, seed)
    assert set(folds) == set(range(count))
    assert all(len(set(folds[group == number])) == 1 for number in group)
    assert np.array_equal(folds, assign_folds(classes, group, count, seed))


def test_folds_are_stratified():
    """Of 60 photos with the same two digits each, every fold gets its share of both."""
    classes, group = np.tile([3, 7], 60), np.repeat(np.arange(60), 2)
    folds = assign_folds(classes, group, 5, 0)
    assert {(folds[classes == c] == fold).sum() for c in (3, 7) for fold in range(5)} == {12}
