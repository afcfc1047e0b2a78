"""The scale before the camera: worktop, housing and lit display, in the photo's frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageChops, ImageDraw

from pipeline.drawing.canvas import Homography, Size, polygon_mask, project, scaled, soft_noise
from pipeline.drawing.display import Display, Shape, shining, unlit
from pipeline.drawing.housing import paint_housing, random_housing
from pipeline.drawing.look import Look, shaded

_WORKTOPS = (
    (150, 148, 142),
    (96, 92, 86),
    (60, 58, 56),
    (120, 98, 72),
    (84, 96, 100),
    (190, 188, 180),
)


@dataclass(frozen=True)
class Scene:
    """A photo's light before the lens: `surface` (RGB) and the segments' `light` (L), upright."""

    surface: Image.Image
    light: Image.Image
    window: Image.Image  # where the glass of the display is (L)


def draw_scene(
    display: Display, look: Look, view: Homography, size: Size, rng: np.random.Generator
) -> Scene:
    """Draw a scale with its lit display into a photo of `size` pixels."""
    housing = random_housing(display, rng)
    surface = _worktop(size, rng)
    front, where = paint_housing(housing, view, size, rng)
    surface.paste(front, mask=where)
    panel = Image.new("RGB", size, look.panel)
    panel.paste(look.unlit, mask=_seen(unlit(display), view, size))
    glass = polygon_mask(size, [(project(view, window), 1.0) for window in housing.windows])
    surface.paste(_unevenly_lit(panel, 0.25, rng), mask=glass)
    light = _seen(shining(display, rng), view, size)
    return Scene(_unevenly_lit(surface, 0.3, rng), light, glass)


def _seen(shapes: list[Shape], view: Homography, size: Size) -> Image.Image:
    return polygon_mask(size, [(project(view, shape.outline), shape.level) for shape in shapes])


def _worktop(size: Size, rng: np.random.Generator) -> Image.Image:
    """Paint what lies behind the scale: two dull surfaces with blotches and a few edges."""
    top, other = (_WORKTOPS[i] for i in rng.integers(0, len(_WORKTOPS), 2))
    surface = Image.new("RGB", size, top)
    draw = ImageDraw.Draw(surface)
    for _ in range(rng.integers(0, 4)):
        x, y = rng.uniform(-0.2, 1.0, 2) * size
        wide, high = rng.uniform(0.1, 0.7, 2) * size
        draw.rectangle([x, y, x + wide, y + high], fill=shaded(other, rng.uniform(0.4, 1.2)))
    surface.paste((46, 44, 44), mask=scaled(soft_noise(size, int(rng.integers(4, 40)), rng), 0.3))
    return surface


def _unevenly_lit(picture: Image.Image, strength: float, rng: np.random.Generator) -> Image.Image:
    """Darken a picture by broad blotches, by at most `strength`."""
    depth = rng.uniform(0.02, strength)
    shade = soft_noise(picture.size, int(rng.integers(2, 5)), rng)
    factor = shade.point([round(255 - depth * level) for level in range(256)])
    return ImageChops.multiply(picture, Image.merge("RGB", [factor] * 3))
