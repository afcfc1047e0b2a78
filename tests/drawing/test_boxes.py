"""The boxes that a person draws round a photo's digits."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.drawing.boxes import draw_boxes
from pipeline.drawing.canvas import project, random_view
from pipeline.drawing.display import cell_outline, random_display
from pipeline.drawing.look import random_look

SIZE = (640, 480)


@pytest.mark.parametrize("seed", range(12))
def test_every_digit_is_boxed_once_and_nearly_tight(seed):
    """Labels are the display's digits; each box has its digit's lit part, but for a few pixels."""
    rng = np.random.default_rng(seed)
    display, look = random_display(5, rng), random_look(rng)
    view = random_view(display.width, display.height, SIZE, rng)
    boxes = draw_boxes(display, look, view, SIZE, rng)
    cells = [cell for cell in display.cells if cell.character != " "]
    assert sorted(label for _, label in boxes) == sorted(cell.character for cell in cells)
    lit = [project(view, cell_outline(display, cell, True)) for cell in cells]
    whole = [project(view, cell_outline(display, cell, False)) for cell in cells]
    for box, label in boxes:
        edges = np.array(box)
        assert 0 <= box.xmin < box.xmax <= SIZE[0]
        assert 0 <= box.ymin < box.ymax <= SIZE[1]
        # Its own digit is the one whose middle is nearest to the box's.
        middle = [(box.xmin + box.xmax) / 2, (box.ymin + box.ymax) / 2]
        own = min(range(len(cells)), key=lambda i: np.hypot(*(whole[i].mean(axis=0) - middle)))
        assert cells[own].character == label
        assert (edges[:2] <= lit[own].min(axis=0) + 4).all()
        assert (edges[2:] >= lit[own].max(axis=0) - 4).all()
        reach = 0.1 * np.ptp(whole[own], axis=0).max() + 4
        assert (edges[:2] >= whole[own].min(axis=0) - reach).all()
        assert (edges[2:] <= whole[own].max(axis=0) + reach).all()
