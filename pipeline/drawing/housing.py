"""A scale's front: windows, bezel, case, keys and print, on the display's plane."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from pipeline.drawing.canvas import (
    Homography,
    Size,
    polygon_mask,
    polygon_picture,
    project,
    rectangle,
)
from pipeline.drawing.display import Display
from pipeline.drawing.look import Rgb, shaded
from pipeline.drawing.segments import Points

_COLOURS = (
    (196, 196, 190),
    (168, 170, 172),
    (120, 124, 128),
    (70, 76, 84),
    (40, 42, 46),
    (52, 74, 104),
    (204, 192, 160),
    (92, 100, 84),
    (24, 24, 26),
)
_DARK_INK, _LIGHT_INK = (30, 30, 34), (225, 225, 220)
_ROW_NAMES = (("GROSS", "NET"), ("WEIGHT", "TARE"), ("NET", "GROSS"), ("SET", "ACTUAL"))
_KEYS = ("ZERO", "TARE", "NET/G", "HOLD", "PRINT", "CLR", "ON", "MODE", "SET")
_PLATES = ("MAX 60kg  e=0.01kg", "DIGITAL INDICATOR", "MAX 150kg  d=0.02kg", "COUNTER WEIGHT 2")
_PRINT_RESOLUTION = 48  # the print sheet's pixels a digit height


@dataclass(frozen=True)
class Housing:
    """The front of a scale; all outlines on the display's plane, in digit heights."""

    windows: tuple[Points, ...]
    case: Points
    keys: tuple[Points, ...]
    bezel: float  # the frame's size as a factor of its window's
    body: Rgb
    key_colour: Rgb
    bezel_colour: Rgb


def random_housing(display: Display, rng: np.random.Generator) -> Housing:
    """Build a housing round a display, with keys below it on most."""
    windows = _windows(display, rng)
    left, top, right, bottom = _bounds(windows)
    keyed = rng.random() < 0.6
    rim = rng.uniform(0.3, 1.6, 4)
    case = rectangle(
        left - rim[0],
        top - rim[1],
        right - left + rim[0] + rim[2],
        bottom - top + rim[1] + rim[3] + 1.2 * keyed,
        rng.uniform(0.05, 0.25),
    )
    places = np.linspace(left, right, int(rng.integers(4, 7)))[: -1 if keyed else 0]
    shade = int(rng.integers(8, 60))
    return Housing(
        windows=windows,
        case=case,
        keys=tuple(rectangle(x, bottom + 0.45, 0.6, 0.4, 0.06) for x in places),
        bezel=rng.uniform(1.03, 1.09),
        body=_COLOURS[rng.integers(len(_COLOURS))],
        key_colour=_COLOURS[rng.integers(len(_COLOURS))],
        bezel_colour=(shade, shade, shade + 3),
    )


def paint_housing(
    housing: Housing, view: Homography, size: Size, rng: np.random.Generator
) -> tuple[Image.Image, Image.Image]:
    """Paint a housing as seen in a photo: its picture ("RGB") and where it lies ("L")."""
    shadow = housing.case + np.array([0.06, 0.10])
    parts = [
        (shadow, shaded(housing.body, 0.35)),
        (housing.case, shaded(housing.body, 1.15)),
        (_grown(housing.case, 0.975, 0.975), housing.body),
        *(
            (_grown(w, housing.bezel, housing.bezel * 1.04), housing.bezel_colour)
            for w in housing.windows
        ),
        *((key, housing.key_colour) for key in housing.keys),
    ]
    picture = polygon_picture(size, [(project(view, part), colour) for part, colour in parts])
    picture.paste(
        _DARK_INK if sum(housing.body) > 300 else _LIGHT_INK, mask=_print(housing, view, size, rng)
    )
    mask = polygon_mask(size, [(project(view, part), 1.0) for part in (shadow, housing.case)])
    return picture, mask


def _windows(display: Display, rng: np.random.Generator) -> tuple[Points, ...]:
    """One window round all rows, or one a row where the rows stand far enough apart."""
    side, edge = rng.uniform(0.15, 0.7), rng.uniform(0.14, 0.4)
    width, radius = display.width + 2 * side, float(rng.choice([0.0, 0.08]))
    pitch = (display.height - 1) / max(1, display.rows - 1)
    if display.rows > 1 and pitch > 1.55 and rng.random() < 0.8:
        edge = min(edge, (pitch - 1) * 0.35)
        return tuple(
            rectangle(-side, row * pitch - edge, width, 1 + 2 * edge, radius)
            for row in range(display.rows)
        )
    return (rectangle(-side, -edge, width, display.height + 2 * edge, radius),)


def _bounds(outlines: tuple[Points, ...]) -> tuple[float, float, float, float]:
    corners = np.vstack(outlines)
    (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
    return float(left), float(top), float(right), float(bottom)


def _grown(outline: Points, across: float, down: float) -> Points:
    centre: Points = outline.mean(axis=0)
    return centre + (outline - centre) * (across, down)


def _print(housing: Housing, view: Homography, size: Size, rng: np.random.Generator) -> Image.Image:
    """Print the rows' names, the unit, the keys' names and the plate, as an "L" mask."""
    left, top, right, bottom = _bounds(housing.windows)
    origin = np.array([left - 1.6, top - 1.0])
    width, height = (np.array([right + 1.6, bottom + 1.8]) - origin) * _PRINT_RESOLUTION
    sheet = Image.new("L", (int(width), int(height)))
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(size=float(rng.uniform(9, 14)))
    for x, y, text in _texts(housing, rng):
        place = (np.array([x, y]) - origin) * _PRINT_RESOLUTION
        draw.text((place[0], place[1]), text, fill=int(rng.integers(150, 256)), font=font)
    to_plane = np.diag([1 / _PRINT_RESOLUTION, 1 / _PRINT_RESOLUTION, 1.0])
    to_plane[:2, 2] = origin
    back = np.linalg.inv(view @ to_plane)
    coefficients = (back / back[2, 2]).ravel()[:8].tolist()
    return sheet.transform(
        size, Image.Transform.PERSPECTIVE, coefficients, Image.Resampling.BILINEAR
    )


def _texts(housing: Housing, rng: np.random.Generator) -> list[tuple[float, float, str]]:
    """Place the texts of a housing: left, top and wording of each."""
    _, top, right, _ = _bounds(housing.windows)
    texts = [(right - 2.2, top - 0.75, _PLATES[rng.integers(len(_PLATES))])]
    names = _ROW_NAMES[rng.integers(len(_ROW_NAMES))]
    ceiling = top - 1.0
    for window, name in zip(housing.windows, names, strict=False):
        x0, y0, x1, y1 = _bounds((window,))
        texts.append((x1 + 0.25, (y0 + y1) / 2, name if rng.random() < 0.3 else "kg"))
        if y0 - ceiling > 0.6:
            texts.append((x0, y0 - 0.46, name))
        ceiling = y1
    for key in housing.keys:
        x0, *_, y1 = _bounds((key,))
        texts.append((x0 + 0.05, y1 + 0.06, str(rng.choice(_KEYS))))
    return texts
