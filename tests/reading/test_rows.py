"""Digits become rows, whatever the tilt and the order in which they were found."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.reading.finding import Found
from pipeline.reading.network import SIGNS
from pipeline.reading.rows import find_rows


def found(boxes, texts, scores=None):
    """Digits as if they had been found, each sure of its sign."""
    signs = np.full((len(boxes), len(SIGNS)), 0.001)
    for row, sign in enumerate(texts):
        signs[row, SIGNS.index(sign)] = 0.99
    return Found(np.array(boxes, float), np.array(scores or [0.9] * len(boxes)), signs)


def line(text, left, top, height, angle, pitch=0.8):
    """Middles and sizes of a text's digits on a line that falls by an angle."""
    along = np.array([math.cos(angle), math.sin(angle)])
    start = np.array([left, top], float)
    return [
        (*(start + i * pitch * height * along), 0.55 * height, height) for i in range(len(text))
    ]


texts = st.text("0123456789", min_size=2, max_size=8)


@given(texts, st.floats(-25, 25), st.integers(14, 90), st.randoms(use_true_random=False))
def test_a_tilted_row_is_read_from_its_left_to_its_right(text, degrees, height, random):
    """In whatever order its digits come."""
    boxes = line(text, 300, 300, height, math.radians(degrees))
    order = random.sample(range(len(text)), len(text))
    rows = find_rows(found([boxes[i] for i in order], [text[i] for i in order]))
    assert [row.digits.text for row in rows] == [text]
    assert math.isclose(rows[0].angle, math.radians(degrees), abs_tol=0.01)


@given(texts, texts, st.floats(-12, 12))
def test_two_rows_one_above_the_other_are_two(above, below, degrees):
    """Also where they are tilted, and close."""
    angle, height = math.radians(degrees), 30
    down = 1.5 * height * np.array([-math.sin(angle), math.cos(angle)])
    boxes = line(above, 200, 200, height, angle) + line(below, *(200 + down), height, angle)
    rows = find_rows(found(boxes, above + below))
    assert sorted(row.digits.text for row in rows) == sorted([above, below])


def test_a_digit_of_another_size_is_no_neighbour():
    """A unit's index, or a second display's digit, stands by itself."""
    boxes = [*line("12", 100, 100, 40, 0), (170, 110, 9, 16)]
    assert {row.digits.text for row in find_rows(found(boxes, "127"))} == {"12", "7"}


def test_the_likeliest_row_is_first():
    """More digits, or surer ones, are likelier to be the display that is meant."""
    boxes = line("12", 100, 100, 30, 0) + line("3456", 100, 300, 30, 0)
    assert find_rows(found(boxes, "123456"))[0].digits.text == "3456"
    scores = [0.95, 0.95, 0.3, 0.3, 0.3, 0.3]
    assert find_rows(found(boxes, "123456", scores))[0].digits.text == "12"
