"""The scale before the camera."""

from __future__ import annotations

import numpy as np
from PIL import ImageChops


def test_segments_shine_behind_the_glass(drawn):
    """All light is within the display's window, and there is some."""
    scene = drawn.scene
    beyond = ImageChops.multiply(scene.light, ImageChops.invert(scene.window))
    assert scene.light.getextrema()[1] > 100
    assert np.asarray(beyond).max() < 10
    assert scene.surface.size == scene.light.size == scene.window.size == drawn.size


def test_the_surface_is_no_plain_colour(drawn):
    """There are a worktop, a housing, and blotches on both."""
    colours = drawn.scene.surface.getcolors(10**6)
    assert len(colours) > 100
