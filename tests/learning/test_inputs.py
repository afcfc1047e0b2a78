"""Digits in memory: loaded in the lists' order, and given in batches."""

from __future__ import annotations

import pytest
import torch
from helpers import MACHINE, write
from PIL import Image

from pipeline.learning.hardware import pick_hardware
from pipeline.learning.inputs import Digits
from pipeline.runtime.errors import UserError

CPU = pick_hardware("cpu", "fp32")
FILES = ["3/a.png", "0/b.png", "9/c.png"]


def grey_digits(workplace):
    """Digit images of one grey each, 10, 20 and 30."""
    for value, file in enumerate(FILES, 1):
        path = write(workplace.digits / file, b"")
        Image.new("RGB", (8, 12), (10 * value,) * 3).save(path)


def test_digits_are_loaded_in_the_order_of_the_list(workplace):
    """Images are of the size that was asked for, classes are the labels."""
    grey_digits(workplace)
    digits = Digits.load(FILES, 16, CPU, MACHINE)
    assert digits.images.shape == (3, 16, 16, 3)
    assert digits.images[:, 5, 5, 0].tolist() == [10, 20, 30]
    assert digits.classes.tolist() == [3, 0, 9]
    assert len(digits) == 3


def test_a_missing_digit_is_named(workplace):
    """A file that a list names and nobody has cut stops the run."""
    grey_digits(workplace)
    with pytest.raises(UserError, match=r"data/digits/4/gone\.png cannot be read"):
        Digits.load([*FILES, "4/gone.png"], 16, CPU, MACHINE)


def test_a_batch_is_the_digits_of_its_index():
    """Values are from 0 to 1, colours first, in the order of the index."""
    images = torch.zeros(3, 4, 4, 3, dtype=torch.uint8)
    images[2, ..., 1] = 255
    values, classes = Digits(images, torch.tensor([5, 6, 7])).batch(torch.tensor([2, 0]))
    assert values.shape == (2, 3, 4, 4)
    assert values[0].mean((1, 2)).tolist() == [0, 1, 0]
    assert values[1].max() == 0
    assert classes.tolist() == [7, 5]


def test_a_subset_has_the_chosen_digits():
    """Images and classes stay together."""
    images = torch.arange(3, dtype=torch.uint8).view(3, 1, 1, 1).expand(3, 2, 2, 3)
    subset = Digits(images, torch.tensor([5, 6, 7])).subset(torch.tensor([True, False, True]))
    assert subset.images[:, 0, 0, 0].tolist() == [0, 2]
    assert subset.classes.tolist() == [5, 7]
