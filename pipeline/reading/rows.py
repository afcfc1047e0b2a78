"""Digits that stand beside each other: rows, tilted as they may be."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pipeline.reading.finding import Found
from pipeline.reading.geometry import Floats

# Neighbours are of like height, so near, so little above or below each other (in heights; the last
# also as a share of their distance).
_LIKE_HEIGHT = 0.68
_FARTHEST = 2.6
_STEP, _SLOPE = 0.75, 0.7
_STEEPEST = math.radians(35)


@dataclass(frozen=True)
class Row:
    """Digits from the left to the right; `angle`: by how much it falls to the right, radians."""

    digits: Found
    angle: float

    @property
    def height(self) -> float:
        """The digits' median height in pixels."""
        return float(np.median(self.digits.boxes[:, 3]))

    @property
    def middle(self) -> Floats:
        """Halfway between the first digit and the last (2,)."""
        return np.asarray((self.digits.boxes[0, :2] + self.digits.boxes[-1, :2]) / 2)

    @property
    def merit(self) -> float:
        """What makes it likelier to be the display that is meant: sure digits, and many."""
        return float(self.digits.merits.mean() * math.sqrt(len(self.digits)))


def find_rows(found: Found) -> list[Row]:
    """Digits as rows, the best first: each digit is linked to the next on its right, if mutual."""
    if not len(found):
        return []
    cost = _link_costs(found.boxes)
    right, left = cost.argmin(axis=1), cost.argmin(axis=0)
    numbers = np.arange(len(found))
    follows = np.isfinite(cost[numbers, right]) & (left[right] == numbers)
    starts = set(numbers.tolist()) - set(right[follows].tolist())
    rows = []
    for start in sorted(starts):
        chain = [start]
        while follows[chain[-1]]:
            chain.append(int(right[chain[-1]]))
        digits = found.take(np.array(chain))
        rows.append(Row(digits, _angle(digits)))
    return sorted(rows, key=lambda row: -row.merit)


def _link_costs(boxes: Floats) -> Floats:
    """How far it is from each digit to each that may be the next in its row (n, n), else inf."""
    x, y, _, height = boxes.T
    dx, dy = x[None, :] - x[:, None], np.abs(y[None, :] - y[:, None])
    larger = np.maximum(height[None, :], height[:, None])
    alike = np.minimum(height[None, :], height[:, None]) > _LIKE_HEIGHT * larger
    near = (dx > 0.1 * larger) & (dx < _FARTHEST * larger)
    level = (dy < _STEP * larger) & (dy < _SLOPE * dx)
    return np.where(alike & near & level, dx + 2 * dy, np.inf)


def _angle(digits: Found) -> float:
    """The slope of the line through the digits' middles; of one digit there is none."""
    if len(digits) < 2:
        return 0.0
    x, y = (digits.boxes[:, axis] - digits.boxes[:, axis].mean() for axis in (0, 1))
    slope = math.atan2(float((x * y).sum()), float((x * x).sum()))
    return max(-_STEEPEST, min(_STEEPEST, slope))
