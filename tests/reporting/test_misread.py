"""Misread digits, found and made ready to be shown."""

from __future__ import annotations

import pytest
from sample_report import make_predictions

from pipeline.reporting.misread import find_misread, load_most_confident
from pipeline.runtime.errors import UserError


def test_the_most_confident_mistakes_come_first(tmp_path):
    """Whatever the order of the predictions; what is right is left out."""
    predictions = make_predictions(tmp_path, {"a.jpg": ("7012", "1013"), "b.jpg": ("3", "8")})
    found = find_misread(predictions[::-1])
    assert list(zip(found["actual"], found["predicted"], strict=True)) == [
        ("7", "1"), ("2", "3"), ("3", "8"),
    ]  # fmt: skip


def test_a_digit_is_shown_beside_its_photo(tmp_path):
    """The digit is cut with the margin; its box is where it is in the photo as shown."""
    predictions = make_predictions(tmp_path, {"a.jpg": ("77", "71"), "b.jpg": ("3", "8")})
    [first], total = load_most_confident(tmp_path, predictions, margin=0.25, count=1)
    assert total == 2
    assert (first.photo_name, first.actual, first.predicted) == ("a.jpg", "7", "1")
    assert first.confidence == pytest.approx(0.899)
    assert first.photo.size == (160, 120)
    assert first.box == (36, 30, 60, 70)
    # 24 by 40, and a quarter of that on either side.
    assert first.digit.size == (36, 60)


def test_a_photo_that_changed_is_told(tmp_path):
    """Which one it is, and what to do."""
    predictions = make_predictions(tmp_path, {"a.jpg": ("7", "1")})
    (tmp_path / "a.jpg").write_bytes(b"no photo")
    with pytest.raises(UserError, match=r"a\.jpg: .*has changed since: run `dvc repro`"):
        load_most_confident(tmp_path, predictions, margin=0.0, count=1)
