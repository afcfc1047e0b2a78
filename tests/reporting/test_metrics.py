"""The figures, against examples worked out by hand."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from pipeline.reporting.metrics import expected_calibration_error, measure
from pipeline.reporting.whole import Whole

# Photo a is all right, b has one of two wrong, c (not whole) has its one digit wrong.
PREDICTIONS = pd.DataFrame(
    [
        ("a", "a", "1", "1", 0.9),
        ("a", "a", "2", "2", 0.9),
        ("b", "b", "1", "1", 0.9),
        ("b", "b", "2", "1", 0.9),
        ("c", "c", "3", "1", 0.5),
    ],
    columns=["photo", "group", "actual", "predicted", "confidence"],
)


def figures(*whole, left_out=0, predictions=PREDICTIONS):
    """Those of the predictions, of which some photos are a reading."""
    left = {f"left out {i}" for i in range(left_out)}
    return measure(predictions, Whole(set(whole), left))


def test_digits_are_counted_one_by_one():
    """Five, two wrong."""
    digits = figures("a", "b").as_numbers()["digits"]
    assert (digits["count"], digits["errors"], digits["accuracy"]) == (5, 2, 0.6)


def test_macro_f1_weighs_each_class_the_same():
    """1: precision 2/4, recall 1, so 2/3; 2: precision 1, recall 1/2, so 2/3; 3: 0."""
    assert figures().macro_f1 == pytest.approx(4 / 9, abs=1e-6)


def test_a_reading_is_right_when_all_of_its_digits_are():
    """Two whole photos, one of them wrong."""
    readings = figures("a", "b").as_numbers()["readings"]
    assert (readings["count"], readings["errors"], readings["accuracy"]) == (2, 1, 0.5)


def test_only_whole_photos_are_readings():
    """Of a photo with digits in training, nobody can say whether it was read."""
    readings = figures("a").as_numbers()["readings"]
    assert (readings["count"], readings["errors"], readings["accuracy"]) == (1, 0, 1.0)


def test_photos_left_out_of_the_readings_are_counted():
    """Three more had a label or box rejected."""
    readings = figures("a", left_out=3).as_numbers()["readings"]
    assert (readings["count"], readings["left_out"]) == (1, 3)


def test_copies_of_a_photo_count_as_one_photo():
    """Its digits and readings are all counted, but the interval is that of one photo fewer."""
    apart, copies = (
        figures("a", "b", predictions=PREDICTIONS.replace({"group": names}))
        for names in ({}, {"b": "a"})
    )
    assert apart.as_numbers() == copies.as_numbers()
    apart, copies = apart.details(), copies.details()
    for name, photos in (("digits", 3), ("readings", 2)):
        assert (apart[name]["photos"], copies[name]["photos"]) == (photos, photos - 1)
        widths = [its[name]["high"] - its[name]["low"] for its in (apart, copies)]
        assert widths[0] < widths[1]


def test_without_a_whole_photo_there_are_no_readings():
    """A count of 0 and no accuracy, as with the guidebook's split."""
    assert figures().as_numbers()["readings"] == {"count": 0, "errors": 0, "left_out": 0}


def test_each_class_that_occurs_has_its_accuracy():
    """By the actual label."""
    classes = figures().details()["classes"]
    assert classes == {"1": 1.0, "2": 0.5, "3": 0.0}


def test_each_delivery_has_its_own_figures():
    """The folder below raw/ tells them apart, so that old photos are compared with old ones."""
    names = {"a": "JPEGImages/a.jpg", "b": "2026-11-23/b.jpg", "c": "2026-11-23/photos/c.jpg"}
    named = PREDICTIONS.replace({"photo": names})
    found = figures(*names.values(), predictions=named).as_numbers()["deliveries"]
    assert found == {
        "raw": {"digits": 1.0, "readings": 1.0},
        "raw/2026-11-23": {"digits": 0.333333, "readings": 0.0},
    }


def test_of_many_deliveries_the_oldest_are_one():
    """`dvc metrics diff` fits on a screen, however long a plant goes on."""
    rows = [(f"day-{day:02d}/x.jpg", f"{day}", "1", "1", 0.9) for day in range(14)]
    many = pd.DataFrame(rows, columns=PREDICTIONS.columns)
    found = figures(predictions=many).as_numbers()["deliveries"]
    assert list(found) == ["older", *(f"raw/day-{day:02d}" for day in range(4, 14))]
    alone = [("x.jpg", "x", "1", "1", 0.9), *rows]
    found = figures(predictions=pd.DataFrame(alone, columns=PREDICTIONS.columns)).as_numbers()
    assert list(found["deliveries"])[:2] == ["older", "raw"]


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
    metrics = figures("a", "b").as_numbers()

    def leaves(value):
        if isinstance(value, dict):
            assert all(type(key) is str for key in value)
            return [leaf for part in value.values() for leaf in leaves(part)]
        return [value]

    assert {type(leaf) for leaf in leaves(metrics)} <= {int, float}
    assert json.loads(json.dumps(metrics, allow_nan=False)) == metrics
