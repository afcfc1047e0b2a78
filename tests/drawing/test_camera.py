"""A phone's camera: what it does to a scene, and the file that it writes."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from io import BytesIO

import numpy as np
import pytest
from helpers import display, draw_photo
from PIL import ExifTags, Image

from pipeline.drawing.camera import Shot, encode, expose, random_shot
from pipeline.drawing.look import Look
from pipeline.drawing.scene import Scene
from pipeline.images.photo import decode_photo

SHOT = Shot(
    defocus=0.5, shake=0, direction=0, exposure=1, noise=0, quality=90, orientation=1
)  # fmt: skip
LED = Look("red", (60, 0, 0), (60, 0, 0), (8.0, 0.8, 1.0), darkens=False, haze=0.0)
LCD = replace(LED, kind="lcd", lit=(0.9, 0.9, 0.9), darkens=True)


def scene():
    """A grey surface whose right half has lit segments."""
    light = Image.new("L", (80, 40))
    light.paste(255, (40, 0, 80, 40))
    return Scene(Image.new("RGB", (80, 40), (90, 90, 90)), light, Image.new("L", (80, 40), 255))


def halves(look, **changes):
    """Mean colour of the dark and the lit half, well away from where they meet."""
    photo = expose(scene(), look, replace(SHOT, **changes), np.random.default_rng(0))
    values = np.asarray(photo, dtype=float)
    return values[:, :25].mean((0, 1)), values[:, 55:].mean((0, 1))


def test_leds_add_light_and_lcds_take_it_away():
    """An LED's own colour is the brightest; a segment of an LCD is dark."""
    dark, lit = halves(LED)
    assert dark == pytest.approx([90] * 3, abs=3)
    assert (lit > dark + 20).all()
    assert lit[0] > lit[1]
    dark, lit = halves(LCD)
    assert (lit < dark - 20).all()


def test_more_exposure_is_brighter():
    """All of the photo is, up to white."""
    means = [halves(LED, exposure=exposure)[0].mean() for exposure in (0.5, 1, 2, 40)]
    assert means == sorted(means)
    assert means[-1] > 240


@pytest.mark.parametrize("blur", [{"shake": 12.0}, {"defocus": 4.0}])
def test_shake_and_defocus_soften_edges(blur):
    """The step from dark to lit becomes smaller from pixel to pixel."""
    steps = []
    for changes in ({}, blur):
        photo = expose(scene(), LED, replace(SHOT, **changes), np.random.default_rng(0))
        row = np.asarray(photo, dtype=int)[20, :, 0]
        steps.append(np.abs(np.diff(row)).max())
    assert steps[1] < 0.8 * steps[0]


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_a_file_is_upright_once_exif_has_turned_it(orientation):
    """It is stored as the sensor lay, with orientation, camera and date."""
    photo = draw_photo(display("70"))
    taken = datetime(2024, 3, 4, 8, 30)
    content = encode(photo, replace(SHOT, orientation=orientation), taken)
    with Image.open(BytesIO(content)) as stored:
        exif = stored.getexif()
        assert exif[ExifTags.Base.Orientation] == orientation
        assert exif[ExifTags.Base.DateTime] == "2024:03:04 08:30:00"
        assert (stored.size == photo.size) == (orientation in (1, 3))
    upright = np.asarray(decode_photo(content), dtype=int)
    assert np.abs(upright - np.asarray(photo, dtype=int)).mean() < 8


def test_most_shots_are_usable():
    """One in ten is stored turned, and one in a hundred is beyond reading."""
    shots = [random_shot(np.random.default_rng(seed)) for seed in range(2000)]
    turned = sum(shot.orientation != 1 for shot in shots) / len(shots)
    spoilt = sum(s.shake > 16 or s.defocus > 5 or s.exposure > 5 for s in shots) / len(shots)
    assert 0.07 < turned < 0.13
    assert 0 < spoilt < 0.02
