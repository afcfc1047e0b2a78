"""A scale's front."""

from __future__ import annotations

import numpy as np
from PIL import ImageChops

from pipeline.drawing.canvas import polygon_mask, project
from pipeline.drawing.display import cell_outline
from pipeline.drawing.housing import paint_housing, random_housing


def test_a_housing_holds_its_windows(drawn):
    """Every window is within the case, so that no worktop is seen through it."""
    housing = random_housing(drawn.display, drawn.rng)
    picture, where = paint_housing(housing, drawn.view, drawn.size, drawn.rng)
    windows = [(project(drawn.view, window), 1.0) for window in housing.windows]
    outside = ImageChops.multiply(polygon_mask(drawn.size, windows), ImageChops.invert(where))
    assert (picture.mode, picture.size) == ("RGB", drawn.size)
    assert np.asarray(outside).max() < 10


def test_every_digit_is_behind_a_window(drawn):
    """No cell reaches beyond the windows, whether there is one or one a row."""
    housing = random_housing(drawn.display, drawn.rng)
    for cell in drawn.display.cells:
        outline = cell_outline(drawn.display, cell, lit_only=False)
        assert any(
            (outline >= window.min(axis=0)).all() and (outline <= window.max(axis=0)).all()
            for window in housing.windows
        )
