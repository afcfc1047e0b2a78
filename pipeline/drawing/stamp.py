"""The time that a camera writes into a photo's corner."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from pipeline.drawing.canvas import project
from pipeline.drawing.lettering import random_face, random_stamp, typeface
from pipeline.drawing.look import Rgb
from pipeline.drawing.segments import lit_segments, outlines
from pipeline.drawing.typeface import wide_font

_COLOURS = ((255, 230, 60), (255, 150, 30), (255, 255, 255), (255, 90, 40), (250, 250, 120))


def stamped(photo: Image.Image, keep: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Write a time stamp into a corner, unless it would meet what `keep` ("L") marks."""
    wide, high = photo.size
    size = int(np.clip(rng.uniform(0.03, 0.075) * high, 8, 48))
    mask = Image.new("L", photo.size)
    left, right, top, bottom = 0.03 * wide, 0.97 * wide, 0.03 * high, 0.96 * high
    text = random_stamp(rng)
    length = _write(mask, text, size, rng)
    x = left if rng.random() < 0.35 else right - length
    y = top if rng.random() < 0.2 else bottom - size
    placed = Image.new("L", photo.size)
    placed.paste(mask, (int(x), int(y)))
    if np.any(np.asarray(keep)[np.asarray(placed) > 0]):
        return photo
    photo = photo.copy()
    if rng.random() < 0.3:
        shadow: Rgb = (0, 0, 0)
        photo.paste(shadow, (1, 1), placed)
    photo.paste(_COLOURS[rng.integers(len(_COLOURS))], mask=placed)
    return photo


def _write(mask: Image.Image, text: str, size: int, rng: np.random.Generator) -> float:
    """Write at the mask's top left, in print or, at times, in segments; returns the length."""
    draw = ImageDraw.Draw(mask)
    if rng.random() < 0.85:
        font = typeface(random_face(rng), size)
        draw.text((0, 0), text, fill=255, font=font)
        return float(font.getlength(text))
    segments = wide_font(rng)
    shapes, pitch = outlines(segments), (segments.width + 0.25) * size
    for i, character in enumerate(text):
        move = np.array([[size, 0, i * pitch], [0, size, 0], [0, 0, 1.0]])
        for name in "g" if character == "-" else lit_segments(character, segments):
            draw.polygon([(x, y) for x, y in project(move, shapes[name])], fill=255)
    return len(text) * pitch
