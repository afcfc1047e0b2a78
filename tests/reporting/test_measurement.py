"""What is said of whole photos when they have been measured."""

from __future__ import annotations

import logging

import pandas as pd
import pytest

from pipeline.reporting.measurement import log_unboxed
from pipeline.reporting.score import Score
from pipeline.reporting.unboxed import Unboxed


def score(right, wrong):
    """A photo for each reading."""
    each = pd.Series([True] * right + [False] * wrong, dtype=bool)
    return Score.of(each, pd.Series(range(len(each))))


def told(caplog, **scores):
    """The lines of ten photos, nine of them right, of which as many as `scores` says count."""
    every = {"photos": score(9, 1), "with_point": score(0, 0), "digits": score(40, 1)}
    with caplog.at_level(logging.INFO):
        log_unboxed(Unboxed(**every | {"accepted": score(8, 0)} | scores))
    return caplog.messages


def test_whole_photos_are_told(caplog):
    """Those that no person looks at, too."""
    assert told(caplog) == [
        "whole photos, without boxes: 90.00 % right (1 of 10 wrong); 8 accepted, 0 of them wrong"
    ]


def test_the_point_is_told_where_one_is_labelled(caplog):
    """A reading with its point in a wrong place is wrong in the plant."""
    lines = told(caplog, with_point=score(3, 2))
    assert "whole photos with their decimal point: 60.00 % right (2 of 5 wrong)" in lines


@pytest.mark.parametrize(("accepted", "warned"), [(0, True), (1, False)])
def test_that_nothing_is_accepted_is_told(caplog, accepted, warned):
    """Whoever counts on it would else wonder why all is doubtful."""
    lines = told(caplog, accepted=score(accepted, 0))
    assert any("a person must look at each" in line for line in lines) == warned
