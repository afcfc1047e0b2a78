"""What the locator and the mark reader are taught: their batches, and what a mistake costs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from pipeline.reading.crops import Crops, draw_crops
from pipeline.reading.light import relight
from pipeline.reading.marks import MarkReader, cut_patch
from pipeline.reading.network import CellLogits, Locator
from pipeline.reading.scenes import Scene
from pipeline.reading.training import Classroom, Lessons, learn

_SMOOTHING = 0.05
# How far a patch lies beside its place: shares of the digit's size, and radians.
_MISPLACED, _MISSIZED, _MISTURNED = 0.07, 0.15, 0.08
# So many of the patches show something, where the photos have it: a point is one in five digits.
_MARKED = 0.5


def teach_locator(
    network: Locator, scenes: Sequence[Scene], lessons: Lessons, room: Classroom
) -> Locator:
    """Teach the locator from photos; returns the average of its weights on the way."""

    def loss(learner: nn.Module, crops: Crops) -> Tensor:
        moved = Crops(*(part.to(room.hardware.device) for part in crops))
        with room.hardware.autocast():
            cells = learner(moved.pictures.contiguous(memory_format=torch.channels_last))
        return locator_loss(cells, moved)

    def draw(rng: np.random.Generator, count: int) -> Crops:
        return draw_crops(scenes, count, rng)

    taught = learn(network, draw, loss, lessons, room)
    assert isinstance(taught, Locator)
    return taught


def locator_loss(cells: CellLogits, crops: Crops) -> Tensor:
    """The loss of a batch: a focal one for digits, one for their boxes, one for their signs.

    The focal loss is CenterNet's (Zhou et al. 2019, arXiv 1904.07850, equation 1), which goes easy
    on cells near a digit's middle.
    """
    found = max(1, len(crops.digits))
    probability = cells.digit.sigmoid().clamp(1e-4, 1 - 1e-4)
    near = -((1 - probability) ** 2) * probability.log()
    away = -((1 - crops.heat) ** 4) * probability**2 * (1 - probability).log()
    focal = (torch.where(crops.heat > 0.999, near, away) * crops.counts).sum() / found
    image, row, column = (crops.owner >= 0).nonzero(as_tuple=True)
    digits = crops.digits[crops.owner[image, row, column]]
    weight = crops.heat[image, row, column]
    weight = weight / weight.sum().clamp(min=1e-6)
    places = torch.stack([column + 0.5, row + 0.5], dim=1)
    wanted = torch.cat([digits[:, :2] - places, digits[:, 2:4].clamp(min=0.1).log()], dim=1)
    box = F.smooth_l1_loss(cells.box[image, :, row, column], wanted, reduction="none", beta=0.2)
    sign = F.cross_entropy(
        cells.sign[image, :, row, column], digits[:, 4].long(), reduction="none",
        label_smoothing=_SMOOTHING,
    )  # fmt: skip
    return focal + (weight * (box.sum(dim=1) + sign)).sum()


def teach_marks(
    network: MarkReader, scenes: Sequence[Scene], lessons: Lessons, room: Classroom
) -> MarkReader:
    """Teach the mark reader from the digits of photos of which it is known what is behind them."""
    known = [
        (s, i) for s, its in enumerate(scenes) for i in np.flatnonzero(its.marks >= 0).tolist()
    ]
    marked = [(s, i) for s, i in known if scenes[s].marks[i] > 0]

    def draw(rng: np.random.Generator, count: int) -> tuple[Tensor, Tensor]:
        patches, marks = [], []
        for _ in range(count):
            those = marked if marked and rng.random() < _MARKED else known
            number, index = those[int(rng.integers(len(those)))]
            patches.append(_misplaced_patch(scenes[number], index, rng))
            marks.append(int(scenes[number].marks[index]))
        unit = torch.from_numpy(np.stack(patches)).permute(0, 3, 1, 2).float().div_(255)
        return relight(unit, rng), torch.tensor(marks)

    def loss(learner: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
        patches, marks = (part.to(room.hardware.device) for part in batch)
        return F.cross_entropy(learner(patches), marks, label_smoothing=_SMOOTHING)

    taught = learn(network, draw, loss, lessons, room)
    assert isinstance(taught, MarkReader)
    return taught


def _misplaced_patch(scene: Scene, index: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """The patch behind a digit, as a locator's box of it would have it: somewhat beside."""
    box = scene.boxes[index].copy()
    height = box[3]
    box[:2] += rng.uniform(-_MISPLACED, _MISPLACED, 2) * height
    box[2:] *= np.exp(rng.uniform(-_MISSIZED, _MISSIZED, 2))
    angle = float(scene.angles[index]) + rng.uniform(-_MISTURNED, _MISTURNED)
    return np.asarray(cut_patch(scene.sizes, box, angle))
