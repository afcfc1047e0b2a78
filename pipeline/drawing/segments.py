"""Seven-segment fonts: which segments a digit lights, and each segment's outline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from pipeline.images.segments import LIT

Points = npt.NDArray[np.float64]
EndStyle = Literal["mitred", "bevelled", "square", "round"]

SEGMENTS = "abcdefg"
# The tails that some makers leave out or add: 6 and 9 without their bar, 7 with a hook.
VARIANT = {"6": "cdefg", "9": "abcfg", "7": "abcf"}

# Each segment runs from one node of the cell (column, row) to another, its outer side on the left.
_NODES = {
    "a": ((0, 0), (1, 0)),
    "b": ((1, 0), (1, 1)),
    "c": ((1, 1), (1, 2)),
    "d": ((1, 2), (0, 2)),
    "e": ((0, 2), (0, 1)),
    "f": ((0, 1), (0, 0)),
    "g": ((0, 1), (1, 1)),
}


@dataclass(frozen=True)
class Font:
    """The shape of a seven-segment digit; every length is in digit heights."""

    width: float
    thickness: float
    gap: float
    slant: float  # the shift of the top edge to the right
    ends: EndStyle
    variants: str  # the digits drawn with their uncommon tail, e.g. "7" or "69"


def random_font(rng: np.random.Generator) -> Font:
    """Draw a font such as is found on LED modules and LCD glasses."""
    slanted = rng.random() < 0.65
    width = float(rng.uniform(0.38, 0.64))
    return Font(
        width=width,
        thickness=float(np.clip(rng.normal(0.112, 0.03), 0.06, 0.28 * width)),
        gap=float(rng.uniform(0.004, 0.028)),
        slant=float(np.tan(np.radians(rng.uniform(3, 12)))) if slanted else 0.0,
        ends=("mitred", "bevelled", "square", "round")[rng.choice(4, p=[0.30, 0.45, 0.10, 0.15])],
        variants="".join(d for d, p in (("6", 0.08), ("9", 0.08), ("7", 0.10)) if rng.random() < p),
    )


def lit_segments(character: str, font: Font) -> str:
    """Name the segments that a digit or a blank lights in a font."""
    return VARIANT[character] if character in font.variants else LIT.get(character, "")


def outlines(font: Font) -> dict[str, Points]:
    """Outline the seven segments of a cell.

    Returns a closed polygon (n, 2) a segment, x and y in digit heights with y downwards; the
    upright cell spans [0, width] x [0, 1] and leans to the right by the font's slant.
    """
    half = font.thickness / 2
    xs, ys = (half, font.width - half), (half, 0.5, 1 - half)
    shapes = {}
    for name, nodes in _NODES.items():
        start, end = (np.array([xs[column], ys[row]]) for column, row in nodes)
        head = _end(font, name, nodes[1][1])
        tail = _end(font, name, nodes[0][1])
        along = (end - start) / np.hypot(*(end - start))
        outer = np.array([along[1], -along[0]])
        ahead = end + head[:, :1] * along + head[:, 1:] * outer
        behind = start - tail[::-1, :1] * along + tail[::-1, 1:] * outer
        shapes[name] = lean(np.vstack([ahead, behind]), font)
    return shapes


def point_outline(font: Font, gap: float) -> Points:
    """Outline the decimal point to the right of a cell, `gap` digit heights away from it."""
    radius = font.thickness * 0.58
    angles = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    centre = np.array([font.width + gap + radius, 1 - radius])
    return lean(centre + radius * np.column_stack([np.cos(angles), np.sin(angles)]), font)


def lean(points: Points, font: Font) -> Points:
    """Shift points to the right in proportion to their height above the base line."""
    return points + np.column_stack([(1 - points[:, 1]) * font.slant, np.zeros(len(points))])


def _end(font: Font, name: str, row: int) -> Points:
    """One end's profile: (past the node, towards the outer side), from outer to inner side."""
    half, gap = font.thickness / 2, font.gap
    level = name in "adg"
    if font.ends == "round":
        turn = np.linspace(np.pi / 2, -np.pi / 2, 9)
        return np.column_stack([half * (np.cos(turn) - 0.8) - gap, half * np.sin(turn)])
    if font.ends == "square":
        reach = -half - gap if level else (half if row != 1 else -gap)
        return np.array([[reach, half], [reach, -half]])
    if font.ends == "mitred" or name == "g":
        return np.array([[-half - gap, half], [-gap, 0], [-half - gap, -half]])
    reach = half - 2 * gap if row != 1 else -gap
    return np.array([[reach, half], [-half - gap, -half]])
