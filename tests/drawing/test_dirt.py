"""What comes between display and lens."""

from __future__ import annotations

import numpy as np

from pipeline.drawing.canvas import project
from pipeline.drawing.dirt import soil
from pipeline.drawing.display import cell_outline


def test_dirt_adds_no_light_to_the_segments(drawn):
    """It covers them at most, and leaves most of their light."""
    display = drawn.display
    corners = np.vstack([cell_outline(display, cell, False) for cell in display.cells])
    for _ in range(12):
        soiled = soil(drawn.scene, project(drawn.view, corners), drawn.rng)
        before, after = (np.asarray(its.light, dtype=int) for its in (drawn.scene, soiled))
        assert (after <= before).all()
        assert after.sum() > 0.5 * before.sum()
        assert soiled.surface.size == drawn.size
