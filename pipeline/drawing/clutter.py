"""What lies over or before instruments: hands, cables, labels, and light that reads nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from pipeline.drawing.backdrop import random_colour
from pipeline.drawing.glass import Lit
from pipeline.drawing.lettering import random_face, random_wording, typeface
from pipeline.drawing.look import shaded

_HANDS = (
    (214, 164, 136), (170, 118, 92), (226, 182, 158), (214, 210, 200), (70, 72, 78),
    (40, 58, 96), (128, 60, 48), (230, 160, 40), (60, 110, 70),
)  # fmt: skip


def strewn(scene: Lit, keep: Image.Image, scale: float, rng: np.random.Generator) -> Lit:
    """Add bars, dots and lines of the display's own colour or any, clear of what `keep` marks."""
    if rng.random() > 0.3:
        return scene
    mask = Image.new("L", scene.surface.size)
    draw = ImageDraw.Draw(mask)
    for _ in range(int(rng.integers(1, 9))):
        _speck(draw, mask.size, scale * rng.uniform(0.2, 0.8), rng)
    mask = ImageChops.subtract(mask, keep)
    if scene.lights and rng.random() < 0.7:
        first = scene.lights[0]
        stray = replace(first, mask=ImageChops.lighter(first.mask, mask))
        return replace(scene, lights=(stray, *scene.lights[1:]))
    surface = scene.surface.copy()
    surface.paste(random_colour(rng), mask=mask)
    return replace(scene, surface=surface)


def hung(scene: Lit, keep: Image.Image, rng: np.random.Generator) -> Lit:
    """Lay a hand, cables or labels before the scene, clear of what `keep` marks."""
    chance = rng.random()
    if chance > 0.45:
        return scene
    size = scene.surface.size
    mask, front = Image.new("L", size), Image.new("RGB", size)
    paint = _hand if chance < 0.15 else _cable if chance < 0.32 else _label
    for _ in range(int(rng.integers(1, 4))):
        piece, colour = Image.new("L", size), Image.new("RGB", size)
        paint(piece, colour, rng)
        if np.any((np.asarray(piece) > 0) & (np.asarray(keep) > 0)):
            continue
        front.paste(colour, mask=piece)
        mask = ImageChops.lighter(mask, piece)
    surface = Image.composite(front, scene.surface, mask)
    return Lit(surface, scene.lights).behind(ImageChops.invert(mask))


def _speck(
    draw: ImageDraw.ImageDraw, size: tuple[int, int], length: float, rng: np.random.Generator
) -> None:
    """A bar, a dot, an arc or a zigzag."""
    x, y = (float(v) for v in rng.uniform(0, 1, 2) * size)
    thick, level = max(1, int(length * rng.uniform(0.08, 0.35))), int(rng.integers(90, 256))
    form = rng.integers(4)
    if form == 0:
        dx, dy = (length, 0.0) if rng.random() < 0.8 else (length * 0.1, length)
        draw.line([x, y, x + dx, y + dy], level, thick)
    elif form == 1:
        draw.ellipse([x, y, x + thick * 1.5, y + thick * 1.5], level)
    elif form == 2:
        start = float(rng.uniform(0, 360))
        draw.arc([x, y, x + length, y + length], start, start + rng.uniform(40, 250), level, thick)
    else:
        path = np.array([x, y]) + np.cumsum(rng.normal(0, 0.4 * length, (4, 2)), axis=0)
        draw.line([(px, py) for px, py in path], level, thick)


def _hand(piece: Image.Image, colour: Image.Image, rng: np.random.Generator) -> None:
    """Fingers, bare or gloved, that reach in from an edge."""
    size = np.array(piece.size)
    draw = ImageDraw.Draw(piece)
    wide, side = rng.uniform(0.06, 0.16) * max(size), int(rng.integers(3))
    tip = rng.uniform(0.1, 0.8, 2) * size
    away = np.array([(-1.0, 0.2), (1.0, 0.2), (0.2, 1.0)][side]) * max(size)
    step = np.array([0, 1.03]) if side < 2 else np.array([1.03, 0])
    for finger in range(int(rng.integers(1, 5))):
        root = tip + finger * wide * step + rng.normal(0, 0.2, 2) * wide
        for part in np.linspace(0, 1, 50):
            x, y = root + part * (away + rng.normal(0, 0.01, 2))
            radius = wide / 2 * (0.92 + 0.4 * part)
            draw.ellipse([x - radius, y - radius, x + radius, y + radius], fill=255)
    skin = shaded(_HANDS[rng.integers(len(_HANDS))], rng.uniform(0.3, 1.0))
    inner = piece.reduce(4).filter(ImageFilter.GaussianBlur(float(wide) / 14)).resize(piece.size)
    colour.paste(shaded(skin, 0.35), (0, 0, *piece.size))
    colour.paste(skin, mask=inner.point([max(0, 2 * i - 255) for i in range(256)]))


def _cable(piece: Image.Image, colour: Image.Image, rng: np.random.Generator) -> None:
    """A cable across the photo, with a bright streak."""
    size = np.array(piece.size)
    start, end = rng.uniform(-0.1, 1.1, 2) * size, rng.uniform(-0.1, 1.1, 2) * size
    part = np.linspace(0, 1, 24)[:, None]
    sag = np.sin(np.pi * part) * rng.normal(0, 0.2, 2) * size
    path = [(float(x), float(y)) for x, y in start + part * (end - start) + sag]
    wide = int(max(2, rng.lognormal(np.log(0.012), 0.6) * max(size)))
    ImageDraw.Draw(piece).line(path, fill=255, width=wide, joint="curve")
    tone = random_colour(rng)
    colour.paste(tone, (0, 0, *piece.size))
    ImageDraw.Draw(colour).line(path, shaded(tone, 1.6), max(1, wide // 3), joint="curve")


def _label(piece: Image.Image, colour: Image.Image, rng: np.random.Generator) -> None:
    """A sticker with a word or a number on it, a little turned."""
    font = typeface(random_face(rng), int(rng.integers(9, 40)))
    text = random_wording(rng)
    wide, high = int(font.getlength(text)) + 12, int(font.getbbox("H8")[3]) + 10
    paper = shaded((240, 236, 220) if rng.random() < 0.6 else random_colour(rng), 1.0)
    label = Image.new("RGB", (wide, high), paper)
    ink = (20, 20, 24) if sum(paper) > 330 else (230, 230, 230)
    ImageDraw.Draw(label).text((6, 3), text, fill=ink, font=font)
    angle = float(rng.normal(0, 6))
    whole = Image.new("L", (wide, high), 255).rotate(angle, expand=True)
    x, y = (int(v) for v in rng.uniform(-0.05, 0.95, 2) * piece.size)
    piece.paste(whole, (x, y))
    colour.paste(label.rotate(angle, expand=True, resample=Image.Resampling.BILINEAR), (x, y))
