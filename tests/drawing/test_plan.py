"""Which photos a run draws: so many digits, named by their time in working hours."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.drawing.plan import plan


@given(photos=st.integers(1, 40), seed=st.integers(0, 99), data=st.data())
def test_the_digits_add_up(photos, seed, data):
    """Every photo shows 1 to 12 digits, and all of them so many as were asked for."""
    digits = data.draw(st.integers(photos, 12 * photos))
    counts = [order.digits for order in plan(photos, digits, seed)]
    assert len(counts) == photos
    assert sum(counts) == digits
    assert 1 <= min(counts) <= max(counts) <= 12


def test_without_a_number_there_are_about_seven_a_photo():
    """Over many photos, the mean is near seven."""
    assert 6.5 < sum(order.digits for order in plan(1000, None, 0)) / 1000 < 7.5


def test_names_are_times_in_working_hours():
    """They rise, no two are equal, and each is between eight and six."""
    orders = plan(500, None, 0)
    times = [order.taken for order in orders]
    assert times == sorted(set(times))
    assert all(8 <= time.hour < 18 for time in times)
    assert [order.name for order in orders] == [f"IMG_{time:%Y%m%d_%H%M%S}" for time in times]


def test_the_same_seed_gives_the_same_plan():
    """Another seed gives another plan."""
    assert plan(20, None, 3) == plan(20, None, 3) != plan(20, None, 4)


@pytest.mark.parametrize("digits", [4, 61])
def test_impossible_numbers_are_told(digits):
    """Five photos show 5 to 60 digits."""
    with pytest.raises(ValueError, match=f"5 photos show 5 to 60 digits .* not {digits}"):
        plan(5, digits, 0)
