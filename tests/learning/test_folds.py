"""Folds by photo, and networks that judge only what they were not trained on."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from helpers import TRAIN
from hypothesis import given
from hypothesis import strategies as st

from pipeline.command import UserError
from pipeline.learning.folds import assign_folds, predict_out_of_fold
from pipeline.learning.hardware import pick_hardware
from pipeline.learning.inputs import Digits, Normalisation


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


def test_a_digits_own_label_has_no_say_in_its_probabilities():
    """Other labels in one fold change what is said of the others, and nothing of that fold."""
    hardware = pick_hardware("cpu", "fp32")
    normalise = Normalisation.of([0.5] * 3, [0.25] * 3, hardware.device)
    draw = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (60, 16, 16, 3), dtype=torch.uint8, generator=draw)
    classes = torch.arange(60) % 10
    folds = np.arange(60) // 10 % 3
    other = torch.where(torch.from_numpy(folds == 1), (classes + 1) % 10, classes)
    before, after = (
        predict_out_of_fold(Digits(images, its), folds, 10, normalise, TRAIN, hardware)
        for its in (classes, other)
    )
    assert np.array_equal(before[folds == 1], after[folds == 1])
    assert not np.array_equal(before[folds != 1], after[folds != 1])
    assert before.sum(axis=1) == pytest.approx(1)
