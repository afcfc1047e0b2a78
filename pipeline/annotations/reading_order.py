"""The order in which a person reads a photo's digits: rows from the top, each from the left."""

from __future__ import annotations

from pipeline.images.box import Box

_SAME_ROW_OVERLAP = 0.5


def reading_order(boxes: list[Box]) -> list[tuple[int, int]]:
    """Return (row, column) from 0 on for each box.

    A box continues the row whose last box it overlaps most in height, by at least half of the
    lower of the two: following neighbours, so that a tilted display is still one row.
    """
    rows: list[list[int]] = []
    for index in sorted(range(len(boxes)), key=lambda i: (_middle(boxes[i], 0), boxes[i])):
        overlaps = [_vertical_overlap(boxes[row[-1]], boxes[index]) for row in rows]
        best = max(range(len(rows)), key=overlaps.__getitem__, default=None)
        if best is None or overlaps[best] < _SAME_ROW_OVERLAP:
            rows.append([index])
        else:
            rows[best].append(index)
    rows.sort(key=lambda row: sum(_middle(boxes[i], 1) for i in row) / len(row))
    places = {index: (r, c) for r, row in enumerate(rows) for c, index in enumerate(row)}
    return [places[index] for index in range(len(boxes))]


def _middle(box: Box, axis: int) -> float:
    return (box[axis] + box[axis + 2]) / 2


def _vertical_overlap(a: Box, b: Box) -> float:
    shared = min(a.ymax, b.ymax) - max(a.ymin, b.ymin)
    return shared / min(a.height, b.height)
