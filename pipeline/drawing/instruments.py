"""Instruments of every kind: their displays, and their fronts round them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pipeline.drawing.fittings import FITTINGS, fit_out
from pipeline.drawing.lettering import UNITS, random_face, random_wording
from pipeline.drawing.look import Rgb, shaded
from pipeline.drawing.rows import Row, random_row
from pipeline.drawing.segments import Font
from pipeline.drawing.sheet import Box, Part, Text
from pipeline.drawing.shine import Shine, random_shine
from pipeline.drawing.typeface import wide_font

_BODIES = (
    (26, 26, 28), (48, 50, 54), (84, 88, 92), (130, 132, 132), (176, 178, 178), (214, 214, 208),
    (236, 236, 232), (206, 196, 164), (60, 80, 116), (196, 160, 40), (170, 60, 40), (70, 96, 80),
)  # fmt: skip


@dataclass(frozen=True)
class Panel:
    """A display's window with its rows and the lit or inked signs beside them."""

    window: Box
    shine: Shine
    rows: tuple[Row, ...]
    notes: tuple[Text, ...]


@dataclass(frozen=True)
class Instrument:
    """An instrument on its own plane, whose unit is the height of its largest digits."""

    kind: str
    panels: tuple[Panel, ...]
    parts: tuple[Part, ...]
    bounds: Box

    @property
    def rows(self) -> list[Row]:
        """The rows of all its displays, from the top."""
        return [row for panel in self.panels for row in panel.rows]


@dataclass(frozen=True)
class Recipe:
    """What instruments of a kind have in common."""

    shines: tuple[str, ...]
    least: int  # the fewest and most cells in a row
    most: int
    rows: tuple[float, ...]  # shares of one, two and three rows
    margins: tuple[float, float, float, float]  # most room left, above, right, below
    fittings: tuple[str, ...]
    times: float = 0.0  # share of rows that read a time
    notes: float = 0.3  # share of panels with signs beside their digits


RECIPES = {
    "scale": Recipe(
        ("led", "led", "led", "vfd", "lcd"), 3, 7, (0.6, 0.3, 0.1), (1.5, 1.5, 1.5, 2.5),
        ("keys", "lines", "plate", "lamps"),
    ),
    "module": Recipe(
        ("led", "led", "led", "lcd"), 1, 8, (0.95, 0.05), (0.6, 0.6, 0.6, 0.6),
        ("lines", "plate", "screws", "bars"), 0.15, 0.05,
    ),
    "timer": Recipe(
        ("led", "led", "lcd", "vfd"), 2, 6, (0.6, 0.4), (1.5, 1.5, 1.5, 3.5),
        ("wheels", "wheels", "keys", "lamps", "lines", "knob", "ruler"), 0.4, 0.3,
    ),
    "panel_meter": Recipe(
        ("led", "led", "led", "lcd"), 3, 5, (0.55, 0.3, 0.15), (1.2, 1.2, 1.8, 2.0),
        ("screws", "lines", "keys", "plate", "lamps", "ruler"), 0.0, 0.5,
    ),
    "tester": Recipe(
        ("lcd", "lcd", "lcd", "led"), 3, 5, (0.6, 0.3, 0.1), (1.5, 1.5, 1.5, 5.0),
        ("knob", "keys", "lines", "screws", "plate", "lamps"), 0.0, 0.8,
    ),
    "energy_meter": Recipe(
        ("lcd", "lcd", "lcd", "lcd", "led"), 4, 8, (0.7, 0.25, 0.05), (2.5, 3.0, 2.5, 4.5),
        ("lines", "plate", "barcode", "lamps", "wheels", "screws"), 0.05, 0.85,
    ),
    "clock": Recipe(
        ("led", "lcd", "vfd", "led"), 2, 6, (0.5, 0.3, 0.2), (1.0, 1.0, 1.0, 1.5),
        ("lines", "keys", "plate", "vents", "bars"), 0.7, 0.4,
    ),
}  # fmt: skip


def random_instrument(kind: str, off: bool, rng: np.random.Generator) -> Instrument:
    """Build an instrument of a kind; one that is `off` lights nothing."""
    recipe = RECIPES[kind]
    count = 1 + int(rng.choice(len(recipe.rows), p=recipe.rows))
    rows = [_row(recipe, i, off, rng, wide_font(rng)) for i in range(count)]
    if count > 1 and rng.random() < 0.6:
        rows = [_row(recipe, i, off, rng, rows[0].font) for i in range(count)]
    rows = _stacked(rows, recipe, rng)
    groups = [[row] for row in rows] if rng.random() < 0.4 else [rows]
    shine = random_shine(str(rng.choice(recipe.shines)), rng)
    panels: list[Panel] = []
    for group in groups:
        if panels and rng.random() < 0.5:
            shine = random_shine(str(rng.choice(recipe.shines)), rng)
        panels.append(_panel(group, shine, recipe.notes * (not off), rng))
    return _housed(kind, _apart(panels), recipe, rng)


def _row(recipe: Recipe, index: int, off: bool, rng: np.random.Generator, font: Font) -> Row:
    timed = rng.random() < recipe.times
    style = "blank" if off else "time" if timed else "number"
    most = recipe.most if index == 0 else max(2, recipe.most - 1)
    return random_row(most, style, rng, font, recipe.least)


def _stacked(rows: list[Row], recipe: Recipe, rng: np.random.Generator) -> list[Row]:
    """Place rows one below the other, the first or the second the largest."""
    like = rng.random() < 0.35
    heights = [1.0 if like or i == 0 else float(rng.uniform(0.35, 1.0)) for i in range(len(rows))]
    if rng.random() < 0.3:
        heights.reverse()
    side, y, placed = rng.random(), 0.0, []
    widest = max(row.width * high for row, high in zip(rows, heights, strict=True))
    for row, high in zip(rows, heights, strict=True):
        placed.append(row.at(side * (widest - row.width * high), y, high))
        y += high + float(rng.uniform(0.3, 1.0)) * max(high, 0.6)
    return placed


def _panel(rows: list[Row], shine: Shine, notes: float, rng: np.random.Generator) -> Panel:
    """Put a window round rows, with room for signs where it has any."""
    left, top = min(r.x + min(0, r.font.slant) for r in rows), min(r.y for r in rows)
    right, bottom = max(r.x + r.width for r in rows), max(r.y + r.height for r in rows)
    noted = rng.random() < notes
    rim = rng.uniform(0.12, 0.5, 4) + rng.uniform(0, 0.9, 4) * noted * (rng.random(4) < 0.6)
    if rng.random() < 0.15:
        rim[0] += rng.uniform(0, 2)
    last = 2.6 * max(r.point for r in rows)
    x0, y0, x1, y1 = left - rim[0], top - rim[1], right + rim[2] + last, bottom + rim[3]
    radius = float(rng.choice([0.0, 0.1]))
    window = Box(x0, y0, x1, y1, shine.panel, radius)
    signs: list[Text] = []
    if noted:
        inner = Box(left - 0.08, top - 0.08, right + last + 0.05, bottom + 0.05, None)
        signs = _signs(window, inner, rng)
    return Panel(window, shine, tuple(rows), tuple(signs))


def _signs(window: Box, inner: Box, rng: np.random.Generator) -> list[Text]:
    """Set units and signs into the rim between a window and what its digits fill."""
    rims = (
        Box(window.left, window.top, window.right, inner.top, None),
        Box(window.left, inner.bottom, window.right, window.bottom, None),
        Box(inner.right, inner.top, window.right, inner.bottom, None),
        Box(window.left, inner.top, inner.left, inner.bottom, None),
    )
    face = str(rng.choice(["DejaVuSans", "DejaVuSans-Bold", "DejaVuSansMono"]))
    signs = []
    for rim in rims:
        wide, high = rim.right - rim.left, rim.bottom - rim.top
        size = min(high * 0.8, 0.7, wide * 0.6) * rng.uniform(0.6, 1.0)
        if size < 0.12 or rng.random() < 0.15:
            continue
        x, y = rim.left + 0.04, rim.top + rng.uniform(0.05, 1) * max(0.0, high - 1.25 * size)
        for _ in range(int(rng.integers(1, 5))):
            text = str(rng.choice(UNITS)) if rng.random() < 0.85 else random_wording(rng)[:8]
            long = 0.65 * size * len(text)
            x += rng.uniform(0, 0.6) * max(0.0, rim.right - x - long)
            if x + long > rim.right + 0.3 * size:
                break
            signs.append(Text(x, y, size, text, (255, 255, 255), face))
            x += long + 0.3 * size
    return signs


def _apart(panels: list[Panel]) -> list[Panel]:
    """Move panels down so that none covers the one above it."""
    moved: list[Panel] = []
    for panel in panels:
        down = 0.0
        if moved:
            down = max(0.0, moved[-1].window.bottom + 0.15 - panel.window.top)
        window = panel.window
        moved.append(
            Panel(
                replace(window, top=window.top + down, bottom=window.bottom + down),
                panel.shine,
                tuple(row.at(row.x, row.y + down) for row in panel.rows),
                tuple(replace(note, y=note.y + down) for note in panel.notes),
            )
        )
    return moved


def _housed(kind: str, panels: list[Panel], recipe: Recipe, rng: np.random.Generator) -> Instrument:
    """Build the front round the windows, and fit out the room on its four sides."""
    x0, y0 = min(p.window.left for p in panels), min(p.window.top for p in panels)
    x1, y1 = max(p.window.right for p in panels), max(p.window.bottom for p in panels)
    rim = 0.2 + rng.uniform(0, 1, 4) * recipe.margins
    bounds = Box(x0 - rim[0], y0 - rim[1], x1 + rim[2], y1 + rim[3], None, rng.uniform(0, 0.3))
    body = shaded(_BODIES[rng.integers(len(_BODIES))], rng.uniform(0.7, 1.1))
    ink: Rgb = (30, 30, 34) if sum(body) > 300 else (225, 225, 220)
    names = recipe.fittings if rng.random() < 0.7 else tuple(FITTINGS)
    wide = (bounds.left, bounds.right) if rng.random() < 0.5 else (x0, x1)
    areas = (
        Box(wide[0], bounds.top, wide[1], y0 - 0.1, None),
        Box(wide[0], y1 + 0.1, wide[1], bounds.bottom, None),
        Box(bounds.left, y0, x0 - 0.1, y1, None),
        Box(x1 + 0.1, y0, bounds.right, y1, None),
    )
    parts: list[Part] = [bounds.grown(0, shaded(body, 1.15)), bounds.grown(-0.05, body)]
    for area in areas:
        parts += fit_out(area, names, ink, rng)
    for panel in panels:
        parts += _bezel(panel.window, body, ink, rng)
    return Instrument(kind, tuple(panels), tuple(parts), bounds)


def _bezel(window: Box, body: Rgb, ink: Rgb, rng: np.random.Generator) -> list[Part]:
    """A frame round a window, and now and then a word on it."""
    shade = int(rng.integers(5, 70))
    dark: Rgb = (shade, shade, shade + 3) if rng.random() < 0.7 else shaded(body, 0.7)
    parts: list[Part] = [window.grown(rng.uniform(0.02, 0.12), dark)]
    if rng.random() < 0.3:
        size = rng.uniform(0.12, 0.3)
        place = (rng.uniform(window.left, window.right - 0.5), window.top - size * 1.2)
        parts.append(Text(*place, size, random_wording(rng), ink, random_face(rng)))
    return parts
