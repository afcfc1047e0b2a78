"""What the locator learns from: squares cut out of photos, turned, scaled and relit at random."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from pipeline.reading.geometry import Floats, Part, turned
from pipeline.reading.light import relight
from pipeline.reading.network import STRIDE
from pipeline.reading.scenes import Scene

SIDE = 128
# Heights in pixels of the digits that a crop is centred on, and of those that count as digits on
# it. A digit a little outside of that is neither a digit nor background.
LEARNT = (12.0, 48.0)
COUNTED = (10.0, 56.0)
_NEITHER = (6.0, 84.0)
# Of a digit that is cut by the crop's edge, what must be seen for it to count.
_SEEN = 0.7
# How many crops are centred on a digit, its middle so far inside; the others are anywhere.
_ON_A_DIGIT, _INSIDE = 0.8, 10
_ANYWHERE = (48.0, 640.0)
# How far a photo is turned at random, in degrees; how often, and otherwise how much less.
_TILT, _TILTED, _LESS = 25.0, 0.3, 0.3
# How far it is sheared and stretched, as shares of its size.
_SHEAR, _ASPECT = 0.15, 0.15
# Where a crop reaches beyond its photo, how often another photo is seen behind.
_ON_ANOTHER = 0.7
# Of a digit behind another photo, what must be covered for nothing of it to be seen.
_HIDDEN = 0.97
_CELLS = SIDE // STRIDE
_CORNERS = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) / 2


class Crops(NamedTuple):
    """A batch of crops and what there is to say of their cells.

    `pictures` (batch, 3, SIDE, SIDE) in 0..1; `heat` (batch, cells, cells): 1 at a digit's middle,
    falling around it; `counts`: false where nothing is known; `owner` (batch, cells, cells): for a
    cell near a digit's middle its row in `digits`, else -1. `digits` (n, 5): middle and size in
    cells, and the number of the sign.
    """

    pictures: Tensor
    heat: Tensor
    counts: Tensor
    owner: Tensor
    digits: Tensor


def draw_crops(scenes: Sequence[Scene], count: int, rng: np.random.Generator) -> Crops:
    """Cut `count` crops out of photos drawn at random, each looked at in its own way."""
    pictures = np.empty((count, SIDE, SIDE, 3), np.uint8)
    targets: list[_Targets] = []
    for number in range(count):
        picture, target = _draw_crop(scenes, rng)
        pictures[number] = np.asarray(picture)
        targets.append(target)
    first = np.cumsum([0] + [len(target.digits) for target in targets])
    owner = [np.where(t.owner >= 0, t.owner + n, -1) for t, n in zip(targets, first, strict=False)]
    digits = np.array([digit for t in targets for digit in t.digits], np.float32).reshape(-1, 5)
    return Crops(
        relight(torch.from_numpy(pictures).permute(0, 3, 1, 2).float().div_(255), rng),
        torch.from_numpy(np.stack([target.heat for target in targets])),
        torch.from_numpy(np.stack([target.counts for target in targets])),
        torch.from_numpy(np.stack(owner)),
        torch.from_numpy(digits),
    )


def _draw_crop(scenes: Sequence[Scene], rng: np.random.Generator) -> tuple[Image.Image, _Targets]:
    """A photo as seen in some way, before another one or a colour where it ends."""
    targets = _Targets()
    scene, view = _random_look(scenes, rng)
    crop = Image.new("RGB", (SIDE, SIDE), tuple(rng.integers(0, 256, 3).tolist()))
    covered = view.mask(scene)
    if covered is not None and rng.random() < _ON_ANOTHER:
        behind, its_view = _random_look(scenes, rng)
        crop.paste(its_view.part.cut(behind.sizes), mask=its_view.mask(behind))
        targets.mark(behind, its_view, hidden=np.asarray(covered) > 0)
    crop.paste(view.part.cut(scene.sizes), mask=covered)
    targets.mark(scene, view)
    return crop, targets


def _random_look(scenes: Sequence[Scene], rng: np.random.Generator) -> tuple[Scene, _View]:
    scene = scenes[int(rng.integers(len(scenes)))]
    if len(scene.boxes) and rng.random() < _ON_A_DIGIT:
        x, y, _, height = scene.boxes[int(rng.integers(len(scene.boxes)))]
        scale = math.exp(rng.uniform(*np.log(LEARNT))) / height
        middle, place = np.array([x, y]), rng.uniform(_INSIDE, SIDE - _INSIDE, 2)
    else:
        scale = math.exp(rng.uniform(*np.log(_ANYWHERE))) / max(scene.photo.size)
        middle, place = rng.uniform(0, 1, 2) * scene.photo.size, np.full(2, SIDE / 2)
    tilt = rng.uniform(-1, 1) * _TILT * (1 if rng.random() < _TILTED else _LESS)
    angle = math.radians(tilt)
    lean = np.array([[1, rng.uniform(-1, 1) * _SHEAR], [0, 1]])
    aspect = np.diag([math.exp(rng.uniform(-1, 1) * _ASPECT), 1.0])
    return scene, _View(scale * turned(angle) @ lean @ aspect, middle, place)


@dataclass(frozen=True)
class _View:
    """How a photo is mapped onto a crop: crop = matrix @ (photo - middle) + place."""

    matrix: Floats
    middle: Floats
    place: Floats

    def map(self, points: Floats) -> Floats:
        return np.asarray((points - self.middle) @ self.matrix.T + self.place)

    @property
    def part(self) -> Part:
        """What of the photo is seen."""
        back: Floats = np.asarray(np.linalg.inv(self.matrix), np.float64)
        return Part(back, self.middle - back @ self.place, (SIDE, SIDE))

    def mask(self, scene: Scene) -> Image.Image | None:
        """Where the photo is seen on the crop; None: everywhere."""
        part = self.part
        corners = (_CORNERS + 0.5) * SIDE @ part.matrix.T + part.offset
        if (corners >= 0).all() and (corners <= scene.photo.size).all():
            return None
        return part.cut_from(Image.new("L", scene.sizes[-1].size, 255), scene.photo.size)


@dataclass
class _Targets:
    """What there is to say of one crop's cells; as in `Crops`."""

    heat: NDArray[np.float32] = field(default_factory=lambda: np.zeros((_CELLS,) * 2, np.float32))
    counts: NDArray[np.bool_] = field(default_factory=lambda: np.ones((_CELLS,) * 2, bool))
    owner: NDArray[np.int64] = field(default_factory=lambda: np.full((_CELLS,) * 2, -1))
    digits: list[Floats] = field(default_factory=list)

    def mark(self, scene: Scene, view: _View, hidden: NDArray[np.bool_] | None = None) -> None:
        """Enter a photo's digits, seen so, where they are not `hidden` by another photo."""
        for box in scene.unsure:
            self._doubt(view, (box[:2] + box[2:]) / 2, box[2:] - box[:2])
        middles = view.map(scene.boxes[:, :2])
        extents = scene.boxes[:, 2:] * np.linalg.norm(view.matrix, axis=0)
        seen = _seen(middles - extents / 2, middles + extents / 2, hidden)
        for index in np.flatnonzero(seen):
            height = extents[index, 1]
            if seen[index] >= _SEEN and COUNTED[0] <= height <= COUNTED[1]:
                self._raise(middles[index] / STRIDE, extents[index] / STRIDE)
                place = np.concatenate([middles[index], extents[index]]) / STRIDE
                self.digits.append(np.append(place, scene.signs[index]))
            elif _NEITHER[0] <= height <= _NEITHER[1]:
                self._doubt(view, scene.boxes[index, :2], scene.boxes[index, 2:])

    def _raise(self, middle: Floats, extent: Floats) -> None:
        """Raise a hill at a digit's middle; the cells near its top are the digit's own."""
        # A 1 is a fifth as wide as high: it learns from the width of another digit's middle.
        spread = np.maximum([max(0.16 * extent[0], 0.07 * extent[1]), 0.13 * extent[1]], 0.35)
        low = np.floor(middle - 3 * spread).clip(0).astype(int)
        high = np.ceil(middle + 3 * spread).clip(0, _CELLS).astype(int)
        if (high <= low).any():
            return
        x = (np.arange(low[0], high[0]) + 0.5 - middle[0]) / spread[0]
        y = (np.arange(low[1], high[1]) + 0.5 - middle[1]) / spread[1]
        hill = np.exp(-0.5 * (x[None, :] ** 2 + y[:, None] ** 2))
        hill /= hill.max()
        window = (slice(low[1], high[1]), slice(low[0], high[0]))
        higher = hill > self.heat[window]
        self.heat[window] = np.where(higher, hill, self.heat[window])
        own = higher & (hill > 0.4)
        self.owner[window] = np.where(own, len(self.digits), self.owner[window])

    def _doubt(self, view: _View, middle: Floats, extent: Floats) -> None:
        """Nothing is known of the cells of a box, given in the photo."""
        corners = view.map(middle + extent * _CORNERS) / STRIDE
        low = np.floor(corners.min(axis=0)).clip(0).astype(int)
        high = np.ceil(corners.max(axis=0)).clip(0).astype(int)
        self.counts[low[1] : high[1], low[0] : high[0]] = False


def _seen(low: Floats, high: Floats, hidden: NDArray[np.bool_] | None) -> Floats:
    """Which share of each box (n,) is on the crop; next to nothing of one that is partly hidden."""
    shares = (np.minimum(high, SIDE) - np.maximum(low, 0)).clip(0).prod(1) / (high - low).prod(1)
    if hidden is None:
        return np.asarray(shares)
    for index in np.flatnonzero(shares):
        left, top = np.rint(low[index]).clip(0, SIDE).astype(int)
        right, bottom = np.rint(high[index]).clip(0, SIDE).astype(int)
        covered = hidden[top:bottom, left:right]
        if covered.any():
            shares[index] = 0 if covered.mean() > _HIDDEN else min(shares[index], 1e-3)
    return np.asarray(shares)
