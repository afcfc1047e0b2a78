"""A display's cells are evenly spaced, and what was found is held to that."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.reading.finding import Found, join
from pipeline.reading.network import SIGNS
from pipeline.reading.pitch import fit_to_pitch
from pipeline.reading.rows import Row


def digits(text, places, merits, height=36):
    """Digits of a level row, their right edges at `places`; a 1 is its bars alone."""
    signs = np.full((len(text), len(SIGNS)), 0.0)
    signs[range(len(text)), [SIGNS.index(sign) for sign in text]] = 1
    widths = [8 if sign == "1" else 20 for sign in text]
    boxes = [(x - w / 2, 60.0, w, height) for x, w in zip(places, widths, strict=True)]
    return Found(np.array(boxes, float).reshape(-1, 4), np.array(merits, float), signs)


ROW = digits("7042", [100, 128, 156, 212], [0.9] * 4)  # a cell is free between the 4 and the 2


@pytest.mark.parametrize(
    ("place", "merit", "text"),
    [
        pytest.param(184, 0.15, "70412", id="a faint one in the free cell"),
        pytest.param(240, 0.3, "70421", id="one at the end"),
        pytest.param(72, 0.3, "17042", id="one at the beginning"),
        pytest.param(240, 0.12, "7042", id="too faint at the end"),
        pytest.param(226, 0.3, "7042", id="half a cell behind the end"),
        pytest.param(170, 0.3, "7042", id="between two cells"),
    ],
)
def test_what_fits_is_taken_in(place, merit, text):
    """A faint digit counts where a cell is, and nowhere else."""
    one = digits("1", [place], [merit])
    row = fit_to_pitch(Row(ROW, 0.0), join([ROW, one]))
    assert row.digits.text == text


def test_an_edge_taken_for_a_1_is_let_go():
    """It is not a pitch from the digit beside it."""
    edge = digits("56781", [100, 128, 156, 184, 200], [0.9, 0.9, 0.9, 0.9, 0.5])
    assert fit_to_pitch(Row(edge, 0.0), edge).digits.text == "5678"


def test_a_sure_digit_stays_wherever_it_is():
    """A clock's last digits stand behind a colon."""
    clock = digits("1234", [100, 128, 172, 200], [0.95] * 4)
    assert fit_to_pitch(Row(clock, 0.0), clock).digits.text == "1234"


def test_two_digits_have_no_pitch():
    """So nothing is added and nothing is let go."""
    two = digits("12", [100, 128], [0.9, 0.9])
    more = join([two, digits("3", [156], [0.6])])
    assert fit_to_pitch(Row(two, 0.0), more).digits.text == "12"
