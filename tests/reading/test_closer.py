"""A row's strip is level, its digits of one height, and its places are places on the photo."""

from __future__ import annotations

import math

import numpy as np
import pytest
from PIL import Image, ImageDraw

from pipeline.reading.closer import Look, cut_strip
from pipeline.reading.finding import Found
from pipeline.reading.network import SIGNS
from pipeline.reading.rows import Row
from pipeline.reading.scenes import halves


def row_of_dots(degrees, height):
    """A photo with a white dot at each digit's middle, and the row."""
    angle = math.radians(degrees)
    middles = [(220 + 0.8 * height * i * math.cos(angle), 260 + 0.8 * height * i * math.sin(angle))
               for i in range(4)]  # fmt: skip
    photo = Image.new("RGB", (640, 480))
    draw = ImageDraw.Draw(photo)
    for x, y in middles:
        draw.ellipse([x - 0.15 * height, y - 0.15 * height, x + 0.15 * height, y + 0.15 * height],
                     fill="white")  # fmt: skip
    boxes = np.array([(x, y, 0.5 * height, height) for x, y in middles])
    found = Found(boxes, np.ones(4), np.full((4, len(SIGNS)), 0.1))
    return photo, Row(found, angle)


@pytest.mark.parametrize("height", [14, 40, 90])
@pytest.mark.parametrize("degrees", [-20, 0, 13])
@pytest.mark.parametrize("look", [Look(), Look(31, 0.06, 0.02), Look(turn=math.pi)])
def test_dots_on_the_strip_are_the_dots_on_the_photo(degrees, height, look):
    """The strip's bright spots, found by their pixels, lie at the row's digits."""
    photo, row = row_of_dots(degrees, height)
    strip = cut_strip(halves(photo), row, look)
    bright = np.asarray(strip.picture.convert("L")) > 127
    columns = np.flatnonzero(bright.any(axis=0))
    spots = np.split(columns, np.flatnonzero(np.diff(columns) > 2) + 1)
    assert len(spots) == 4
    ys = [np.flatnonzero(bright[:, spot].any(axis=1)).mean() + 0.5 for spot in spots]
    assert np.ptp(ys) < 2 + 100 * abs(look.turn % math.pi)
    middles = np.array([(spot.mean() + 0.5, y, 1, 1) for spot, y in zip(spots, ys, strict=True)])
    back = strip.to_photo(Found(middles, np.ones(4), np.zeros((4, len(SIGNS))))).boxes[:, :2]
    wanted = row.digits.boxes[:, :2]
    apart = np.abs(back[:, None] - wanted[None]).max(axis=2).min(axis=1)
    assert apart.max() < 0.06 * height
    pitch = abs(np.diff([spot.mean() for spot in spots]).mean())
    assert math.isclose(pitch, 0.8 * look.height, rel_tol=0.05)
