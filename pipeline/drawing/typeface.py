"""Seven-segment typefaces of every maker: widths, weights, tails, and letters beside digits."""

from __future__ import annotations

import numpy as np

from pipeline.drawing.segments import VARIANT, Font, lit_segments, random_font
from pipeline.images.segments import LIT

# What displays spell besides numbers; none lights the segments of a digit.
LETTERS = {
    "A": "abcefg",
    "C": "adef",
    "E": "adefg",
    "F": "aefg",
    "H": "bcefg",
    "L": "def",
    "P": "abefg",
    "U": "bcdef",
    "c": "deg",
    "d": "bcdeg",
    "n": "ceg",
    "o": "cdeg",
    "r": "eg",
    "t": "defg",
    "-": "g",
    "_": "d",
}


def wide_font(rng: np.random.Generator) -> Font:
    """Draw a font of any maker: narrow or broad, hairline or bold, upright or far aslant."""
    if rng.random() < 0.3:
        return random_font(rng)
    width = float(rng.uniform(0.34, 0.76))
    slant = float(rng.choice([0.0, rng.uniform(0, 12), rng.uniform(-3, 18)], p=[0.35, 0.5, 0.15]))
    return Font(
        width=width,
        thickness=float(np.clip(rng.lognormal(np.log(0.11), 0.35), 0.045, 0.33 * width)),
        gap=float(rng.choice([0.0, rng.uniform(0.0, 0.025), rng.uniform(0.02, 0.05)])),
        slant=float(np.tan(np.radians(slant))),
        ends=("mitred", "bevelled", "square", "round")[rng.choice(4, p=[0.32, 0.36, 0.16, 0.16])],
        variants="".join(d for d, p in (("6", 0.1), ("9", 0.1), ("7", 0.2)) if rng.random() < p),
    )


def segments_of(character: str, font: Font) -> str:
    """Name the segments that a digit, a letter or a blank lights in a font."""
    return LETTERS.get(character) or lit_segments(character, font)


def may_lose(character: str, segment: str, font: Font) -> bool:
    """Tell whether a digit without one of its segments still looks like no other character."""
    rest = set(segments_of(character, font)) - {segment}
    pictures = {name: set(lit) for name, lit in LIT.items()}
    others = [*(set(lit) for lit in VARIANT.values()), *(set(lit) for lit in LETTERS.values())]
    if rest in [*pictures.values(), *others]:
        return False
    near = [name for name, lit in pictures.items() if rest < lit and len(lit - rest) == 1]
    return near == [character]
