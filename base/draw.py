"""Draw photos of what plants have, with what is on them.

base/params.yaml -> base/photos, base/glyphs.csv
"""

from __future__ import annotations

import math
import shutil
from functools import partial
from pathlib import Path

import numpy as np

from base.glyphs import GLYPHS, GlyphRow, load_base_params
from pipeline.drawing.workplace import KINDS, Glyph, draw_workplace
from pipeline.runtime.command import parse_no_options, run
from pipeline.runtime.parallel import map_photos

_PHOTOS = Path("base/photos")


def main() -> None:
    """Draw the photos of training, and those on which the base model is measured."""
    parse_no_options("draw", __doc__)
    params = load_base_params()
    shutil.rmtree(_PHOTOS, ignore_errors=True)
    _PHOTOS.mkdir(parents=True)
    taught = [kind for kind in KINDS if kind != params.held_out]
    rows: list[GlyphRow] = []
    for side, kinds, count in (
        ("train", taught, params.photos),
        ("fresh", taught, params.measured),
        ("held_out", [params.held_out], params.measured),
    ):
        draw = partial(_draw, side=side, kinds=kinds, seed=params.seed)
        for found in map_photos(draw, range(count), side):
            rows.extend(found)
    GLYPHS.write(rows)


def _draw(index: int, side: str, kinds: list[str], seed: int) -> list[GlyphRow]:
    """Draw a photo and save it; returns what is on it, or one row without a label where nothing."""
    photo = draw_workplace(_seed(side, seed), index, kinds)
    name = f"{side}/{photo.kind}-{index:05d}.jpg"
    path = _PHOTOS / name
    path.parent.mkdir(exist_ok=True)
    photo.picture.save(path, quality=95, subsampling=0)
    angles = {}
    for display in {glyph.display for glyph in photo.glyphs}:
        angles[display] = _angle([g.corners for g in photo.glyphs if g.display == display])
    rows = []
    for glyph in photo.glyphs:
        x, y, width, height = (round(value, 2) for value in _extent(glyph, photo.glyphs))
        its = (name, glyph.display, glyph.column, glyph.label, glyph.after)
        if height:
            rows.append(GlyphRow(*its, x, y, width, height, round(angles[glyph.display], 5)))
    return rows or [GlyphRow(name, 0, 0, "", "", 0.0, 0.0, 0.0, 0.0, 0.0)]


def _seed(side: str, seed: int) -> int:
    return 3 * seed + ("train", "fresh", "held_out").index(side)


def _extent(glyph: Glyph, glyphs: list[Glyph]) -> tuple[float, float, float, float]:
    """Middle, width and height of a glyph's frame, in its own directions.

    A minus sign is a bar: it is as high as its row's digits; 0 where it has none, for then nobody
    could tell it from a dash.
    """
    x, y = glyph.corners.mean(axis=0)
    width, height = _size(glyph)
    if glyph.label == "-":
        digits = [its for its in glyphs if its.display == glyph.display and its.label != "-"]
        height = float(np.median([_size(its)[1] for its in digits])) if digits else 0.0
    return float(x), float(y), width, height


def _size(glyph: Glyph) -> tuple[float, float]:
    top, right, bottom, left = (
        float(np.linalg.norm(glyph.corners[(i + 1) % 4] - glyph.corners[i])) for i in range(4)
    )
    return (top + bottom) / 2, (left + right) / 2


def _angle(frames: list[np.ndarray]) -> float:
    """By how much a row of frames falls to the right, radians: the mean of their edges' angles."""
    edges = [frame[right] - frame[left] for frame in map(np.asarray, frames)
             for left, right in ((0, 1), (3, 2))]  # fmt: skip
    total = np.sum(edges, axis=0)
    return math.atan2(total[1], total[0])


if __name__ == "__main__":
    run(main)
