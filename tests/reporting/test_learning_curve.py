"""A learning curve: errors by the number of photos, and what twice as many promise."""

from __future__ import annotations

import pytest

from pipeline.contracts import CurveRow
from pipeline.reporting.learning_curve import CurvePoint, LearningCurve


def test_seeds_with_other_photos_are_one_point():
    """Copies are learnt together, so that a share is not of the same number of photos."""
    rows = [CurveRow("x", 0.5, seed, 50 + seed, 9, 100, 90, 9) for seed in range(3)]
    curve = LearningCurve.of([*rows, CurveRow("x", 1.0, 0, 104, 9, 100, 95, 9)])
    assert [(point.photos, len(point.wrong)) for point in curve.points] == [(51, 3), (104, 1)]


def row(photos: int, seed: int, right: int, readings: int = 100) -> CurveRow:
    return CurveRow("x", photos / 200, seed, photos, 7 * photos, readings, right, 7 * right)


def test_the_points_are_in_order_with_each_seeds_errors():
    """Whatever order the results come in."""
    curve = LearningCurve.of([row(200, 0, 98), row(50, 1, 80), row(50, 0, 90)])
    assert [point.photos for point in curve.points] == [50, 200]
    assert [point.errors for point in curve.points] == [30, 2]
    assert curve.points[0].wrong == pytest.approx((0.1, 0.2))
    assert curve.points[0].mean == pytest.approx(0.15)


@pytest.mark.parametrize(
    "rows", [[], [row(50, 0, 90), row(50, 1, 80)], [row(50, 0, 0, 0), row(100, 0, 0, 0)]]
)
def test_one_point_is_no_curve(rows):
    """Nor are trainings whose validation has no whole photo."""
    assert LearningCurve.of(rows) is None


@pytest.mark.parametrize("power", [0.3, 0.5, 1.0])
def test_errors_that_follow_a_power_go_on_following_it(power):
    """A world whose truth is known: errors fall as photos to the power."""
    points = tuple(CurvePoint(n, (0.5 * n**-power,), 50) for n in (50, 100, 150, 200))
    assert LearningCurve(points).with_twice_the_photos() == pytest.approx(0.5 * 400**-power)


@pytest.mark.parametrize("wrong", [(0.1, 0.0), (0.1, 0.09), (0.1, 0.1), (0.1, 0.2)])
def test_nothing_is_promised_where_errors_do_not_fall_or_are_few(wrong):
    """From few errors nobody can tell how few there will be."""
    points = (CurvePoint(50 * (i + 1), (its,), round(100 * its)) for i, its in enumerate(wrong))
    curve = LearningCurve(tuple(points))
    assert curve.with_twice_the_photos() is None
