"""Drawing on a plane seen from aside: projections, outlines and masks."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from pipeline.drawing.canvas import (
    levelled,
    polygon_mask,
    polygon_picture,
    project,
    random_view,
    rectangle,
    scaled,
    soft_noise,
)


@pytest.mark.parametrize("size", [(640, 480), (480, 640)])
def test_the_whole_rectangle_is_in_the_photo(size):
    """Whatever the camera's angle and distance, no corner is cut off, nor is it turned over."""
    for seed in range(100):
        view = random_view(4, 1, size, np.random.default_rng(seed))
        corners = project(view, rectangle(0, 0, 4, 1))
        assert (corners >= 0).all()
        assert (corners <= np.array(size)).all()
        left, right = project(view, np.array([[0, 0.5], [4, 0.5]]))
        assert right[0] > left[0] + 20


def test_a_projection_divides_by_depth():
    """A point of which the plane's third row says that it is twice as deep is half as far out."""
    view = np.array([[10, 0, 0], [0, 10, 0], [0, 0, 2]])
    assert project(view, np.array([[1.0, 2.0]])).tolist() == [[5, 10]]


def test_a_polygon_fills_its_area():
    """Half of the picture is filled, at the level that was asked for."""
    mask = np.asarray(polygon_mask((40, 20), [(rectangle(0, 0, 20, 20), 0.5)]))
    assert (mask[:, :19] == 128).all()
    assert (mask[:, 22:] == 0).all()
    picture = polygon_picture((40, 20), [(rectangle(-1, -1, 60, 60), (9, 8, 7))])
    assert picture.getcolors() == [(800, (9, 8, 7))]


def test_a_rectangles_corners_can_be_round():
    """Its edges stay where they are, but its corners are cut."""
    for radius in (0, 0.2):
        outline = rectangle(1, 2, 3, 4, radius)
        assert outline.min(axis=0) == pytest.approx([1, 2])
        assert outline.max(axis=0) == pytest.approx([4, 6])
        nearest = np.hypot(*(outline - [1, 2]).T).min()
        assert (nearest > 0.05) == (radius > 0)


def test_masks_are_scaled_and_levelled():
    """Values are clipped at white; a level's ends become black and white."""
    ramp = Image.fromarray(np.arange(256, dtype=np.uint8)[None])
    assert np.asarray(scaled(ramp, 2.0))[0, [0, 50, 200]].tolist() == [0, 100, 255]
    assert np.asarray(levelled(ramp, 0.4, 0.8))[0, [0, 102, 204, 255]].tolist() == [0, 0, 255, 255]


def test_noise_is_soft_and_of_the_size():
    """Neighbours differ little where blotches are large."""
    noise = soft_noise((200, 100), 4, np.random.default_rng(0))
    values = np.asarray(noise, dtype=int)
    assert noise.size == (200, 100)
    assert np.ptp(values) > 60
    assert np.abs(np.diff(values, axis=1)).max() < 20
