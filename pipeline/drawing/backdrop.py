"""What stands behind instruments: walls, desks, lights, print, and shapes like digits' bars."""

from __future__ import annotations

import colorsys
from itertools import pairwise

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from pipeline.drawing.canvas import Size, scaled, soft_noise
from pipeline.drawing.fittings import FITTINGS, fit_out
from pipeline.drawing.lettering import random_face, random_wording, typeface
from pipeline.drawing.look import Rgb, shaded
from pipeline.drawing.sheet import Box, Part, cast


def random_backdrop(size: Size, rng: np.random.Generator) -> Image.Image:
    """Paint an "RGB" backdrop: two blended colours, blotches, then clutter, sharp or blurred."""
    first, second = random_colour(rng), random_colour(rng)
    blend = soft_noise(size, int(rng.choice([2, 3, 6, 15, 60])), rng)
    surface = Image.new("RGB", size, first)
    surface.paste(second, mask=scaled(blend, rng.uniform(0.05, 1) ** 2))
    draw = ImageDraw.Draw(surface)
    for _ in range(int(rng.integers(0, 5))):
        _CLUTTER[rng.integers(len(_CLUTTER))](draw, size, rng)
    if rng.random() < 0.4:
        wall = _wall(size, rng)
        surface.paste(wall, mask=wall.getchannel("A"))
    if rng.random() < 0.5:
        colour, mask = random_colour(rng), scaled(soft_noise(size, 150, rng), rng.uniform(0, 0.4))
        surface.paste(colour, mask=mask)
    if rng.random() < 0.4:
        small = surface.reduce(3).filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 6)))
        surface = small.resize(size, Image.Resampling.BILINEAR)
    return surface


def _wall(size: Size, rng: np.random.Generator) -> Image.Image:
    """A cabinet's or a machine's front: keys, knobs, plates, print and vents all over it."""
    unit = rng.uniform(0.12, 0.5) * min(size)
    turn, shift = np.radians(rng.normal(0, 6)), rng.uniform(-0.5, 0.2, 2) * size
    cosine, sine = unit * np.cos(turn), unit * np.sin(turn)
    view = np.array([[cosine, -sine, shift[0]], [sine, cosine, shift[1]], rng.normal(0, 0.02, 3)])
    view[2, 2] = 1.0
    columns, rows = (int(np.clip(1.4 * length / unit, 2, 6)) for length in size)
    ink: Rgb = (28, 28, 30) if rng.random() < 0.7 else (228, 228, 222)
    parts: list[Part] = []
    for i in range(rows):
        cuts = np.sort(rng.uniform(0, columns, int(rng.integers(0, 3))))
        edges = [0.0, *(float(cut) for cut in cuts), float(columns)]
        for left, right in pairwise(edges):
            parts += fit_out(Box(left, i, right, i + 0.9, None), tuple(FITTINGS), ink, rng)
    return cast(parts, Box(0, 0, columns, rows, None), unit, view, size)


def random_colour(rng: np.random.Generator) -> Rgb:
    """Draw a colour: greys and browns mostly, any hue at times."""
    hue, value = rng.random(), rng.uniform(0.0015, 1.0) ** 0.6
    strength = rng.uniform(0, 0.15) if rng.random() < 0.6 else rng.uniform(0, 1)
    red, green, blue = (int(255 * c) for c in colorsys.hsv_to_rgb(hue, strength, value))
    return red, green, blue


def _rectangles(draw: ImageDraw.ImageDraw, size: Size, rng: np.random.Generator) -> None:
    colour = random_colour(rng)
    for _ in range(int(rng.integers(1, 5))):
        x, y = rng.uniform(-0.2, 1.0, 2) * size
        wide, high = rng.uniform(0.05, 0.7, 2) * size
        draw.rectangle([x, y, x + wide, y + high], fill=shaded(colour, rng.uniform(0.5, 1.2)))


def _ladder(draw: ImageDraw.ImageDraw, size: Size, rng: np.random.Generator) -> None:
    """A window frame, a ladder or a grid: crossing bars."""
    colour, unit = random_colour(rng), min(size)
    x, y = rng.uniform(-0.1, 0.8, 2) * size
    columns, rows = int(rng.integers(1, 6)), int(rng.integers(1, 8))
    dx, dy = rng.uniform(0.05, 0.25, 2) * unit
    lean, wide = rng.normal(0, 0.15) * dx, int(max(1, rng.uniform(0.1, 0.35) * min(dx, dy)))
    for i in range(columns + 1):
        draw.line([x + i * dx, y, x + i * dx + lean * rows, y + rows * dy], colour, wide)
    for j in range(rows + 1):
        left = x + lean * j
        draw.line([left, y + j * dy, left + columns * dx, y + j * dy], colour, wide)


def _bars(draw: ImageDraw.ImageDraw, size: Size, rng: np.random.Generator) -> None:
    """Loose bars as long and thick as segments."""
    colour, length = random_colour(rng), rng.uniform(0.02, 0.15) * min(size)
    for _ in range(int(rng.integers(3, 20))):
        x, y = rng.uniform(0, 1, 2) * size
        upright = rng.random() < 0.5
        dx, dy = (0, length) if upright else (length, 0)
        draw.line([x, y, x + dx, y + dy], colour, max(1, int(length * rng.uniform(0.1, 0.3))))


def _strokes(draw: ImageDraw.ImageDraw, size: Size, rng: np.random.Generator) -> None:
    """Cables, edges and scratches."""
    for _ in range(int(rng.integers(1, 6))):
        start, step = rng.uniform(0, 1, 2) * size, rng.normal(0, 0.2, 2) * size
        path = start + np.cumsum(step + rng.normal(0, 0.06, (9, 2)) * size, axis=0)
        wide = int(max(1, rng.exponential(0.012) * min(size)))
        draw.line([(x, y) for x, y in path], random_colour(rng), wide, joint="curve")


def _print(draw: ImageDraw.ImageDraw, size: Size, rng: np.random.Generator) -> None:
    """Words and numbers, small or as large as a display's digits."""
    font = typeface(random_face(rng), int(np.clip(rng.lognormal(np.log(16), 0.7), 7, 120)))
    for _ in range(int(rng.integers(1, 6))):
        x, y = rng.uniform(-0.1, 0.95, 2) * size
        draw.text((x, y), random_wording(rng), random_colour(rng), font=font)


def _discs(draw: ImageDraw.ImageDraw, size: Size, rng: np.random.Generator) -> None:
    """Lamps, screws and holes."""
    for _ in range(int(rng.integers(1, 12))):
        x, y = rng.uniform(0, 1, 2) * size
        radius = rng.lognormal(np.log(0.02), 0.8) * min(size)
        draw.ellipse([x - radius, y - radius, x + radius, y + radius], random_colour(rng))


def _pipes(draw: ImageDraw.ImageDraw, size: Size, rng: np.random.Generator) -> None:
    """Round pipes or posts, light along their middle."""
    colour, upright = random_colour(rng), rng.random() < 0.5
    for _ in range(int(rng.integers(1, 4))):
        wide, place = rng.uniform(0.02, 0.2) * min(size), rng.uniform(0, 1) * max(size)
        tilt = rng.normal(0, 0.1) * max(size)
        for part in np.linspace(-0.5, 0.5, 9):
            at = place + part * wide
            ends = (at, 0, at + tilt, size[1]) if upright else (0, at, size[0], at + tilt)
            draw.line(ends, shaded(colour, 1.2 - 1.8 * abs(part)), int(wide / 8) + 1)


def _boards(draw: ImageDraw.ImageDraw, size: Size, rng: np.random.Generator) -> None:
    """Stripes of wood, shutters or shelves, a little aslant."""
    colour, pitch = random_colour(rng), rng.uniform(0.02, 0.15) * size[1]
    rise = rng.normal(0, 0.08) * size[0]
    for y in np.arange(-abs(rise), size[1] + abs(rise), pitch):
        wide = int(max(1, pitch * rng.uniform(0.05, 0.6)))
        draw.line([0, y, size[0], y + rise], shaded(colour, rng.uniform(0.7, 1.2)), wide)


_CLUTTER = (_rectangles, _ladder, _bars, _strokes, _print, _discs, _boards, _pipes)
