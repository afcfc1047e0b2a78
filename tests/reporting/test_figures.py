"""The pictures: whole PNG files, the same for the same figures, whatever they are made of."""

from __future__ import annotations

import warnings
from functools import cache
from io import BytesIO

import numpy as np
import pandas as pd
import pytest
from helpers import display, draw_photo
from PIL import Image

from pipeline.images.box import Box
from pipeline.reporting.figures import (
    draw_confusion,
    draw_curves,
    draw_digits,
    draw_misread,
)
from pipeline.reporting.misread import Misread

PHOTO = draw_photo(display("70"))
BOX = Box(*(int(value) for value in display("7")[0][1]))


def history(accuracies):
    count = len(accuracies)
    return pd.DataFrame(
        {
            "epoch": range(1, count + 1),
            "train_loss": np.linspace(2, 0.1, count),
            "valid_loss": np.linspace(2, 0.2, count),
            "train_accuracy": accuracies,
            "valid_accuracy": accuracies,
        }
    )


def misread(name="a.jpg"):
    return Misread(PHOTO.crop(BOX), PHOTO, tuple(BOX), name, "7", "1", 0.87)


def predictions(pairs):
    return pd.DataFrame(pairs, columns=["actual", "predicted"])


DRAWINGS = {
    "digits": lambda: draw_digits(
        np.zeros((20, 16, 16, 3), dtype=np.uint8), list("7654321098" * 2)
    ),
    "one digit": lambda: draw_digits(np.zeros((1, 16, 16, 3), dtype=np.uint8), ["7"]),
    "curves": lambda: draw_curves(history([0.5, 0.9, 0.99])),
    "one epoch": lambda: draw_curves(history([1.0])),
    "learned nothing": lambda: draw_curves(history([0.1, 0.1])),
    "confusion": lambda: draw_confusion(predictions([("7", "7"), ("7", "1"), ("1", "1")])),
    "no confusion": lambda: draw_confusion(predictions([("7", "7")])),
    "misread": lambda: draw_misread([misread()] * 7, 40),
    "none misread": lambda: draw_misread([], 0),
    "odd names": lambda: draw_misread(
        [misread(n) for n in ("저울.jpg", "$a$_{.jpg", "\\x^.png")], 3
    ),
}


@cache
def drawn(name):
    """A picture, drawn once for all tests; no warning may come up."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return DRAWINGS[name]()


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_picture_is_a_png_that_shows_something(name):
    """Also of one digit, one epoch, no error, and names that a font or a formula trips over."""
    with Image.open(BytesIO(drawn(name))) as image:
        assert image.format == "PNG"
        low, high = image.convert("L").getextrema()
    assert low < 128 < high


@pytest.mark.parametrize("name", ["curves", "misread"])
def test_the_same_figures_are_the_same_bytes(name):
    """So that git and DVC see no change where there is none."""
    assert DRAWINGS[name]() == drawn(name)


@pytest.mark.parametrize(
    "others",
    [
        lambda: draw_confusion(predictions([("7", "7"), ("7", "2"), ("1", "1")])),
        lambda: draw_confusion(predictions([("7", "7"), ("7", "1"), ("7", "1"), ("1", "1")])),
    ],
    ids=["another place", "another count"],
)
def test_a_confusion_shows_where_and_how_many(others):
    """Another mistake is another picture."""
    assert others() != drawn("confusion")


def ink(content, colour, left=0.0):
    """Number of pixels of just this colour, from a share of the width on."""
    image = np.asarray(Image.open(BytesIO(content)).convert("RGB")).astype(int)
    image = image[:, int(left * image.shape[1]) :]
    return int((np.abs(image - colour).max(axis=2) < 8).sum())


def test_a_misread_digit_is_marked_in_its_photo():
    """A green frame around it, and none without a photo."""
    assert ink(drawn("misread"), (0x00, 0xD2, 0x6A)) > 500
    assert ink(drawn("none misread"), (0x00, 0xD2, 0x6A)) == 0


@pytest.mark.parametrize("accuracy", [0.1, 0.5, 0.95, 1.0])
def test_the_validation_curve_is_in_the_picture(accuracy):
    """However well or badly the digits are read."""
    content = draw_curves(history([accuracy] * 4))
    assert ink(content, (0x1F, 0x3B, 0x57), left=0.5) > 300
