"""What a scale shows: so many digits, in rows of cells."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.drawing.display import cell_outline, random_display, shining, unlit


@pytest.mark.parametrize("digits", range(1, 13))
@pytest.mark.parametrize("seed", range(4))
def test_a_display_shows_exactly_so_many_digits(digits, seed):
    """They stand in one or two rows of six at most; blanks stand before them alone."""
    display = random_display(digits, np.random.default_rng(seed))
    shown = [cell for cell in display.cells if cell.character != " "]
    assert len(shown) == digits
    assert display.rows in (1, 2)
    for row in range(display.rows):
        text = "".join(cell.character for cell in display.cells if cell.row == row)
        assert text == text.strip().rjust(len(text))
        assert 1 <= len(text.strip()) <= 6


def test_cells_lie_within_the_display():
    """No segment of any cell reaches beyond its width and height."""
    for seed in range(20):
        display = random_display(7, np.random.default_rng(seed))
        corners = np.vstack([cell_outline(display, cell, False) for cell in display.cells])
        assert corners.min() > -0.01
        assert (corners.max(axis=0) < np.array([display.width, display.height]) + 0.01).all()


def test_the_lit_part_of_a_one_is_narrower_than_its_cell():
    """It lights its two right bars."""
    for seed in range(40):
        display = random_display(6, np.random.default_rng(seed))
        for cell in [cell for cell in display.cells if cell.character == "1"]:
            whole, lit = (cell_outline(display, cell, lit_only) for lit_only in (False, True))
            assert np.ptp(lit[:, 0]) < np.ptp(whole[:, 0])
            assert lit[:, 0].max() == pytest.approx(whole[:, 0].max(), abs=0.06)


def test_less_shines_than_there_is():
    """Only lit segments shine, each at a level from 0 to 1."""
    for seed in range(40):
        rng = np.random.default_rng(seed)
        display = random_display(6, rng)
        lit = shining(display, rng)
        assert 0 < len(lit) < len(unlit(display))
        assert all(0 <= shape.level <= 1 for shape in lit)
