"""An instrument's displays in the photo: windows, unlit segments, ink, and light."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageChops, ImageDraw

from pipeline.drawing.canvas import (
    Homography,
    Size,
    polygon_mask,
    project,
    rectangle,
    scaled,
    soft_noise,
)
from pipeline.drawing.display import Shape
from pipeline.drawing.instruments import Panel
from pipeline.drawing.look import Rgb
from pipeline.drawing.rows import ghost_shapes, lit_shapes
from pipeline.drawing.segments import Points
from pipeline.drawing.sheet import Box, cast, reach
from pipeline.drawing.staging import Stand


@dataclass(frozen=True)
class Light:
    """What shines by itself: where (an "L" mask of the photo), its radiance, how it scatters."""

    mask: Image.Image
    emission: tuple[float, float, float]
    haze: float


@dataclass(frozen=True)
class Lit:
    """A photo's light before the lens: its surface ("RGB"), and what shines by itself."""

    surface: Image.Image
    lights: tuple[Light, ...]

    def behind(self, clear: Image.Image) -> Lit:
        """Let the lights pass only as far as the "L" mask `clear` is white."""
        dimmed = (replace(x, mask=ImageChops.multiply(x.mask, clear)) for x in self.lights)
        return replace(self, lights=tuple(dimmed))


def paint_panel(
    surface: Image.Image, panel: Panel, stand: Stand, rng: np.random.Generator
) -> Light | None:
    """Paint a display into a photo's surface; returns the light of one that shines."""
    size, shine, view = surface.size, panel.shine, stand.view
    box = panel.window
    outline = rectangle(box.left, box.top, box.right - box.left, box.bottom - box.top, box.radius)
    glass = mask_of([Shape(outline, 1.0)], view, size, 2)
    surface.paste(_face(shine.panel, size, 0.35, rng), mask=glass)
    _edge(surface, outline, stand, rng)
    smooth = 4 if stand.scale < 40 else 2
    if shine.ghosts > 0.01:
        every = [shape for row in panel.rows for shape in ghost_shapes(row)]
        ghosts = ImageChops.multiply(mask_of(every, view, size, smooth), glass)
        surface.paste(shine.unlit, mask=scaled(ghosts, shine.ghosts))
    spread = float(rng.choice([0.02, 0.12]))
    lit = [shape for row in panel.rows for shape in lit_shapes(row, rng, spread)]
    mask = mask_of(lit, view, size, smooth)
    if panel.notes:
        signs = cast(panel.notes, panel.window, stand.scale, view, size).getchannel("A")
        mask = ImageChops.lighter(mask, scaled(signs, rng.uniform(0.6, 1.0)))
    if shine.emission is not None:
        return Light(mask, shine.emission, shine.haze)
    if shine.shadow:
        dx, dy = (int(x) for x in rng.normal(0, 0.06, 2) * stand.scale)
        shade = scaled(ImageChops.multiply(ImageChops.offset(mask, dx, dy), glass), shine.shadow)
        surface.paste((0, 0, 0), mask=shade)
    surface.paste(shine.ink, mask=scaled(mask, shine.density))
    return None


def mask_of(shapes: list[Shape], view: Homography, size: Size, oversampling: int) -> Image.Image:
    """Draw shapes of a plane as an "L" mask of the photo."""
    mask = Image.new("L", size)
    if not shapes:
        return mask
    points = np.vstack([shape.outline for shape in shapes])
    left, top, right, bottom = reach(view, points, size)
    if right <= left or bottom <= top:
        return mask
    corner = np.array([left, top])
    placed = [(project(view, s.outline) - corner, s.level) for s in shapes]
    mask.paste(polygon_mask((right - left, bottom - top), placed, oversampling), (left, top))
    return mask


def window_mask(stand: Stand, size: Size) -> Image.Image:
    """Mark where an instrument's windows are, as an "L" mask."""
    boxes: list[Box] = [panel.window for panel in stand.instrument.panels]
    shapes = [rectangle(b.left, b.top, b.right - b.left, b.bottom - b.top) for b in boxes]
    return mask_of([Shape(shape, 1.0) for shape in shapes], stand.view, size, 1)


def _edge(surface: Image.Image, outline: Points, stand: Stand, rng: np.random.Generator) -> None:
    """Draw a bright or dark rim round a window at times: the glass's edge, a backlight's seam."""
    if rng.random() > 0.35:
        return
    path = [(float(x), float(y)) for x, y in project(stand.view, outline)]
    level = int(rng.integers(0, 256))
    wide = max(1, int(rng.uniform(0.01, 0.06) * stand.scale))
    mask = Image.new("L", surface.size)
    ImageDraw.Draw(mask).line([*path, path[0]], int(rng.integers(60, 220)), wide)
    surface.paste((level, level, level), mask=mask)


def _face(colour: Rgb, size: Size, most: float, rng: np.random.Generator) -> Image.Image:
    """A panel's colour, darker in broad blotches."""
    depth = rng.uniform(0.0, most)
    shade = soft_noise(size, int(rng.integers(2, 6)), rng)
    bands = [
        shade.point([round(c * (1 - depth * level / 255)) for level in range(256)]) for c in colour
    ]
    return Image.merge("RGB", bands)
