"""Random changes to digits: each by itself, repeatable, never a mirror image."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from helpers import NO_AUGMENT, display, draw_photo
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close

from pipeline.learning.augmentation import augment
from pipeline.params import AugmentParams

KINDS = [name for name in AugmentParams.model_fields if name != "strength"]
EVERYTHING = NO_AUGMENT.model_copy(
    update={
        "shift": 0.1, "scale": 0.2, "rotation": 15, "shear": 0.2, "brightness": 0.3,
        "contrast": 0.3, "color": 0.5, "invert": 0.5, "blur": 0.5,
    }
)  # fmt: skip


def only(**changes):
    return NO_AUGMENT.model_copy(update=changes)


def apply(images, params, seed=0):
    return augment(images, params, torch.Generator().manual_seed(seed))


def digit_images(count=64, size=24):
    """The same seven, many times: dark ground, coloured strokes, values 0..1."""
    box = display("7")[0][1]
    digit = draw_photo(display("7")).crop(box).resize((size, size))
    values = torch.frombuffer(bytearray(digit.tobytes()), dtype=torch.uint8)
    image = values.view(size, size, 3).permute(2, 0, 1).float() / 255
    return image.repeat(count, 1, 1, 1)


def correlation(images, others):
    flat, other = (x.flatten(1) - x.flatten(1).mean(1, keepdim=True) for x in (images, others))
    return F.cosine_similarity(flat, other)


def test_all_off_changes_nothing():
    """Not one bit."""
    images = torch.rand(8, 3, 16, 16)
    assert torch.equal(apply(images, NO_AUGMENT), images)


def test_no_strength_changes_nothing():
    """Whatever the reaches are."""
    images = torch.rand(8, 3, 16, 16)
    params = EVERYTHING.model_copy(update={"strength": 0.0})
    assert torch.equal(apply(images, params), images)


def test_half_the_strength_is_half_of_every_reach():
    """The same draws with reaches halved by hand."""
    images = digit_images(8)
    halved = EVERYTHING.model_copy(update={name: getattr(EVERYTHING, name) / 2 for name in KINDS})
    half = EVERYTHING.model_copy(update={"strength": 0.5})
    assert_close(apply(images, half), apply(images, halved))


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_changes_something(kind):
    """A knob that does nothing would be a lie in params.yaml."""
    reach = 20 if kind == "rotation" else 0.5
    assert not torch.allclose(apply(digit_images(), only(**{kind: reach})), digit_images())


def test_the_same_seed_gives_the_same_images():
    """And another seed gives others."""
    images = digit_images(8)
    assert torch.equal(apply(images, EVERYTHING), apply(images, EVERYTHING))
    assert not torch.equal(apply(images, EVERYTHING), apply(images, EVERYTHING, seed=1))


@pytest.mark.parametrize("kind", ["shift", "scale", "rotation", "shear", "brightness", "contrast"])
def test_each_image_is_changed_in_its_own_way(kind):
    """One draw for a whole batch would teach far less."""
    reach = 20 if kind == "rotation" else 0.3
    changed = apply(digit_images(16), only(**{kind: reach}))
    assert len({tuple(image.flatten().tolist()) for image in changed}) == 16


def test_a_batch_is_not_changed_in_place():
    """The digits stay on the device for all epochs."""
    images = digit_images(8)
    before = images.clone()
    apply(images, EVERYTHING)
    assert torch.equal(images, before)


@pytest.mark.parametrize("flip", [(3,), (2,), (2, 3)], ids=["mirrored", "upside down", "turned"])
def test_no_image_is_flipped(flip):
    """A 7 stays nearer to the 7 than to its mirror image; a 6 never becomes a 9."""
    params = only(shift=0.04, scale=0.08, rotation=8, shear=0.1, brightness=0.2, contrast=0.2)
    images = digit_images(256)
    changed = apply(images, params)
    assert (correlation(changed, images) > correlation(changed, images.flip(flip))).all()


def test_a_shift_reaches_as_far_as_it_says():
    """A bright spot in the middle stays within a quarter of the side, and reaches most of it."""
    images = torch.zeros(500, 3, 33, 33)
    images[:, :, 16, 16] = 1
    spots = apply(images, only(shift=0.25)).sum(1).flatten(1).argmax(1)
    reach = torch.stack([spots // 33 - 16, spots % 33 - 16]).abs()
    assert reach.max() <= 9
    assert reach.max() >= 7


def test_a_rotation_turns_by_so_many_degrees_at_most():
    """The end of a bar of 15 pixels stays within 10 degrees, and reaches most of it."""
    images = torch.zeros(300, 3, 41, 41)
    images[:, :, 20, 5:36] = 1
    ends = apply(images, only(rotation=10)).sum(1)[:, :, 35].argmax(1) - 20
    degrees = torch.rad2deg(torch.atan2(ends.float(), torch.tensor(15.0))).abs()
    assert 6 <= degrees.max() <= 12


def test_a_scale_makes_larger_as_often_as_smaller():
    """Between 1 - s and 1 / (1 - s), the area around its start in the middle."""
    images = torch.zeros(400, 1, 64, 64)
    images[:, :, 22:42, 22:42] = 1
    widths = apply(images.expand(-1, 3, -1, -1), only(scale=0.2))[:, 0, 32].sum(1)
    assert 15.5 < widths.min() < 17.5
    assert 23.5 < widths.max() < 25.5
    assert 0.4 < (widths > 20).float().mean() < 0.6


def test_brightness_adds_the_same_everywhere():
    """Up to its share of the range of values."""
    images = digit_images()
    added = apply(images, only(brightness=0.3)) - images
    assert (added.amax((1, 2, 3)) - added.amin((1, 2, 3))).max() < 1e-6
    assert 0.25 < added.abs().max() <= 0.3


def test_contrast_keeps_each_images_mean():
    """Values come nearer to it or go further from it."""
    images = digit_images()
    changed = apply(images, only(contrast=0.5))
    assert_close(changed.mean((1, 2, 3)), images.mean((1, 2, 3)))
    gain = changed.std((1, 2, 3)) / images.std((1, 2, 3))
    assert 0.5 <= gain.min() < 0.6
    assert 1.4 < gain.max() <= 1.5


def test_invert_swaps_light_and_dark_with_its_probability():
    """Of 400 images about a quarter, each wholly."""
    images = digit_images(400)
    changed = apply(images, only(invert=0.25))
    same = (changed == images).flatten(1).all(1)
    swapped = (changed == 1 - images).flatten(1).all(1)
    assert (same ^ swapped).all()
    assert 0.18 < swapped.float().mean() < 0.32


def test_blur_keeps_the_light_and_softens_edges():
    """Variance falls, the mean hardly moves."""
    images = digit_images()
    changed = apply(images, only(blur=1))
    assert (changed.var((1, 2, 3)) <= images.var((1, 2, 3)) + 1e-6).all()
    assert (changed.mean((1, 2, 3)) - images.mean((1, 2, 3))).abs().max() < 0.02


def test_blur_goes_towards_the_mean_of_neighbours():
    """Three by three pixels, twice, as torch's pooling has it; each image some way towards it."""
    images = torch.rand((16, 3, 20, 31), generator=torch.Generator().manual_seed(1))
    beyond = F.pad(images, (2, 2, 2, 2), mode="replicate")
    way = F.avg_pool2d(F.avg_pool2d(beyond, 3, 1), 3, 1) - images
    moved = apply(images, only(blur=1)) - images
    share = (moved * way).sum((1, 2, 3), keepdim=True) / way.square().sum((1, 2, 3), keepdim=True)
    assert_close(moved, share * way, atol=1e-5, rtol=0)
    assert 0 <= share.min() < 0.5 < share.max() <= 1


@given(
    params=st.builds(
        AugmentParams,
        strength=st.floats(0, 1),
        scale=st.floats(0, 0.99),
        rotation=st.floats(0, 180),
        **dict.fromkeys(
            ["shift", "shear", "brightness", "contrast", "color", "invert", "blur"], st.floats(0, 1)
        ),
    ),
    count=st.integers(1, 3),
)
def test_any_parameters_give_finite_values_of_the_same_shape(params, count):
    """At every corner of what params.yaml allows."""
    images = torch.rand(count, 3, 16, 20)
    changed = apply(images, params)
    assert changed.shape == images.shape
    assert changed.isfinite().all()
