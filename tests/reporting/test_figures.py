"""The pictures: whole PNG files, the same for the same figures, whatever they are made of."""

from __future__ import annotations

import warnings
from functools import cache
from io import BytesIO

import numpy as np
import pytest
from helpers import display, draw_photo
from PIL import Image

from pipeline.images.box import Box
from pipeline.reporting.figures import draw_digits, draw_misread
from pipeline.reporting.misread import Misread

PHOTO = draw_photo(display("70"))
BOX = Box(*(int(value) for value in display("7")[0][1]))


def misread(name="a.jpg"):
    return Misread(PHOTO.crop(BOX), PHOTO, tuple(BOX), name, "7", "1", 0.87)


DRAWINGS = {
    "digits": lambda: draw_digits(
        np.zeros((20, 16, 16, 3), dtype=np.uint8), list("7654321098" * 2)
    ),
    "one digit": lambda: draw_digits(np.zeros((1, 16, 16, 3), dtype=np.uint8), ["7"]),
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
    """Also of one digit, no error, and names that a font or a formula trips over."""
    with Image.open(BytesIO(drawn(name))) as image:
        assert image.format == "PNG"
        low, high = image.convert("L").getextrema()
    assert low < 128 < high


@pytest.mark.parametrize("name", ["digits", "misread"])
def test_the_same_figures_are_the_same_bytes(name):
    """So that git and DVC see no change where there is none."""
    assert DRAWINGS[name]() == drawn(name)


def ink(content, colour):
    """Number of pixels of just this colour."""
    image = np.asarray(Image.open(BytesIO(content)).convert("RGB")).astype(int)
    return int((np.abs(image - colour).max(axis=2) < 8).sum())


def test_a_misread_digit_is_marked_in_its_photo():
    """A green frame around it, and none without a photo."""
    assert ink(drawn("misread"), (0x00, 0xD2, 0x6A)) > 500
    assert ink(drawn("none misread"), (0x00, 0xD2, 0x6A)) == 0
