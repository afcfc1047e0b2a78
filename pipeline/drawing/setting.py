"""Instruments set before a backdrop, in the room's light, and what lies on their glass."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageChops, ImageFilter

from pipeline.drawing.backdrop import random_backdrop
from pipeline.drawing.canvas import Size, scaled, soft_noise
from pipeline.drawing.dirt import soil
from pipeline.drawing.glass import Lit, paint_panel, window_mask
from pipeline.drawing.scene import Scene
from pipeline.drawing.segments import Points
from pipeline.drawing.sheet import cast
from pipeline.drawing.staging import Stand


def set_scene(stands: list[Stand], size: Size, rng: np.random.Generator) -> Lit:
    """Set instruments, the first foremost, before a backdrop, and switch them on."""
    surface = random_backdrop(size, rng)
    for stand in reversed(stands):
        instrument = stand.instrument
        front = cast(instrument.parts, instrument.bounds, stand.scale, stand.view, size)
        where = front.getchannel("A")
        _shadow(surface, where, rng)
        surface.paste(front, mask=where)
    room = rng.uniform(0.02, 0.3) if rng.random() < 0.15 else rng.uniform(0.5, 1.25)
    depth = rng.uniform(0.02, 0.5)
    shade = soft_noise(size, int(rng.integers(2, 6)), rng)
    factor = shade.point([min(255, round(255 * room * (1 - depth * i / 255))) for i in range(256)])
    surface = ImageChops.multiply(surface, Image.merge("RGB", [factor] * 3))
    lights = [
        paint_panel(surface, panel, stand, rng)
        for stand in stands
        for panel in stand.instrument.panels
    ]
    return Lit(surface, tuple(light for light in lights if light is not None))


def soiled(lit: Lit, stands: list[Stand], digits: Points, rng: np.random.Generator) -> Lit:
    """Lay dust, reflections, powder or a hand over a scene, as over the scale's."""
    size = lit.surface.size
    glass = window_mask(stands[0], size)
    dirty = soil(Scene(lit.surface, Image.new("L", size, 255), glass), digits, rng)
    return Lit(dirty.surface, lit.lights).behind(dirty.light)


def _shadow(surface: Image.Image, front: Image.Image, rng: np.random.Generator) -> None:
    """Let an instrument throw a soft shadow on what is behind it."""
    if rng.random() < 0.3:
        return
    size, shift = surface.size, rng.normal(0, 0.03, 2) * max(surface.size)
    small = ImageChops.offset(front.reduce(4), int(shift[0] / 4), int(shift[1] / 4))
    soft = small.filter(ImageFilter.GaussianBlur(float(rng.uniform(0.5, 5)))).resize(size)
    surface.paste((0, 0, 0), mask=scaled(soft, rng.uniform(0.2, 0.8)))
