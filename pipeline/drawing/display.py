"""What a scale shows: its readings in rows of cells, and where each segment lies."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pipeline.drawing.segments import (
    SEGMENTS,
    Font,
    Points,
    lit_segments,
    outlines,
    point_outline,
    random_font,
)
from pipeline.images.segments import LIT

MOST_DIGITS = 12
LONGEST_ROW = 6


@dataclass(frozen=True)
class Cell:
    """One place for a digit: what it shows, and the top left corner of its upright frame."""

    character: str  # a digit or a blank
    row: int
    point: bool  # whether the decimal point behind it is lit
    x: float
    y: float


@dataclass(frozen=True)
class Display:
    """The cells of a display; lengths are in digit heights, (0, 0) its top left cell's corner."""

    font: Font
    cells: tuple[Cell, ...]
    point_gap: float
    width: float
    height: float
    rows: int

    @cached_property
    def segments(self) -> dict[str, Points]:
        """Outlines of one cell's segments, by name."""
        return outlines(self.font)


@dataclass(frozen=True)
class Shape:
    """A segment or decimal point on the display's plane, and how strongly it shines (0..1)."""

    outline: Points
    level: float


def random_display(digits: int, rng: np.random.Generator) -> Display:
    """Lay out a display that shows exactly `digits` digits, 1 to MOST_DIGITS, in one or two rows.

    Blank cells may stand before the first digit of a row.
    """
    font = random_font(rng)
    texts, places = _readings(digits, rng)
    pitch = font.width + rng.uniform(0.16, 0.34)
    row_pitch = rng.uniform(1.25, 1.9)
    cells = tuple(
        Cell(
            character,
            row,
            len(text) - 1 - column == places and column < len(text) - 1,
            column * pitch,
            row * row_pitch,
        )
        for row, text in enumerate(texts)
        for column, character in enumerate(text)
    )
    width = (len(texts[0]) - 1) * pitch + font.width + font.slant
    height = (len(texts) - 1) * row_pitch + 1
    return Display(font, cells, rng.uniform(0.01, 0.04), width, height, len(texts))


def shining(display: Display, rng: np.random.Generator) -> list[Shape]:
    """List the lit segments and points, unevenly bright as their ages differ.

    Now and then one segment is faint, or dead where that leaves no other digit's picture.
    """
    shapes = display.segments
    point = point_outline(display.font, display.point_gap)
    spread = rng.uniform(0.0, 0.10)
    levels = {
        (index, name): float(np.clip(1 - abs(rng.normal(0, spread)), 0.3, 1))
        for index, cell in enumerate(display.cells)
        for name in lit_segments(cell.character, display.font)
    }
    if rng.random() < 0.05:
        levels |= _weak_segment(display, rng)
    lit = [
        Shape(shapes[name] + _corner(display.cells[index]), level)
        for (index, name), level in levels.items()
    ]
    points = [Shape(point + _corner(cell), 1.0) for cell in display.cells if cell.point]
    return lit + points


def unlit(display: Display) -> list[Shape]:
    """List every segment and point of every cell, as the dark display shows them."""
    shapes = [*display.segments.values(), point_outline(display.font, display.point_gap)]
    return [Shape(shape + _corner(cell), 1.0) for cell in display.cells for shape in shapes]


def cell_outline(display: Display, cell: Cell, lit_only: bool) -> Points:
    """Collect the corners (n, 2) of a cell's seven segments, or of its lit ones alone."""
    names = lit_segments(cell.character, display.font) if lit_only else SEGMENTS
    return np.vstack([display.segments[name] for name in names]) + _corner(cell)


def _corner(cell: Cell) -> Points:
    return np.array([cell.x, cell.y])


def _weak_segment(display: Display, rng: np.random.Generator) -> dict[tuple[int, str], float]:
    shown = [i for i, cell in enumerate(display.cells) if cell.character != " "]
    index = int(rng.choice(shown))
    lit = lit_segments(display.cells[index].character, display.font)
    name = str(rng.choice(list(lit)))
    misleading = set(lit) - {name} in [set(other) for other in LIT.values()]
    level = rng.uniform(0.25, 0.6) if misleading else rng.uniform(0.0, 0.6)
    return {(index, name): float(level)}


def _readings(digits: int, rng: np.random.Generator) -> tuple[list[str], int]:
    """Share the digits between the rows; returns the rows' texts and the decimal places."""
    two_rows = digits > LONGEST_ROW or (digits > 3 and rng.random() < 0.15)
    counts = [(digits + 1) // 2, digits // 2] if two_rows else [digits]
    if rng.random() < 0.5:
        counts.reverse()
    places = min(int(rng.choice([0, 1, 2, 3], p=[0.08, 0.22, 0.60, 0.10])), min(counts) - 1)
    texts = [_weight(count, places, rng) for count in counts]
    if two_rows and counts[0] == counts[1] and rng.random() < 0.55:
        texts[1] = texts[0]  # nothing tared: gross and net agree
    length = max(4 if digits > 2 and rng.random() < 0.85 else 1, *(len(text) for text in texts))
    return [text.rjust(length) for text in texts], places


def _weight(count: int, places: int, rng: np.random.Generator) -> str:
    """Draw a reading of `count` digits; only "0." or a zero-padded display begins with 0."""
    padded = count - places <= 1 or rng.random() < 0.15
    first = int(rng.integers(0 if padded else 1, 10))
    return str(first) + "".join(str(digit) for digit in rng.integers(0, 10, count - 1))
