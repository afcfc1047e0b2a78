"""What instruments carry besides their display: keys, knobs, plates, thumbwheels, terminals."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from pipeline.drawing.lettering import random_face, random_number, random_wording
from pipeline.drawing.look import Rgb, shaded
from pipeline.drawing.sheet import Box, Disc, Part, Stroke, Text

_BRIGHT = ((220, 40, 30), (240, 200, 40), (40, 160, 70), (40, 80, 190), (230, 120, 30))
_DIGITLIKE = ({2}, {3}, {6}, {0, 3}, {0, 2, 3}, {0, 1, 2, 3})  # of the sides in `_bars`
_PLAIN = ((20, 20, 22), (60, 62, 66), (150, 152, 150), (235, 235, 228), (190, 180, 150))


def fit_out(area: Box, names: tuple[str, ...], ink: Rgb, rng: np.random.Generator) -> list[Part]:
    """Fill an area of a front with one to three fittings side by side or one below the other."""
    wide, high = area.right - area.left, area.bottom - area.top
    if min(wide, high) < 0.12 or rng.random() < 0.12:
        return []
    pieces = 1 + int(rng.integers(0, max(1, min(3, round(max(wide, high) / min(wide, high))))))
    cuts = np.linspace(0, 1, pieces + 1)
    parts: list[Part] = []
    for begin, end in pairwise(cuts):
        x0, x1 = (begin, end) if wide >= high else (0, 1)
        y0, y1 = (0, 1) if wide >= high else (begin, end)
        gap = 0.06 * min(wide, high)
        piece = Box(
            area.left + x0 * wide + gap, area.top + y0 * high + gap,
            area.left + x1 * wide - gap, area.top + y1 * high - gap, None,
        )  # fmt: skip
        parts += FITTINGS[str(rng.choice(names))](piece, ink, rng)
    return parts


def _grid(
    area: Box, columns: int, rows: int, fill: float
) -> list[tuple[float, float, float, float]]:
    """Cut an area into cells, of which a share is filled: left, top, width, height of each."""
    wide, high = (area.right - area.left) / columns, (area.bottom - area.top) / rows
    dx, dy = wide * (1 - fill) / 2, high * (1 - fill) / 2
    return [
        (area.left + c * wide + dx, area.top + r * high + dy, wide * fill, high * fill)
        for r in range(rows)
        for c in range(columns)
    ]


def _count(area: Box, rng: np.random.Generator) -> tuple[int, int]:
    """Choose columns and rows so that cells are not far from square."""
    wide, high = area.right - area.left, area.bottom - area.top
    unit = min(wide, high) / rng.integers(1, 4)
    return int(np.clip(wide / unit, 1, 6)), int(np.clip(high / unit, 1, 6))


def _colour(rng: np.random.Generator) -> Rgb:
    kinds = _BRIGHT if rng.random() < 0.35 else _PLAIN
    return shaded(kinds[rng.integers(len(kinds))], rng.uniform(0.6, 1.1))


def _contrast(colour: Rgb) -> Rgb:
    return (25, 25, 28) if sum(colour) > 330 else (232, 232, 226)


def _lines(area: Box, ink: Rgb, rng: np.random.Generator) -> list[Part]:
    """Lines of print, large or small."""
    high = area.bottom - area.top
    count = int(rng.integers(1, 6))
    size = high / count * rng.uniform(0.55, 0.9)
    face = random_face(rng)
    return [
        Text(area.left + rng.exponential(0.05), area.top + i * high / count, size,
             random_wording(rng), ink, face)
        for i in range(count)
    ]  # fmt: skip


def _plate(area: Box, ink: Rgb, rng: np.random.Generator) -> list[Part]:
    """A label of its own colour with print on it, upended at times."""
    colour = _colour(rng)
    plate = Box(area.left, area.top, area.right, area.bottom, colour)
    inner = plate.grown(-0.08 * min(area.right - area.left, area.bottom - area.top))
    if area.bottom - area.top > 1.5 * (area.right - area.left):
        size = (inner.right - inner.left) * 0.6
        text = random_wording(rng)
        return [plate, Text(inner.left, inner.top, size, text, _contrast(colour), "", True)]
    return [plate, *_lines(inner, _contrast(colour), rng)]


def _keys(area: Box, _ink: Rgb, rng: np.random.Generator) -> list[Part]:
    """Push buttons, bare, named or numbered."""
    colour, style = _colour(rng), rng.integers(4)
    columns, rows = _count(area, rng)
    parts: list[Part] = []
    for i, (x, y, wide, high) in enumerate(_grid(area, columns, rows, rng.uniform(0.55, 0.9))):
        parts.append(Box(x, y, x + wide, y + high, colour, min(wide, high) * rng.uniform(0, 0.3)))
        size = min(high * 0.6, wide * 0.5)
        text = (str(i % 10), random_wording(rng)[:5], "▲▼◄►"[i % 4], "")[style]
        face = "DejaVuSans-Bold" if style == 2 else ""
        parts.append(Text(x + wide * 0.2, y + high * 0.15, size, text, _contrast(colour), face))
    return parts


def _wheels(area: Box, ink: Rgb, rng: np.random.Generator) -> list[Part]:
    """Thumbwheels or a mechanical counter: printed digits in dark or white windows."""
    wide, high = area.right - area.left, area.bottom - area.top
    count = int(np.clip(wide / high * rng.uniform(1.0, 1.8), 1, 8))
    face, drums = random_face(rng), rng.random() < 0.5
    back = _PLAIN[0] if rng.random() < 0.6 else _PLAIN[3]
    parts: list[Part] = [Box(area.left, area.top, area.right, area.bottom, shaded(ink, 0.5))]
    for i, (x, y, w, h) in enumerate(_grid(area, count, 1, rng.uniform(0.7, 0.95))):
        top, tall = (y, h) if drums else (y + 0.25 * h, 0.5 * h)
        colour = (150, 20, 20) if drums and i == count - 1 else back
        parts.append(Box(x, top, x + w, top + tall, colour))
        shift = rng.uniform(-0.2, 0.2) if drums else 0
        size = min(tall * 0.9, w * 1.2)
        digit = str(rng.integers(0, 10))
        parts.append(Text(x + w * 0.2, top + shift * tall, size, digit, _contrast(colour), face))
        if not drums:
            parts += [
                Text(x + w * 0.3, y + side * h, h * 0.2, sign, _contrast(ink), "")
                for side, sign in ((0.0, "+"), (0.78, "-"))
            ]
    return parts


def _knob(area: Box, ink: Rgb, rng: np.random.Generator) -> list[Part]:
    """A rotary switch with a pointer, its positions printed round it."""
    x, y = (area.left + area.right) / 2, (area.top + area.bottom) / 2
    radius = min(area.right - area.left, area.bottom - area.top) * rng.uniform(0.22, 0.36)
    colour, turn = _colour(rng), rng.uniform(0, 2 * np.pi)
    parts: list[Part] = []
    for angle in np.linspace(0.7, 2 * np.pi - 0.7, int(rng.integers(3, 11))) + np.pi / 2:
        dx, dy = float(np.cos(angle)), float(np.sin(angle))
        ends = tuple((x + dx * radius * f, y + dy * radius * f) for f in (1.08, 1.2))
        parts.append(Stroke(ends, ink, radius * 0.04))
        size = radius * rng.uniform(0.2, 0.4)
        place = (x + dx * radius * 1.4 - size / 2, y + dy * radius * 1.4 - size / 2)
        parts.append(Text(*place, size, random_number(rng)[:4], ink, ""))
    tip = (x + radius * 0.9 * float(np.cos(turn)), y + radius * 0.9 * float(np.sin(turn)))
    return [
        *parts,
        Disc(x, y, radius * 1.05, shaded(colour, 0.5)),
        Disc(x, y, radius, colour),
        Stroke(((x, y), tip), _contrast(colour), radius * 0.14),
    ]


def _screws(area: Box, _ink: Rgb, rng: np.random.Generator) -> list[Part]:
    """Screw terminals, sockets or plain screws in a row."""
    columns, rows = _count(area, rng)
    colour, socket = _colour(rng), rng.random() < 0.4
    parts: list[Part] = []
    for x, y, wide, high in _grid(area, columns, rows, rng.uniform(0.5, 0.9)):
        cx, cy, radius = x + wide / 2, y + high / 2, min(wide, high) * 0.4
        parts.append(Disc(cx, cy, radius * 1.15, shaded(colour, 0.5)))
        parts.append(Disc(cx, cy, radius, colour if socket else (176, 174, 168)))
        if socket:
            parts.append(Disc(cx, cy, radius * 0.5, (16, 16, 16)))
        else:
            turn = rng.uniform(0, np.pi)
            dx, dy = radius * float(np.cos(turn)), radius * float(np.sin(turn))
            parts.append(Stroke(((cx - dx, cy - dy), (cx + dx, cy + dy)), (50, 48, 46), radius / 4))
    return parts


def _barcode(area: Box, _ink: Rgb, rng: np.random.Generator) -> list[Part]:
    """Bars with their number below."""
    high = area.bottom - area.top
    parts: list[Part] = [Box(area.left, area.top, area.right, area.bottom, (236, 236, 230))]
    x, unit = area.left, (area.right - area.left) / 90
    while x < area.right - 4 * unit:
        wide = unit * int(rng.integers(1, 4))
        parts.append(Box(x, area.top + 0.05 * high, x + wide, area.top + 0.7 * high, (20, 20, 20)))
        x += wide + unit * int(rng.integers(1, 4))
    number = "".join(str(d) for d in rng.integers(0, 10, 8))
    place = (area.left + 6 * unit, area.top + 0.7 * high)
    parts.append(Text(*place, 0.28 * high, number, (20, 20, 20), random_face(rng)))
    return parts


def _ruler(area: Box, ink: Rgb, rng: np.random.Generator) -> list[Part]:
    """Scale marks with numbers."""
    wide, high = area.right - area.left, area.bottom - area.top
    parts: list[Part] = []
    first, step = int(rng.integers(0, 20)), int(rng.choice([1, 2, 5, 10]))
    for i in range(21):
        x, long = area.left + wide * i / 21, 0.4 if i % 5 == 0 else 0.2
        parts.append(Stroke(((x, area.top), (x, area.top + long * high)), ink, wide / 300))
        if i % 5 == 0:
            text = str(first + step * i // 5)
            parts.append(Text(x, area.top + 0.45 * high, 0.5 * high, text, ink, ""))
    return parts


def _vents(area: Box, ink: Rgb, rng: np.random.Generator) -> list[Part]:
    """Slots in rows or columns."""
    count = int(rng.integers(3, 10))
    upright = rng.random() < 0.5
    columns, rows = (count, 1) if upright else (1, count)
    cells = _grid(area, columns, rows, rng.uniform(0.4, 0.8))
    dark = shaded(ink, rng.uniform(0.2, 1.0))
    return [Box(x, y, x + w, y + h, dark, min(w, h) * 0.4) for x, y, w, h in cells]


def _lamps(area: Box, ink: Rgb, rng: np.random.Generator) -> list[Part]:
    """Signal lamps, lit or dark, with their names."""
    columns, rows = _count(area, rng)
    parts: list[Part] = []
    for x, y, wide, high in _grid(area, columns, rows, 0.8):
        radius = min(wide, high) * rng.uniform(0.12, 0.3)
        colour = shaded(_BRIGHT[rng.integers(len(_BRIGHT))], rng.choice([0.3, 1.2]))
        parts.append(Disc(x + wide / 2, y + high * 0.35, radius, colour))
        size = high * 0.25
        parts.append(Text(x + wide * 0.2, y + high * 0.7, size, random_wording(rng)[:4], ink, ""))
    return parts


def _dial(area: Box, _ink: Rgb, rng: np.random.Generator) -> list[Part]:
    """A pointer gauge: a pale disc, marks, numbers and a needle."""
    x, y = (area.left + area.right) / 2, (area.top + area.bottom) / 2
    radius = min(area.right - area.left, area.bottom - area.top) * 0.46
    dark, step = (24, 24, 26), int(rng.choice([1, 2, 5, 10, 20, 50]))
    parts: list[Part] = [
        Disc(x, y, radius * 1.06, _colour(rng)),
        Disc(x, y, radius, (238, 238, 230)),
    ]
    for i, angle in enumerate(np.linspace(0.75 * np.pi, 2.25 * np.pi, 31)):
        dx, dy = float(np.cos(angle)) * radius, float(np.sin(angle)) * radius
        inner = 0.82 if i % 5 == 0 else 0.9
        parts.append(
            Stroke(((x + inner * dx, y + inner * dy), (x + dx, y + dy)), dark, radius / 40)
        )
        if i % 5 == 0:
            place = (x + 0.65 * dx - radius * 0.1, y + 0.65 * dy - radius * 0.1)
            parts.append(Text(*place, radius * 0.2, str(i // 5 * step), dark, ""))
    turn = rng.uniform(0.75, 2.25) * np.pi
    tip = (x + 0.9 * radius * float(np.cos(turn)), y + 0.9 * radius * float(np.sin(turn)))
    red = (200, 30, 24) if rng.random() < 0.4 else dark
    return [*parts, Stroke(((x, y), tip), red, radius / 20), Disc(x, y, radius * 0.09, dark)]


def _table(area: Box, ink: Rgb, rng: np.random.Generator) -> list[Part]:
    """A calendar, a table or a dense page: small print in columns, ruled at times."""
    columns, rows = int(rng.integers(2, 8)), int(rng.integers(3, 9))
    wide, high = (area.right - area.left) / columns, (area.bottom - area.top) / rows
    face, size = random_face(rng), min(high * 0.8, wide * 0.5)
    first, numbered = int(rng.integers(0, 30)), rng.random() < 0.6
    parts: list[Part] = []
    for i, (x, y, _, _) in enumerate(_grid(area, columns, rows, 0.9)):
        text = str(first + i) if numbered else random_wording(rng)[: int(wide / size * 1.7)]
        parts.append(Text(x, y, size, text, ink, face))
    if rng.random() < 0.5:
        for j in range(rows + 1):
            y = area.top + j * high
            parts.append(Stroke(((area.left, y), (area.right, y)), ink, high * 0.03))
    return parts


def _bars(area: Box, ink: Rgb, rng: np.random.Generator) -> list[Part]:
    """Bars, ladders and frames that look like segments and read nothing."""
    columns, rows = _count(area, rng)
    parts: list[Part] = []
    for x, y, w, h in _grid(area, columns, rows, rng.uniform(0.6, 0.9)):
        sides = [((x, y), (x + w, y)), ((x, y + h), (x + w, y + h)), ((x, y), (x, y + h)),
                 ((x + w, y), (x + w, y + h)), ((x, y + h / 2), (x + w, y + h / 2)),
                 ((x, y + h), (x + w, y)), ((x + w / 2, y), (x + w / 2, y + h))]  # fmt: skip
        chosen = rng.choice(len(sides), int(rng.integers(1, 4)), replace=False)
        if set(chosen.tolist()) in _DIGITLIKE:
            continue
        parts += [Stroke(sides[int(i)], ink, min(w, h) * 0.12) for i in chosen]
    return parts


FITTINGS: dict[str, Callable[[Box, Rgb, np.random.Generator], list[Part]]] = {
    "lines": _lines,
    "plate": _plate,
    "keys": _keys,
    "wheels": _wheels,
    "knob": _knob,
    "screws": _screws,
    "barcode": _barcode,
    "ruler": _ruler,
    "vents": _vents,
    "lamps": _lamps,
    "bars": _bars,
    "dial": _dial,
    "table": _table,
}
