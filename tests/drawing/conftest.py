"""A drawn scene, for the tests of what is in it and of what comes before it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

from pipeline.drawing.canvas import Homography, Size, random_view
from pipeline.drawing.display import Display, random_display
from pipeline.drawing.look import random_look
from pipeline.drawing.scene import Scene, draw_scene


class Drawn(NamedTuple):
    """A scene, what was drawn in it, how it is seen, and the generator that drew it."""

    scene: Scene
    display: Display
    view: Homography
    size: Size
    rng: np.random.Generator


@pytest.fixture(params=range(6))
def drawn(request):
    """One of six scenes."""
    size, rng = (320, 240), np.random.default_rng(request.param)
    display, look = random_display(6, rng), random_look(rng)
    view = random_view(display.width, display.height, size, rng)
    return Drawn(draw_scene(display, look, view, size, rng), display, view, size, rng)
