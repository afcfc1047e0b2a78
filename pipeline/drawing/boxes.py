"""The boxes that a person draws round a photo's digits."""

from __future__ import annotations

import numpy as np

from pipeline.drawing.canvas import Homography, Size, project
from pipeline.drawing.display import Cell, Display, cell_outline
from pipeline.drawing.look import Look
from pipeline.images.box import Box, LabelledBox


def draw_boxes(
    display: Display, look: Look, view: Homography, size: Size, rng: np.random.Generator
) -> list[LabelledBox]:
    """Box every digit of a display by hand: nearly tight, in no particular order.

    One photo's boxes are of one habit: tighter or looser, and a 1 with its lit bars alone or,
    mostly where its unlit segments are seen, with its whole cell.
    """
    slack = float(rng.uniform(0.03, 0.07)) if rng.random() < 0.2 else float(rng.uniform(0, 0.02))
    narrow_ones = rng.random() < (0.25 if look.shows_unlit() else 0.85)
    digits = [cell for cell in display.cells if cell.character != " "]
    order = rng.permutation(len(digits))
    return [_box(display, digits[i], view, size, slack, narrow_ones, rng) for i in order]


def _box(
    display: Display,
    cell: Cell,
    view: Homography,
    size: Size,
    slack: float,
    narrow_ones: bool,
    rng: np.random.Generator,
) -> LabelledBox:
    corners = project(view, cell_outline(display, cell, narrow_ones and cell.character == "1"))
    low, high = corners.min(axis=0), corners.max(axis=0)
    margin = slack * (high - low).max() + rng.normal(0, 0.9, (2, 2)).clip(-2, 2)
    xmin, ymin = np.maximum(np.rint(low - margin[0]), 0).astype(int)
    xmax, ymax = np.minimum(np.rint(high + margin[1]), size).astype(int)
    return Box(int(xmin), int(ymin), int(xmax), int(ymax)), cell.character
