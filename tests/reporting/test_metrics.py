"""The figures, against examples worked out by hand."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from pipeline.reporting.metrics import expected_calibration_error, measure

# Photo a is all right, b has one of two wrong, c (not whole) has its one digit wrong.
PREDICTIONS = pd.DataFrame(
    [
        ("a", "1", "1", 0.9),
        ("a", "2", "2", 0.9),
        ("b", "1", "1", 0.9),
        ("b", "2", "1", 0.9),
        ("c", "3", "1", 0.5),
    ],
    columns=["photo", "actual", "predicted", "confidence"],
)


def test_digits_are_counted_one_by_one():
    """Five, two wrong."""
    digits = measure(PREDICTIONS, {"a", "b"}).as_numbers()["digits"]
    assert (digits["count"], digits["errors"], digits["accuracy"]) == (5, 2, 0.6)


def test_macro_f1_weighs_each_class_the_same():
    """1: precision 2/4, recall 1, so 2/3; 2: precision 1, recall 1/2, so 2/3; 3: 0."""
    assert measure(PREDICTIONS, set()).macro_f1 == pytest.approx(4 / 9, abs=1e-6)


def test_a_reading_is_right_when_all_of_its_digits_are():
    """Two whole photos, one of them wrong."""
    readings = measure(PREDICTIONS, {"a", "b"}).as_numbers()["readings"]
    assert readings == {"count": 2, "errors": 1, "accuracy": 0.5}


def test_only_whole_photos_are_readings():
    """Of a photo with digits in training, nobody can say whether it was read."""
    readings = measure(PREDICTIONS, {"a"}).as_numbers()["readings"]
    assert readings == {"count": 1, "errors": 0, "accuracy": 1.0}


def test_without_a_whole_photo_there_are_no_readings():
    """A count of 0 and no accuracy, as with the guidebook's split."""
    assert measure(PREDICTIONS, set()).as_numbers()["readings"] == {"count": 0, "errors": 0}


def test_each_class_that_occurs_has_its_accuracy():
    """By the actual label."""
    classes = measure(PREDICTIONS, set()).as_numbers()["classes"]
    assert classes == {"1": 1.0, "2": 0.5, "3": 0.0}


@pytest.mark.parametrize(
    ("confidence", "right", "ece"),
    [
        pytest.param([1.0, 1.0], [True, True], 0.0, id="sure and right"),
        pytest.param([1.0, 1.0], [False, False], 1.0, id="sure and wrong"),
        pytest.param([0.75] * 4, [True, True, True, False], 0.0, id="honest"),
        pytest.param([0.9] * 4, [True, True, False, False], 0.4, id="too sure"),
        pytest.param([0.9, 0.9, 0.9, 0.3], [True, True, True, False], 0.15, id="two bins"),
        pytest.param([0.71, 0.69], [False, True], 0.2, id="one bin"),
        pytest.param([], [], 0.0, id="none"),
    ],
)
def test_expected_calibration_error(confidence, right, ece):
    """Distance of confidence and accuracy in each of 15 bins, weighed by count."""
    error = expected_calibration_error(
        pd.Series(confidence, dtype=float), pd.Series(right, dtype=bool)
    )
    assert error == pytest.approx(ece)


def test_figures_are_nested_numbers_only():
    """`dvc metrics diff` shows nothing else, and JSON has no NaN."""
    metrics = measure(PREDICTIONS, {"a", "b"}).as_numbers()

    def leaves(value):
        if isinstance(value, dict):
            assert all(type(key) is str for key in value)
            return [leaf for part in value.values() for leaf in leaves(part)]
        return [value]

    assert {type(leaf) for leaf in leaves(metrics)} <= {int, float}
    assert json.loads(json.dumps(metrics, allow_nan=False)) == metrics
