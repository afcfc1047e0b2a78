"""The order in which a person reads a photo's digits: rows from the top, each from the left."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.images.box import Box

_SAME_ROW_OVERLAP = 0.5


def reading_order(boxes: list[Box]) -> list[tuple[int, int]]:
    """Return (row, column) from 0 on for each box.

    A box continues the row whose last box it overlaps most in height, by at least half of the
    lower of the two: following neighbours, so that a tilted display is still one row.
    """
    rows: list[list[int]] = []
    # Top and bottom of each row's last box; a row at a time would be slow with thousands of rows.
    last = np.empty((2, len(boxes)))
    for index in sorted(range(len(boxes)), key=lambda i: (_middle(boxes[i], 0), boxes[i])):
        box = boxes[index]
        overlaps = _vertical_overlaps(last[:, : len(rows)], box)
        best = int(overlaps.argmax()) if rows else 0
        if not rows or overlaps[best] < _SAME_ROW_OVERLAP:
            best = len(rows)
            rows.append([])
        rows[best].append(index)
        last[:, best] = box.ymin, box.ymax
    rows.sort(key=lambda row: sum(_middle(boxes[i], 1) for i in row) / len(row))
    places = {index: (r, c) for r, row in enumerate(rows) for c, index in enumerate(row)}
    return [places[index] for index in range(len(boxes))]


def _middle(box: Box, axis: int) -> float:
    return (box[axis] + box[axis + 2]) / 2


def _vertical_overlaps(others: NDArray[np.float64], box: Box) -> NDArray[np.float64]:
    """What a box shares in height with `others` (tops and bottoms), of the lower of the two."""
    tops, bottoms = others
    shared = np.minimum(bottoms, box.ymax) - np.maximum(tops, box.ymin)
    overlaps: NDArray[np.float64] = shared / np.minimum(bottoms - tops, box.height)
    return overlaps
