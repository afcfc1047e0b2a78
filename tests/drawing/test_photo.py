"""One photo and its annotation, from its own stream of random numbers."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from pipeline.annotations.voc import parse_voc
from pipeline.drawing.photo import Order, draw_photo
from pipeline.images.photo import decode_photo

ORDER = Order("IMG_20240304_080000", datetime(2024, 3, 4, 8), digits=5, seed=3, index=7)


@pytest.fixture(scope="module")
def drawn():
    """The order's JPEG and XML."""
    return draw_photo(ORDER)


def test_the_annotation_is_the_photos(drawn):
    """It has the photo's name, its upright size, and a box for each digit."""
    voc = parse_voc(drawn[1])
    width, height = decode_photo(drawn[0]).size
    assert voc.filename == "IMG_20240304_080000.jpg"
    assert voc.size == (str(width), str(height))
    assert len(voc.objects) == 5


def test_the_same_order_gives_the_same_bytes(drawn):
    """Photo and annotation do not depend on what was drawn before."""
    assert draw_photo(ORDER) == drawn


@pytest.mark.parametrize("change", [{"seed": 4}, {"index": 8}])
def test_another_seed_or_place_gives_another_photo(drawn, change):
    """A run's photos all differ, and so do those of two seeds."""
    photo, annotation = draw_photo(replace(ORDER, **change))
    assert photo != drawn[0]
    assert annotation != drawn[1]
