"""A photo's hash: near for a copy of it, far for another photo."""

from __future__ import annotations

from itertools import combinations

import pytest
from helpers import draw_photo
from PIL import Image

from pipeline.images.perceptual_hash import perceptual_hash


def distance(image, other):
    return (int(perceptual_hash(image), 16) ^ int(perceptual_hash(other), 16)).bit_count()


@pytest.mark.parametrize("seed", range(5))
def test_a_smaller_photo_has_nearly_the_same_hash(seed):
    """A messenger may send it so; another photo has another hash."""
    photo = draw_photo([("7", (6, 30, 30, 70))], (640, 480), seed)
    smaller = photo.resize((240, 180), Image.Resampling.BICUBIC)
    assert distance(photo, smaller) <= 12
    assert distance(photo, draw_photo([], (640, 480), seed + 5)) > 12


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (63, 65), (4000, 30)])
def test_any_photo_has_a_hash(size):
    """It has 256 bits, also where there is nothing to see."""
    assert len(perceptual_hash(Image.new("RGB", size, "red"))) == 64


def test_different_photos_differ():
    """Any two of them differ by more than copies of one do."""
    hashes = [int(perceptual_hash(draw_photo([], (640, 480), seed)), 16) for seed in range(6)]
    assert min((one ^ other).bit_count() for one, other in combinations(hashes, 2)) > 12
