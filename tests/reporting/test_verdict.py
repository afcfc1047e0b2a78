"""The page's first words: whether a reader is fit to run unattended, and what to do next."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from sample_report import make_report, make_training
from scipy.stats import binom

from pipeline.contracts import PROBLEMS, ProblemRow
from pipeline.reporting.caveats import UNKNOWN, doubt_choice, doubt_drawn
from pipeline.reporting.learning_curve import CurvePoint, LearningCurve
from pipeline.reporting.verdict import judge, tell_confidence, tell_threshold


def predictions(right: int, wrong: int = 0, sure: float = 0.95, unsure: float = 0.5):
    """Photos of one digit 7 each, the misread ones read as 1."""
    count = right + wrong
    photos = [f"{i}.jpg" for i in range(count)]
    return pd.DataFrame(
        {
            "photo": photos, "xml": [f"{i}.xml" for i in range(count)], "object": 1, "label": "7",
            "actual": "7", "predicted": ["7"] * right + ["1"] * wrong, "group": photos,
            "file": [f"7/{i}-1.jpg" for i in range(count)], "row": 0, "column": 0,
            "confidence": [sure] * right + [unsure] * wrong,
        }
    )  # fmt: skip


def verdict(rows: pd.DataFrame, **options: object):
    return judge(make_report(Path("raw"), rows, **options))


@pytest.mark.parametrize(
    ("right", "wrong", "limit", "kind"),
    [
        (300, 0, 0.01, "all"),
        (299, 0, 0.01, "all"),
        (298, 0, 0.01, "unknown"),
        (600, 60, 0.01, "surest"),
        (298, 0, 0.001, "unknown"),
        (40, 1, 0.01, "unknown"),
        (20, 0, 0.1, "unknown"),
        (31, 5, 0.001, "unfit"),
    ],
)
def test_299_without_an_error_show_1_in_100(right, wrong, limit, kind):
    """0.99 to the power of 299 is just under 5 %; where the least sure are wrong, the others go.

    Few readings show that a reader is unfit where even the low end of the interval is too much.
    """
    assert verdict(predictions(right, wrong), limit=limit).kind == kind


@pytest.mark.parametrize(("kinds", "rate"), [({"all", "surest"}, 0.02001), ({"unfit"}, 0.02)])
@pytest.mark.parametrize("count", [100, 149, 400])
def test_a_verdict_is_seldom_wrong(count, kinds, rate):
    """Of a reader at the very limit: how likely each number of mistakes is, scipy says."""
    limit = 0.02
    chance = sum(
        binom.pmf(wrong, count, rate)
        for wrong in range(26)
        if verdict(predictions(count - wrong, wrong, unsure=0.95), limit=limit).kind in kinds
    )
    assert chance + binom.sf(25, count, rate) * ("unfit" in kinds) <= 0.05


def test_the_surest_being_wrong_is_unfit():
    """No threshold helps where the reader is surest of its mistakes."""
    rows = predictions(700, 20, sure=0.5, unsure=0.99)
    found = verdict(rows, limit=0.01)
    assert found.kind == "unfit"
    assert "of all 720 readings 20 are wrong" in str(found.answer)


def test_one_mistake_among_the_surest_proves_nothing():
    """1 of 3,000 is better than 1 in 1,000, but not shown to be: neither fit nor unfit."""
    rows = predictions(2999, 1, sure=0.5, unsure=0.99)
    found = verdict(rows, limit=0.001)
    assert found.kind == "unproven"
    assert "Label about" not in " ".join(map(str, found.steps))


@pytest.mark.parametrize(
    ("caveats", "kind"),
    [
        (doubt_drawn({"sample": 9}), "drawn"),
        (doubt_drawn({"sample": 1, "cvat": 9}), "drawn"),
        ([UNKNOWN], "seen"),
        (doubt_choice({"keep": "best", "patience": 0}), "seen"),
    ],
)
def test_nothing_is_promised_for_drawn_or_seen_photos(caveats, kind):
    """However well they are read; nor where the epoch was chosen by them."""
    assert verdict(predictions(5000), caveats=tuple(caveats)).kind == kind


def test_what_is_wrong_of_100_is_counted():
    """Of 40 readings 2 are wrong; without the least sure twentieth, 38, it is 0."""
    first, second, *_ = map(str, verdict(predictions(38, 2)).facts)
    assert first.startswith("Of 100 readings, 5.0 are wrong (2 of 40; ")
    assert second.endswith("0.0 of 100 of the others are wrong (0 of 38).")


def test_the_steps_are_in_the_order_in_which_they_help():
    """Labels that are likely wrong, what was left out, rare digits, the curve."""
    rows = predictions(40, 2, unsure=0.99)
    report = make_report(Path("raw"), rows, training=make_training(rows), limit=0.02)
    lost = PROBLEMS.frame([ProblemRow("a.xml", "1", "rejected", "no_box", "")] * 3)
    found = judge(replace(report, photos=replace(report.photos, problems=lost)))
    labels, left_out, rare, curve = map(str, found.steps)
    assert labels.startswith("Look at 2 labels")
    assert left_out.startswith("Correct what was left out: 3 files or boxes")
    assert rare.startswith("Add photos that show 0 1 2 3 4 5 6 8 9")
    assert "learning-curve" in curve


def test_without_a_mistake_it_says_how_many_photos_are_missing():
    """149 readings show 1 in 50; 42 are here, and all photos are measured."""
    rows = predictions(42)
    steps = verdict(rows, training=make_training(rows), limit=0.02).steps
    assert any(str(step).startswith("Label about 110 more photos") for step in steps)


def test_when_the_photos_were_taken_is_said_where_exif_says_it():
    """By the day; and nothing where it does not."""
    report = make_report(Path("raw"), predictions(3))
    taken = replace(report.photos, taken=("2026:03:01 08:00:00", "2026:11:26 17:30:00"))
    said = str(judge(replace(report, photos=taken)).facts[-1])
    assert said == "The photos were taken from 2026-03-01 to 2026-11-26."
    assert "taken" not in " ".join(map(str, judge(report).facts))


def test_where_the_curve_is_known_it_says_what_twice_the_photos_bring():
    """Halved with each doubling, it halves again."""
    curve = LearningCurve((CurvePoint(50, (0.08,), 80), CurvePoint(100, (0.04,), 40)))
    rows = predictions(40)
    last = str(verdict(rows, training=make_training(rows), curve=curve).steps[-1])
    assert "leave 2.0 of 100 readings wrong" in last


@pytest.mark.parametrize(
    ("confidence", "told"),
    [
        (0.5, "50 %"), (0.987, "98 %"), (0.9971, "99.7 %"), (0.99972, "99.97 %"),
        (0.999999999, "99.9999 %"), (1.0, "99.9999 %"), (0.0, "0 %"),
    ],
)  # fmt: skip
def test_a_confidence_shows_its_nines(confidence, told):
    """Rounded down: what reaches a threshold is never shown below it; 1 is never reached."""
    assert tell_confidence(min(confidence, 0.99999999)) == told


@pytest.mark.parametrize(
    ("share", "told"), [(0.989, "98.9 %"), (0.99978, "99.978 %"), (0.999781, "99.979 %")]
)
def test_a_threshold_is_rounded_up(share, told):
    """Whoever sets it accepts no reading below the tested one."""
    assert tell_threshold(share) == told
