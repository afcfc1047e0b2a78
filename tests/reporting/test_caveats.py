"""What stands beside figures that say less than they seem to."""

from __future__ import annotations

import pytest

from pipeline.reporting.caveats import doubt_choice, doubt_drawn, doubt_split, doubt_start

TRAIN = {"init": None, "keep": "last", "patience": 0}


def test_photos_that_are_drawn_are_called_so():
    """All, or some of them, or none."""
    assert doubt_drawn({"labelimg": 3}) == doubt_drawn({}) == []
    assert doubt_drawn({"sample": 3})[0].english.startswith("The photos are drawn")
    assert doubt_drawn({"sample": 3, "cvat": 1})[0].english.startswith("3 of 4 XML")


def test_a_model_that_started_from_another_may_know_the_photos():
    """So nobody can say that it was trained on none of them."""
    assert doubt_start(TRAIN) == []
    [found] = doubt_start(TRAIN | {"init": "last_week.pt"})
    assert found.denies_unseen


@pytest.mark.parametrize("how", [{"keep": "best"}, {"patience": 5}])
def test_a_model_that_validation_chose_is_too_good(how):
    """It was trained on none of the photos all the same."""
    assert doubt_choice(TRAIN) == []
    [found] = doubt_choice(TRAIN | how)
    assert not found.denies_unseen


def test_photos_on_both_sides_are_too_well_known():
    """One is enough."""
    assert doubt_split({"a"}, {"b"}) == []
    assert doubt_split({"a", "b"}, {"b"})[0].denies_unseen
