"""A learning curve: errors by the number of photos, and what twice as many promise."""

from __future__ import annotations

import pytest

from pipeline.contracts import CurveRow
from pipeline.reporting.learning_curve import CurvePoint, LearningCurve


def row(photos: int, seed: int, right: int, readings: int = 100) -> CurveRow:
    return CurveRow("x", photos / 200, seed, photos, 7 * photos, readings, right, 7 * right)


def test_the_points_are_in_order_with_each_seeds_errors():
    """Whatever order the results come in."""
    curve = LearningCurve.of([row(200, 0, 98), row(50, 1, 80), row(50, 0, 90)])
    assert [point.photos for point in curve.points] == [50, 200]
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
    points = tuple(CurvePoint(n, (0.5 * n**-power,)) for n in (50, 100, 150, 200))
    assert LearningCurve(points).with_twice_the_photos() == pytest.approx(0.5 * 400**-power)


@pytest.mark.parametrize("wrong", [(0.1, 0.0), (0.1, 0.1), (0.1, 0.2)])
def test_nothing_is_promised_where_errors_do_not_fall_or_are_none(wrong):
    """From no error nobody can tell how few there will be."""
    curve = LearningCurve((CurvePoint(50, (wrong[0],)), CurvePoint(100, (wrong[1],))))
    assert curve.with_twice_the_photos() is None
