"""Digits judged by networks that were trained without them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from helpers import TRAIN

from pipeline.learning.cross_validation import predict_out_of_fold
from pipeline.learning.hardware import pick_hardware
from pipeline.learning.inputs import Digits
from pipeline.learning.run import Run

RUN = Run(TRAIN.model_copy(update={"epochs": 6}), pick_hardware("cpu", "fp32"))


def stripes(count):
    """Digits of two classes: stripes that lie, and stripes that stand."""
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 60, (count, 16, 16, 3), generator=generator, dtype=torch.uint8)
    images[0::2, ::4] += 190
    images[1::2, :, ::4] += 190
    return Digits(images, torch.arange(count) % 2)


@pytest.fixture(scope="module")
def judged():
    """Each of 120 digits, the last of which has a wrong label, by the other two folds."""
    digits = stripes(120)
    digits.classes[-1] = 0
    folds = np.arange(120) // 2 % 3
    return predict_out_of_fold(digits, folds, RUN)


def test_each_digit_gets_ten_probabilities(judged):
    """They are in the order of the digits, and sum to 1."""
    assert judged.shape == (120, 10)
    assert judged.sum(1) == pytest.approx(1)


def test_digits_are_judged_by_what_they_show(judged):
    """The one with a wrong label is read as its neighbours, since nothing had learnt it."""
    assert (judged.argmax(1) == np.arange(120) % 2).all()


def test_a_fold_is_judged_by_the_others_alone():
    """A class that is in one fold only is never read there: no network knew it."""
    digits = stripes(60)
    folds = (digits.classes == 1).numpy().astype(np.int64)
    assert (predict_out_of_fold(digits, folds, RUN).argmax(1) != digits.classes.numpy()).all()


@pytest.mark.slow
def test_a_digits_own_label_has_no_say_in_its_probabilities():
    """Other labels in one fold change what is said of the others, and nothing of that fold."""
    digits = stripes(60)
    folds = np.arange(60) // 10 % 3
    other = torch.where(torch.from_numpy(folds == 1), 1 - digits.classes, digits.classes)
    before, after = (
        predict_out_of_fold(Digits(digits.images, classes), folds, RUN)
        for classes in (digits.classes, other)
    )
    assert np.array_equal(before[folds == 1], after[folds == 1])
    assert not np.array_equal(before[folds != 1], after[folds != 1])
