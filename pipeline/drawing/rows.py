"""One row of a display: what it reads, and where its segments, points and colons lie."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pipeline.drawing.canvas import rectangle
from pipeline.drawing.display import Shape
from pipeline.drawing.segments import Font, Points, lean, outlines
from pipeline.drawing.typeface import LETTERS, may_lose, segments_of

_WORDS = (
    "Err",
    "E",
    "H",
    "P",
    "F",
    "L",
    "on",
    "oFF",
    "HoLd",
    "Lo",
    "Pr",
    "LoAd",
    "End",
    "ACC",
    "AL",
)
_COLON_ROOM = 0.22  # what a colon takes between two digits, in digit heights


@dataclass(frozen=True)
class Place:
    """One cell: a digit, a letter, "-" or a blank, and what is lit behind it: "", "." or ":"."""

    character: str
    after: str = ""


@dataclass(frozen=True)
class Row:
    """Cells side by side on an instrument's plane; (x, y) is the first cell's top left corner."""

    places: tuple[Place, ...]
    font: Font
    pitch: float  # from one cell to the next, in digit heights
    point: float  # radius of points and colons, in digit heights
    square_points: bool
    beads: int  # how many lamps make up a segment; 0 where it is one bar
    height: float = 1.0
    x: float = 0.0
    y: float = 0.0

    @property
    def lefts(self) -> list[float]:
        """Where each cell begins, in digit heights from the row's left end."""
        lefts, now = [], 0.0
        for place in self.places:
            lefts.append(now)
            now += self.pitch + (_COLON_ROOM if place.after == ":" else 0)
        return lefts

    @property
    def width(self) -> float:
        """The row's extent from its first cell's base to its last cell's tip, on the plane."""
        return (self.lefts[-1] + self.font.width + max(0.0, self.font.slant)) * self.height

    def at(self, x: float, y: float, height: float | None = None) -> Row:
        """Move the row's top left corner, and set its digits' height where one is given."""
        return replace(self, x=x, y=y, height=self.height if height is None else height)


@dataclass(frozen=True)
class Frame:
    """A digit of a row: its column, and its frame on the plane, clockwise from the top left."""

    column: int
    label: str
    after: str
    corners: Points


def random_row(most: int, style: str, rng: np.random.Generator, font: Font, least: int = 1) -> Row:
    """Draw a row of up to `most` cells: a "number", a "time", or "blank" cells alone."""
    cells = int(rng.integers(min(least, most), most + 1))
    if style == "blank":
        places = [Place(" ")] * cells
    elif style == "time":
        places = _time(most, rng)
    elif rng.random() < 0.05:
        places = _words(cells, rng)
    else:
        places = _number(cells, rng)
    room = rng.uniform(0.1, 0.42) if rng.random() < 0.85 else rng.uniform(0.4, 0.9)
    point = font.thickness * rng.uniform(0.45, 0.75)
    square, beads = bool(rng.random() < 0.3), 0
    if rng.random() < 0.04 and font.thickness > 0.08:
        beads = int(rng.integers(3, 6))
    return Row(tuple(places), font, font.width + room, point, square, beads)


def lit_shapes(row: Row, rng: np.random.Generator, unevenness: float) -> list[Shape]:
    """List the lit segments and points of a row, each a little darker than the brightest.

    Now and then cells of a multiplexed display are caught dark, or one segment is dead where
    the digit stays plain.
    """
    shapes = outlines(row.font)
    lit = []
    caught = rng.random(len(row.places)) if rng.random() < 0.06 else np.ones(len(row.places))
    for left, place, share in zip(row.lefts, row.places, caught, strict=True):
        cell = float(np.clip(share * 1.2, 0.45, 1.0))
        for name in segments_of(place.character, row.font):
            level = cell * float(np.clip(1 - abs(rng.normal(0, unevenness)), 0.45, 1))
            lit.append(Shape(_placed(row, _beaded(shapes[name], row), left), level))
        lit += [Shape(_placed(row, dot, left), cell) for dot in _dots(row, place.after)]
    if rng.random() < 0.04:
        _weaken(row, lit, rng)
    return lit


def ghost_shapes(row: Row) -> list[Shape]:
    """List every segment and point that the row could light."""
    shapes = [_beaded(shape, row) for shape in outlines(row.font).values()]
    every = []
    for left, place in zip(row.lefts, row.places, strict=True):
        dots = _dots(row, place.after or ".")
        every += [Shape(_placed(row, shape, left), 1.0) for shape in [*shapes, *dots]]
    return every


def frames(row: Row) -> list[Frame]:
    """Frame the digits and minus signs of a row by their lit segments, along the cell's slant."""
    upright = outlines(replace(row.font, slant=0.0))
    found = []
    for column, (left, place) in enumerate(zip(row.lefts, row.places, strict=True)):
        if place.character == " " or (place.character in LETTERS and place.character != "-"):
            continue
        lit = np.vstack([upright[name] for name in segments_of(place.character, row.font)])
        (x0, y0), (x1, y1) = lit.min(axis=0), lit.max(axis=0)
        corners = lean(np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]]), row.font)
        found.append(Frame(column, place.character, place.after, _placed(row, corners, left)))
    return found


def _placed(row: Row, outline: Points, left: float) -> Points:
    return np.asarray((outline + np.array([left, 0])) * row.height + np.array([row.x, row.y]))


def _beaded(outline: Points, row: Row) -> Points:
    """Outline a segment, or the lamps along it as one path, out and back by their centres."""
    if not row.beads:
        return outline
    low, high = outline.min(axis=0), outline.max(axis=0)
    level = np.ptp(outline[:, 0]) > np.ptp(outline[:, 1])
    half = row.font.thickness / 2
    upper = outline[outline[:, 1] < (low[1] + high[1]) / 2].mean(axis=0)
    lower = outline[outline[:, 1] > (low[1] + high[1]) / 2].mean(axis=0)
    middle = (low + high) / 2
    start = np.array([low[0] + half, middle[1]]) if level else np.array([upper[0], low[1] + half])
    end = np.array([high[0] - half, middle[1]]) if level else np.array([lower[0], high[1] - half])
    turn = np.linspace(0, 2 * np.pi, 11)
    apart = np.hypot(*(end - start)) / (row.beads - 1)
    bead = min(0.95 * half, 0.48 * apart) * np.column_stack([np.cos(turn), np.sin(turn)])
    centres = np.linspace(start, end, row.beads)
    path = [piece for centre in centres for piece in (centre + bead, centre[None])]
    return np.vstack([*path, centres[::-1]])


def _dots(row: Row, after: str) -> list[Points]:
    """Outline a cell's point or colon, in digit heights from the cell's corner."""
    radius, room = row.point, row.pitch - row.font.width
    x = row.font.width + max(min(room / 2, 1.6 * radius), room * 0.35)
    centres = [(x, 1 - radius)] if after == "." else []
    if after == ":":
        x = row.font.width + (room + _COLON_ROOM) / 2
        centres = [(x, 0.3), (x, 0.7)]
    turn = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    round_dot = radius * np.column_stack([np.cos(turn), np.sin(turn)])
    square = rectangle(-radius, -radius, 2 * radius, 2 * radius)
    dot = square if row.square_points else round_dot
    return [lean(dot + np.array(centre), row.font) for centre in centres]


def _weaken(row: Row, lit: list[Shape], rng: np.random.Generator) -> None:
    """Darken one segment of the row where its digit stays plain; `lit` begins with its cells."""
    index, able = 0, []
    for place in row.places:
        for name in segments_of(place.character, row.font):
            if place.character in "0123456789" and may_lose(place.character, name, row.font):
                able.append(index)
            index += 1
        index += len(_dots(row, place.after))
    if able:
        weak = int(rng.choice(able))
        lit[weak] = Shape(lit[weak].outline, float(rng.uniform(0, 0.4)))


def _number(cells: int, rng: np.random.Generator) -> list[Place]:
    """A reading: a decimal point mostly, blanks or zeros before it, now and then a minus."""
    digits = cells if rng.random() < 0.6 else int(rng.integers(1, cells + 1))
    text = [str(d) for d in rng.integers(0, 10, digits)]
    if digits > 2 and rng.random() < 0.15:
        text[: digits // 2] = ["0"] * (digits // 2)
    if rng.random() < 0.08:
        text = [str(rng.integers(0, 10))] * digits
    minus = digits < cells and rng.random() < 0.2
    if minus:
        text.insert(0, "-")
    if not minus and digits < cells and rng.random() < 0.12:
        text.insert(0, str(rng.choice(list("EHPFLnrtAC"))))
    text = [" "] * (cells - len(text)) + text
    point = len(text) - 1 - int(rng.choice([0, 1, 2, 3], p=[0.1, 0.5, 0.3, 0.1]))
    pointed = rng.random() < 0.7 and point >= 0 and text[point].isdigit()
    return [Place(c, "." if pointed and i == point else "") for i, c in enumerate(text)]


def _time(most: int, rng: np.random.Generator) -> list[Place]:
    """A time of day or a time left, such as 12:34 or 01:23:45."""
    hours, minutes = int(rng.integers(0, 24)), int(rng.integers(0, 60))
    text = f"{hours:02d}" if rng.random() < 0.6 else f"{hours:2d}"
    groups = [text, f"{minutes:02d}"]
    if most >= 6 and rng.random() < 0.35:
        groups.append(f"{rng.integers(0, 60):02d}")
    places = []
    for i, group in enumerate(groups):
        between = ":" if i < len(groups) - 1 else ""
        places += [Place(group[0]), Place(group[1], between)]
    return places


def _words(cells: int, rng: np.random.Generator) -> list[Place]:
    """A message, or minus signs in every cell."""
    if rng.random() < 0.3:
        return [Place("-")] * cells
    word = str(rng.choice(_WORDS))
    number = str(rng.integers(0, 100)) if rng.random() < 0.6 else ""
    letters = [c if c in LETTERS or c.isdigit() else " " for c in word + number]
    return [Place(c) for c in letters]
