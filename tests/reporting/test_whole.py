"""Which photos are a reading."""

from __future__ import annotations

import pandas as pd
import pytest

from pipeline.contracts import PROBLEMS, ProblemRow
from pipeline.reporting.whole import find_whole

DIGITS = pd.DataFrame(
    [("a.jpg", "a.xml"), ("a.jpg", "a.xml"), ("b.jpg", "b.xml")], columns=["photo", "xml"]
)


def find(*problems, read=DIGITS):
    found = find_whole(DIGITS, read, PROBLEMS.frame([ProblemRow(*row, "") for row in problems]))
    return found.photos, found.left_out


def test_a_photo_is_whole_whose_every_digit_was_read():
    """One of a's two digits is in training."""
    assert find() == ({"a.jpg", "b.jpg"}, set())
    assert find(read=DIGITS[1:]) == ({"b.jpg"}, set())


@pytest.mark.parametrize(
    "reason", ["not_a_digit", "no_box", "bad_number", "box_empty", "conflicting_labels"]
)
def test_a_photo_with_a_digit_that_was_rejected_is_none(reason):
    """What was read of it is not what it shows."""
    assert find(("a.xml", "3", "rejected", reason)) == ({"b.jpg"}, {"a.jpg"})


@pytest.mark.parametrize(
    ("number", "verdict", "reason"),
    [
        ("3", "rejected", "ignored_label"),
        ("3", "rejected", "copied_box"),
        ("3", "rejected", "duplicate_box"),
        ("3", "repaired", "box_clipped"),
        ("", "noted", "frame_unknown"),
    ],
)
def test_what_is_no_digit_does_not_count(number, verdict, reason):
    """A label that nobody wants read, a second box on a digit, or what was used all the same."""
    assert find(("a.xml", number, verdict, reason)) == ({"a.jpg", "b.jpg"}, set())


def test_a_photo_with_digits_in_training_is_not_left_out_for_this():
    """It was none before."""
    found = find(("a.xml", "3", "rejected", "not_a_digit"), read=DIGITS[1:])
    assert found == ({"b.jpg"}, set())
