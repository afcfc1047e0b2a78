"""A photo's hash: near for a copy of it, far for another photo."""

from __future__ import annotations

from itertools import combinations

import imagehash
import numpy as np
import pytest
from helpers import draw_photo
from PIL import Image

from pipeline.images.perceptual_hash import perceptual_hash


def distance(image, other):
    return (hash_of(image) ^ hash_of(other)).bit_count()


def hash_of(image):
    return int(perceptual_hash(np.asarray(image)), 16)


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
    width, height = size
    assert len(perceptual_hash(np.full((height, width, 3), 7, dtype=np.uint8))) == 64


@pytest.mark.parametrize("seed", range(5))
def test_a_small_grey_square_has_the_hash_that_imagehash_gives(seed):
    """Of 64 x 64 grey pixels, that library's own pHash reads each as it is, as ours does."""
    grey = draw_photo([("7", (6, 30, 30, 70))], (640, 480), seed).convert("L").resize((64, 64))
    theirs = str(imagehash.phash(grey, hash_size=16))
    apart = hash_of(grey.convert("RGB")) ^ int(theirs, 16)
    # One bit may lie on the median, where roundings decide.
    assert apart.bit_count() <= 1


@pytest.mark.parametrize("seed", range(3))
def test_a_large_photo_has_the_hash_of_its_reduced_one(seed):
    """Pillow's own reduction by whole factors leaves nearly the same bits."""
    photo = draw_photo([("7", (6, 30, 30, 70))], (1290, 1000), seed)
    assert distance(photo, photo.reduce(7)) <= 12


def test_different_photos_differ():
    """Any two of them differ by more than copies of one do."""
    hashes = [hash_of(draw_photo([], (640, 480), seed)) for seed in range(6)]
    assert min((one ^ other).bit_count() for one, other in combinations(hashes, 2)) > 12
