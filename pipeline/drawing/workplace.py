"""Photos of instruments of every kind at work, with the place of every lit digit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from pipeline.drawing.canvas import Size, project
from pipeline.drawing.clutter import hung, strewn
from pipeline.drawing.exposure import filed, random_camera, take
from pipeline.drawing.instruments import RECIPES, random_instrument
from pipeline.drawing.rows import frames
from pipeline.drawing.segments import Points
from pipeline.drawing.setting import set_scene, soiled
from pipeline.drawing.staging import LEAST_PIXELS, Stand, random_stand, stands_clear
from pipeline.drawing.stamp import stamped

KINDS: tuple[str, ...] = tuple(RECIPES)
_SIZES: tuple[Size, ...] = (
    (480, 360), (640, 480), (320, 240), (480, 320), (640, 360), (360, 480), (480, 640),
    (240, 320), (400, 400), (320, 200),
)  # fmt: skip
_SIZE_SHARES = (0.34, 0.06, 0.12, 0.12, 0.08, 0.08, 0.02, 0.06, 0.06, 0.06)
_AWAY, _OFF = 0.01, 0.03


@dataclass(frozen=True)
class Glyph:
    """A lit digit or minus sign of a photo.

    `corners` (4, 2) are float pixels, clockwise from the top left, of its lit segments' frame
    along the digit's own axes; `display` numbers the photo's rows, `column` the row's places,
    both from 0; `after` is what is lit behind it: "", "." or ":".
    """

    label: str
    corners: Points
    display: int
    column: int
    after: str


@dataclass(frozen=True)
class DrawnPhoto:
    """An upright RGB photo, its lit digits, and the kind of instrument it shows."""

    picture: Image.Image
    glyphs: list[Glyph]
    kind: str


def draw_workplace(seed: int, index: int, kinds: Sequence[str] = KINDS) -> DrawnPhoto:
    """Draw a photo of an instrument of one of `kinds`; the same arguments give the same photo."""
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(index,)))
    size = _SIZES[rng.choice(len(_SIZES), p=_SIZE_SHARES)]
    kind = str(rng.choice(list(kinds)))
    stands = _stands(kind, kinds, size, rng)
    glyphs = _glyphs(stands, size)
    camera = random_camera(_smallest(stands, glyphs), rng)
    keep = _marked(glyphs, size)
    scene = set_scene(stands, size, rng)
    scene = strewn(scene, keep, stands[0].scale if stands else 30.0, rng)
    if glyphs and rng.random() < 0.5:
        scene = soiled(scene, stands, np.vstack([glyph.corners for glyph in glyphs]), rng)
    scene = hung(scene, keep, rng)
    picture = take(scene, camera, rng)
    if rng.random() < 0.12:
        picture = stamped(picture, keep, rng)
    return DrawnPhoto(filed(picture, camera), glyphs, kind)


def _stands(kind: str, kinds: Sequence[str], size: Size, rng: np.random.Generator) -> list[Stand]:
    """Stand an instrument before the camera, or none where it is away, or a second behind it."""
    if rng.random() < _AWAY:
        return []
    off = bool(rng.random() < _OFF)
    stands = [random_stand(random_instrument(kind, off, rng), size, rng)]
    tries = 4 if rng.random() < 0.3 else 0
    for _ in range(tries):
        other = random_instrument(str(rng.choice(list(kinds))), off, rng)
        stand = random_stand(other, size, rng)
        if stands_clear(stands[0], stand):
            return [*stands, stand]
    return stands


def _glyphs(stands: list[Stand], size: Size) -> list[Glyph]:
    """List the digits that lie in the photo with at least three fifths of their frame."""
    rows = [(stand.view, row) for stand in stands for row in stand.instrument.rows]
    glyphs = [
        Glyph(f.label, project(view, f.corners), number, f.column, f.after)
        for number, (view, row) in enumerate(rows)
        for f in frames(row)
    ]
    return [glyph for glyph in glyphs if _share_within(glyph.corners, size) >= 0.6]


def _share_within(corners: Points, size: Size) -> float:
    """Estimate the share of a quadrilateral that lies in the photo."""
    part = (np.arange(16) + 0.5) / 16
    across, down = np.meshgrid(part, part)
    weights = [(1 - across) * (1 - down), across * (1 - down), across * down, (1 - across) * down]
    points = sum(w[..., None] * corner for w, corner in zip(weights, corners, strict=True))
    inside = np.all((np.asarray(points) >= 0) & (np.asarray(points) < np.array(size)), axis=2)
    return float(inside.mean())


def _smallest(stands: list[Stand], glyphs: list[Glyph]) -> float:
    """The height in pixels of the photo's smallest digit."""
    heights = [np.hypot(*(g.corners[3] - g.corners[0])) for g in glyphs if g.label != "-"]
    return float(min(heights, default=max([LEAST_PIXELS, *(stand.scale for stand in stands)])))


def _marked(glyphs: list[Glyph], size: Size) -> Image.Image:
    """Mark the digits and a rim round each, as an "L" mask."""
    mask = Image.new("L", size)
    draw = ImageDraw.Draw(mask)
    for glyph in glyphs:
        centre: npt.NDArray[np.float64] = glyph.corners.mean(axis=0)
        grown = centre + (glyph.corners - centre) * (1.6, 1.3)
        draw.polygon([(x, y) for x, y in grown], fill=255)
    return mask
