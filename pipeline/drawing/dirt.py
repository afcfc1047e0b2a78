"""What comes between display and lens: dust, scratches, powder, reflections, a hand."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from pipeline.drawing.canvas import levelled, scaled, soft_noise
from pipeline.drawing.look import Rgb, shaded
from pipeline.drawing.scene import Scene
from pipeline.drawing.segments import Points

_GLOVES = ((214, 210, 200), (70, 72, 78), (40, 58, 96), (128, 60, 48))
_SKINS = ((214, 164, 136), (196, 144, 114), (170, 118, 92), (226, 182, 158))


def soil(scene: Scene, digits: Points, rng: np.random.Generator) -> Scene:
    """Lay dust, scratches, reflections and, now and then, powder or a hand over a scene.

    `digits` are the corners (n, 2) of all cells in pixels: a hand reaches over the edge of a
    digit at most.
    """
    scene = _dusted(scene, rng)
    if rng.random() < 0.5:
        scene = _scratched(scene, rng)
    if rng.random() < 0.35:
        scene = _reflecting(scene, rng)
    if rng.random() < 0.15:
        scene = _powdered(scene, digits, rng)
    if rng.random() < 0.08:
        scene = _held(scene, digits, rng)
    return scene


def _covered(scene: Scene, colour: Rgb | Image.Image, mask: Image.Image) -> Scene:
    """Put something opaque where the mask is, over surface and light."""
    surface = scene.surface.copy()
    surface.paste(colour, mask=mask)
    light = ImageChops.multiply(scene.light, ImageChops.invert(mask))
    return Scene(surface, light, scene.window)


def _dusted(scene: Scene, rng: np.random.Generator) -> Scene:
    """A thin uneven film, and specks."""
    size = scene.surface.size
    film = soft_noise(size, int(rng.integers(4, 40)), rng)
    film = scaled(levelled(film, 0.4, 1.0), rng.uniform(0.0, 0.18))
    specks = Image.new("L", size)
    draw = ImageDraw.Draw(specks)
    for _ in range(int(rng.exponential(40))):
        x, y = rng.uniform(0, 1, 2) * size
        radius = min(3.0, rng.exponential(0.7))
        draw.ellipse([x - radius, y - radius, x + radius, y + radius], int(rng.integers(30, 170)))
    grey = int(rng.integers(90, 190))
    return _covered(scene, (grey, grey - 6, grey - 12), ImageChops.lighter(film, specks))


def _scratched(scene: Scene, rng: np.random.Generator) -> Scene:
    size = scene.surface.size
    scratches = Image.new("L", size)
    draw = ImageDraw.Draw(scratches)
    for _ in range(rng.integers(1, 12)):
        start = rng.uniform(0, 1, 2) * size
        path = start + np.cumsum(rng.normal(0, 1, (4, 2)) + rng.normal(0, 14, 2), axis=0)
        draw.line([(x, y) for x, y in path], fill=int(rng.integers(30, 150)), width=1)
    return _covered(scene, (205, 200, 198), scratches)


def _reflecting(scene: Scene, rng: np.random.Generator) -> Scene:
    """A lamp or a bright window mirrored in the glass, and less in the housing."""
    size = scene.surface.size
    length = max(size)
    lamp = Image.new("L", size)
    draw = ImageDraw.Draw(lamp)
    centre, angle = rng.uniform(0, 1, 2) * size, rng.uniform(0, np.pi)
    along = np.array([np.cos(angle), np.sin(angle)]) * length * rng.uniform(0.05, 0.5)
    across = np.array([-np.sin(angle), np.cos(angle)]) * length * rng.uniform(0.01, 0.06)
    corners = [
        centre + along + across,
        centre + along - across,
        centre - along - across,
        centre - along + across,
    ]
    draw.polygon([(x, y) for x, y in corners], fill=255)
    lamp = _softened(lamp, length * rng.uniform(0.004, 0.03))
    on_glass = ImageChops.multiply(lamp, levelled(scene.window, -0.4, 1.0))
    glare = scaled(on_glass, rng.uniform(0.1, 0.55))
    tint = Image.merge("RGB", [glare, glare, scaled(glare, rng.uniform(0.85, 1.0))])
    return Scene(ImageChops.screen(scene.surface, tint), scene.light, scene.window)


def _powdered(scene: Scene, digits: Points, rng: np.random.Generator) -> Scene:
    """Iron powder that lies along the lower edge of the digits, or clings in patches."""
    size = scene.surface.size
    grain = rng.random((size[1], size[0]), dtype=np.float32)
    patches = np.asarray(soft_noise(size, int(rng.integers(6, 25)), rng), dtype=np.float32) / 255
    rows = np.arange(size[1], dtype=np.float32)[:, None]
    edge = digits[:, 1].max() - rng.uniform(-0.1, 0.08) * np.ptp(digits[:, 1])
    depth = (rows - edge) / (0.08 * size[1])
    density = np.clip(depth + 1.6 * patches - 1.0, 0, 1) * rng.uniform(0.5, 1.0)
    stray = np.clip(patches - 0.75, 0, 1) * 0.5
    mask = Image.fromarray(((grain < density + stray) * 235).astype(np.uint8))
    grey = int(rng.integers(26, 70))
    return _covered(scene, (grey, grey, grey + 2), mask.filter(ImageFilter.GaussianBlur(0.7)))


def _held(scene: Scene, digits: Points, rng: np.random.Generator) -> Scene:
    """A hand or glove whose fingers reach in from the left, the right or below."""
    size = scene.surface.size
    low, high = digits.min(axis=0), digits.max(axis=0)
    side = rng.integers(3)
    wide = rng.uniform(0.07, 0.12) * max(size)
    reach = rng.uniform(-0.03, 0.02) * (high - low).max()
    across = rng.uniform(0.2, 0.8)
    fingers = Image.new("L", size)
    draw = ImageDraw.Draw(fingers)
    for finger in range(int(rng.integers(1, 5))):
        bend = rng.normal(0, 0.15)
        tip = {
            0: np.array([low[0] + reach - wide / 2, low[1] + across * (high - low)[1]]),
            1: np.array([high[0] - reach + wide / 2, low[1] + across * (high - low)[1]]),
            2: np.array([low[0] + across * (high - low)[0], high[1] - reach + wide / 2]),
        }[int(side)]
        step = np.array([0, 1.02]) if side < 2 else np.array([1.02, 0])
        tip = tip + finger * wide * step
        away = {0: np.array([-1, bend]), 1: np.array([1, bend]), 2: np.array([bend, 1])}[int(side)]
        _finger(draw, tip, away * max(size), wide)
    shading = levelled(_softened(fingers, wide * 0.3), 0.35, 1.0)
    colours = _GLOVES if rng.random() < 0.5 else _SKINS
    colour = shaded(colours[rng.integers(len(colours))], rng.uniform(0.5, 1.0))
    hand = Image.new("RGB", size, shaded(colour, 0.4))
    hand.paste(colour, mask=shading)
    return _covered(scene, hand, _softened(fingers, rng.uniform(1.5, 5.0)))


def _softened(mask: Image.Image, radius: float) -> Image.Image:
    """Blur a mask broadly, at a quarter of its size."""
    small = mask.reduce(4).filter(ImageFilter.GaussianBlur(radius / 4))
    return small.resize(mask.size, Image.Resampling.BICUBIC)


def _finger(draw: ImageDraw.ImageDraw, tip: Points, away: Points, wide: float) -> None:
    """Draw a capsule from its round tip's centre outwards."""
    for part in np.linspace(0, 1, 60):
        x, y = tip + part * away
        radius = wide / 2 * (0.92 + 0.5 * part)
        draw.ellipse([x - radius, y - radius, x + radius, y + radius], fill=255)
