"""People's boxes are loose, and not round every digit: what a good locator makes of them.

Some draw a 1 with its bars alone, some with its whole cell, many half a digit beside. A locator
that must unlearn where it sees digits, to please such boxes, first reads worse.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray

from pipeline.learning.hardware import map_alone
from pipeline.learning.team import ALONE, Team
from pipeline.reading.finding import Found, find
from pipeline.reading.geometry import Floats
from pipeline.reading.network import Locator
from pipeline.reading.rows import find_rows
from pipeline.reading.scenes import Scene

# What is found counts for a labelled digit from this merit on; and for digits that nobody labelled
# from the other one on, so many in a row: a single one is more often a shape that is none.
_SEEN, _SURE, _FEWEST = 0.3, 0.5, 2
# Both are one digit where the middles are so near, in widths and heights, and the heights so alike.
_ACROSS, _DOWN, _LIKE_HEIGHT = 0.6, 0.3, 0.7


def settle_labels(
    locator: Locator, scenes: Sequence[Scene], cores: int | None = None, team: Team = ALONE
) -> list[Scene]:
    """The same photos and labels, each box where `locator` sees its digit, if it does.

    A row of digits that it sees and nobody labelled is neither digit nor background. What it takes
    for a single digit stays background: it learns what is none. Each process of a team looks at its
    share of the photos.
    """
    settle = partial(_settle, locator.eval())
    share = scenes[team.rank :: team.size]
    settled = team.gather(list(map_alone(settle, share, torch.device("cpu"), cores)))
    return [
        replace(scene, boxes=boxes).doubting(unsure)
        for scene, (boxes, unsure) in zip(scenes, settled, strict=True)
    ]


def _settle(locator: Locator, scene: Scene) -> tuple[Floats, Floats]:
    """The boxes of a scene's digits, moved, and the edges of what may be others."""
    found = find(locator, scene.sizes)
    pairs = _pairs(scene.boxes, found)
    boxes = scene.boxes.copy()
    for label, seen in pairs.items():
        boxes[label] = found.boxes[seen]
    labelled = _near_any(found.boxes, scene.boxes)
    rows = find_rows(found.take((found.merits > _SURE) & ~labelled))
    unknown = [box for row in rows if len(row.digits) >= _FEWEST for box in row.digits.boxes]
    edges = [np.concatenate([box[:2] - box[2:] / 2, box[:2] + box[2:] / 2]) for box in unknown]
    return boxes, np.array(edges).reshape(-1, 4)


def _pairs(labelled: Floats, found: Found) -> dict[int, int]:
    """For each labelled digit that is found, what was found; each counts for one."""
    pairs: dict[int, int] = {}
    for seen in np.argsort(-found.merits, kind="stable").tolist():
        if found.merits[seen] < _SEEN:
            break
        near = np.flatnonzero(_near(found.boxes[seen], labelled))
        free = [int(label) for label in near if int(label) not in pairs]
        if free:
            x = found.boxes[seen, 0]
            pairs[min(free, key=lambda label: abs(labelled[label, 0] - x))] = seen
    return pairs


def _near(box: Floats, labelled: Floats) -> NDArray[np.bool_]:
    apart = np.abs(labelled[:, :2] - box[:2])
    reach = np.maximum(labelled[:, 2:], box[2:]) * [_ACROSS, _DOWN]
    tall = box[3] / labelled[:, 3]
    alike = (tall > _LIKE_HEIGHT) & (tall < 1 / _LIKE_HEIGHT)
    return np.asarray((apart < reach).all(axis=1) & alike)


def _near_any(boxes: Floats, labelled: Floats) -> NDArray[np.bool_]:
    """Which boxes have their middle in or near to a labelled one."""
    if not len(labelled):
        return np.zeros(len(boxes), bool)
    apart = np.abs(boxes[:, None, :2] - labelled[None, :, :2])
    reach = np.maximum(boxes[:, None, 2:], labelled[None, :, 2:]) * 0.6
    return np.asarray(np.any(np.all(apart < reach, axis=2), axis=1))
