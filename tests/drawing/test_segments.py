"""Seven-segment fonts: which segments a digit lights, and where they lie."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.drawing.segments import (
    SEGMENTS,
    VARIANT,
    Font,
    lit_segments,
    outlines,
    point_outline,
    random_font,
)

UPRIGHT = Font(width=0.5, thickness=0.1, gap=0.01, slant=0.0, ends="mitred", variants="")


def fonts(count=60):
    return [random_font(np.random.default_rng(seed)) for seed in range(count)]


@pytest.mark.parametrize("variants", ["", "6", "9", "7", "679"])
def test_no_two_digits_light_the_same_segments(variants):
    """A person can tell them apart in every font, with or without the uncommon tails."""
    font = Font(0.5, 0.1, 0.01, 0.0, "mitred", variants)
    lit = {digit: frozenset(lit_segments(digit, font)) for digit in "0123456789"}
    assert len(set(lit.values())) == 10
    assert all(lit[digit] == set(VARIANT[digit]) for digit in variants)


def test_a_blank_lights_nothing():
    """It is a place without a digit."""
    assert lit_segments(" ", UPRIGHT) == ""


@pytest.mark.parametrize("ends", ["mitred", "bevelled", "square", "round"])
def test_segments_lie_where_their_names_say(ends):
    """The top bar is on top, the right bars are on the right, all within the cell."""
    font = Font(0.5, 0.1, 0.01, 0.0, ends, "")
    shapes = outlines(font)
    assert list(shapes) == list(SEGMENTS)
    middle = {name: shape.mean(axis=0) for name, shape in shapes.items()}
    assert middle["a"][1] < middle["g"][1] < middle["d"][1]
    assert middle["f"][0] < middle["a"][0] < middle["b"][0]
    assert middle["e"][1] > middle["f"][1]
    assert middle["c"][1] > middle["b"][1]
    corners = np.vstack(list(shapes.values()))
    assert corners.min() >= -1e-9
    assert (corners.max(axis=0) <= np.array([0.5, 1]) + 1e-9).all()


def test_a_slant_moves_the_top_to_the_right():
    """The base line stays where it is."""
    slanted = Font(0.5, 0.1, 0.01, 0.2, "mitred", "")
    shift = outlines(slanted)["a"] - outlines(UPRIGHT)["a"]
    assert (shift[:, 0] > 0.15).all()
    assert np.allclose(shift[:, 1], 0)


def test_the_point_is_beside_the_cell():
    """It touches no segment, whatever the font."""
    for font in fonts():
        upright = Font(font.width, font.thickness, font.gap, 0.0, font.ends, "")
        assert point_outline(upright, 0.02)[:, 0].min() > font.width


def test_fonts_vary():
    """Slanted and upright ones, and all kinds of ends, are drawn."""
    drawn = fonts()
    assert {font.slant > 0 for font in drawn} == {True, False}
    assert {font.ends for font in drawn} == {"mitred", "bevelled", "square", "round"}
