"""Crops say where their digits are, and nothing of what nobody knows."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from pipeline.reading.crops import COUNTED, SIDE, draw_crops
from pipeline.reading.network import STRIDE
from pipeline.reading.scenes import Known, make_scene


def scene(heights=(60,), unsure=None):
    """A dark photo with a light block for each digit, the digit's number being its place."""
    photo = Image.new("RGB", (400, 300), (30, 30, 30))
    draw, known, x = ImageDraw.Draw(photo), [], 60
    for number, height in enumerate(heights):
        draw.rectangle([x, 100, x + height / 2 - 1, 99 + height], fill=(220, 220, 220))
        known.append(Known(x + height / 4, 100 + height / 2, height / 2, height, number))
        x += round(height * 1.2)
    return make_scene(photo, known, unsure)


def crops(scenes, count=64, seed=0):
    """A batch that follows from a seed."""
    return draw_crops(scenes, count, np.random.default_rng(seed))


def test_the_same_seed_is_the_same_batch():
    """To the last bit."""
    for one, other in zip(crops([scene()]), crops([scene()]), strict=True):
        assert one.equal(other)


def test_a_digit_is_where_its_box_is():
    """The block's pixels, of whatever colour now, stand out from what is beside them."""
    batch = crops([scene()])
    seen = 0
    for picture, owner in zip(batch.pictures, batch.owner, strict=True):
        grey = picture.mean(0).numpy()
        for number in set(owner[owner >= 0].tolist()):
            x, y, width, height = (batch.digits[number, :4] * STRIDE).tolist()
            if not (width < x < SIDE - width and height < y < SIDE - height):
                continue
            inner = grey[int(y - height / 4) : int(y + height / 4) + 1,
                         int(x - width / 6) : int(x + width / 6) + 1]  # fmt: skip
            beside = grey[int(y), [int(x - 0.85 * width), int(x + 0.85 * width)]]
            spread = grey.std()
            assert abs(inner.mean() - beside.mean()) > spread / 2
            seen += 1
    assert seen > 20


def test_digits_that_are_too_small_or_too_large_are_none():
    """All that count are as high as the network learns them."""
    batch = crops([scene((20, 60, 150))])
    heights = batch.digits[:, 3].numpy() * STRIDE
    assert len(heights) > 30
    assert heights.min() >= COUNTED[0]
    assert heights.max() <= COUNTED[1]
    assert {0.0, 1.0, 2.0} == set(batch.digits[:, 4].tolist())


def test_each_digit_has_its_peak_and_its_own_cells():
    """A cell of heat 1 for each digit, and cells that answer for it."""
    batch = crops([scene((60, 50, 55))])
    for number in range(len(batch.digits)):
        assert (batch.heat[batch.owner == number] > 0.999).any()


def test_what_nobody_knows_counts_for_nothing():
    """Cells below an unsure box are left out, on every crop that shows it."""
    unsure = np.array([[0.0, 0.0, 400.0, 300.0]])
    batch = crops([scene((60,), unsure)])
    outside = ~batch.counts
    assert outside.float().mean() > 0.3
    assert crops([scene()]).counts.float().mean() > 0.9


@pytest.mark.parametrize("digits", [(), (60,)])
def test_a_photo_without_digits_teaches_what_is_none(digits):
    """Its crops have no peak."""
    batch = crops([scene(digits)], 16)
    assert bool((batch.heat > 0).any()) == bool(digits)
