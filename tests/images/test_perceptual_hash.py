"""A photo's hash: near for a copy of it, far for another photo."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from helpers import draw_photo
from PIL import Image

from pipeline.images.perceptual_hash import perceptual_hash


def distance(image, other):
    return (int(perceptual_hash(image), 16) ^ int(perceptual_hash(other), 16)).bit_count()


@pytest.mark.parametrize("seed", range(5))
def test_a_smaller_photo_has_nearly_the_same_hash(seed):
    """As a messenger sends it; and another photo has not."""
    photo = draw_photo([("7", (6, 30, 30, 70))], (640, 480), seed)
    smaller = photo.resize((240, 180), Image.Resampling.BICUBIC)
    assert distance(photo, smaller) <= 12
    assert distance(photo, draw_photo([], (640, 480), seed + 5)) > 12


def test_a_hash_is_the_signs_of_the_lowest_frequencies_about_their_median():
    """By the definition of the DCT-II, on a photo that is 64 x 64 greys already."""
    values = np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8)
    place = np.arange(64) + 0.5
    waves = np.array([np.cos(np.pi / 64 * frequency * place) for frequency in range(16)])
    strengths = np.array([[(np.outer(a, b) * values).sum() for b in waves] for a in waves])
    bits = "".join("01"[int(above)] for above in (strengths > np.median(strengths)).ravel())
    expected = int(bits, 2)
    found = int(perceptual_hash(Image.fromarray(values).convert("RGB")), 16)
    # Cosines are rounded to 1/4096.
    assert (found ^ expected).bit_count() <= 2


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (63, 65), (4000, 30)])
def test_any_photo_has_a_hash(size):
    """Of 256 bits, also where there is nothing to see."""
    assert len(perceptual_hash(Image.new("RGB", size, "red"))) == 64


def test_photos_of_one_display_differ():
    """Each pair of drawn photos by more than copies do."""
    hashes = [int(perceptual_hash(draw_photo([], (640, 480), seed)), 16) for seed in range(6)]
    assert min((one ^ other).bit_count() for one, other in combinations(hashes, 2)) > 12
