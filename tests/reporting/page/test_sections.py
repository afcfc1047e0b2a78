"""What the pages' sections say, as values."""

from __future__ import annotations

from dataclasses import replace

import pytest
from helpers import write
from sample_report import make_doubts, make_predictions, make_report, make_training, repeat

from pipeline.reporting.confusion import Mistake
from pipeline.reporting.page import sections
from pipeline.reporting.page.sections import (
    ClassCount,
    describe_accuracy,
    describe_data,
    describe_doubts,
    describe_mistakes,
    describe_training,
    describe_trust,
)
from pipeline.reporting.whole import Whole
from pipeline.runtime.errors import UserError

READINGS = {"a.jpg": ("77012", "71012"), "b.jpg": ("345", "345")}


@pytest.fixture
def predictions(tmp_path):
    """Eight digits on two photos, one of them misread."""
    return make_predictions(tmp_path, READINGS)


@pytest.fixture
def report(tmp_path, predictions):
    """A report of them, with training."""
    return make_report(tmp_path, predictions, make_training(predictions))


def without_readings(report):
    """The same report, as if some digit of every photo were in training."""
    return replace(report, photos=replace(report.photos, whole=Whole(set(), {"a.jpg", "b.jpg"})))


def counted(score):
    """What is right of what was read, on how many photos."""
    return score.right, score.count, score.photos


def test_digits_readings_and_classes_are_scored(report):
    """One of eight digits is wrong, so one of two readings, and one of two sevens."""
    accuracy = describe_accuracy(report)
    assert counted(accuracy.digits) == (7, 8, 2)
    assert counted(accuracy.readings) == (1, 2, 2)
    assert counted(accuracy.classes["7"]) == (1, 2, 1)
    assert list(accuracy.classes) == list("0123457")


def test_without_a_whole_photo_there_are_no_readings(report):
    """Neither a score nor a promise, and those left out are counted."""
    report = without_readings(report)
    accuracy = describe_accuracy(report)
    assert (accuracy.readings, accuracy.left_out) == (None, 2)
    trust = describe_trust(report)
    assert (trust.promise, trust.acceptance, trust.thresholds) == (None, None, [])


def test_copies_are_accepted_once(report):
    """Two photos that are copies are one reading, which is wrong as one of them is."""
    same = replace(report, predictions=report.predictions.assign(group="a.jpg"))
    assert [(row.accepted, row.errors) for row in describe_trust(same).thresholds] == [(1, 1)]
    assert counted(describe_accuracy(same).readings) == (1, 2, 1)


def test_a_curve_ends_at_the_last_epoch(predictions):
    """Loss and accuracy, of training and of validation."""
    loss, accuracy = describe_training(make_training(predictions).history)
    assert (loss.train, loss.valid) == ("0.250", "0.250")
    assert (accuracy.train, accuracy.valid) == ("87.50%", "87.50%")
    assert loss.svg != accuracy.svg


def test_mistakes_are_counted_and_grouped(tmp_path):
    """Three sevens taken for ones are a segment apart, a two for a nine is three."""
    readings = {"a.jpg": ("772", "119"), "b.jpg": ("77", "71")}
    mistakes = describe_mistakes(make_report(tmp_path, make_predictions(tmp_path, readings)))
    assert (mistakes.confusion["7"]["1"], mistakes.confusion["7"]["7"]) == (3, 1)
    assert (mistakes.most, mistakes.count, mistakes.pictured) == (3, 4, 4)
    found = {group.apart: group.mistakes for group in mistakes.pairs if group.mistakes}
    assert found == {1: (Mistake("7", "1", 3),), 3: (Mistake("2", "9", 1),)}


def test_misread_digits_are_listed_with_where_to_mend_them(tmp_path):
    """The most confident first: photo, XML, object, both digits, confidence, picture, box."""
    predictions = make_predictions(tmp_path, {"a.jpg": ("77", "71"), "b.jpg": ("3", "9")})
    listed = describe_mistakes(make_report(tmp_path, predictions)).listed
    assert [row[:6] for row in listed["rows"]] == [
        ["a.jpg", "a.xml", 2, "7", "1", 0.899],
        ["b.jpg", "b.xml", 1, "3", "9", 0.898],
    ]
    assert all(row[6].startswith("data:image/jpeg;base64,") for row in listed["rows"])
    # 36 of 160 pixels from the left, 30 of 120 from the top, 24 by 40 pixels.
    assert listed["rows"][0][7] == [22.5, 25.0, 15.0, 33.33]
    assert set(listed["photos"]) == {"a.jpg", "b.jpg"}
    assert listed["folder"] == tmp_path.as_posix()


def test_misread_photos_are_listed_with_their_readings(tmp_path):
    """The whole reading, row by row, in reading order; the surest mistake first."""
    predictions = make_predictions(tmp_path, {"a.jpg": ("772", "712"), "b.jpg": ("30", "98")})
    predictions.loc[predictions["photo"] == "b.jpg", "row"] = [0, 1]
    shuffled = predictions.iloc[::-1].reset_index(drop=True)
    shuffled.loc[shuffled["photo"] == "b.jpg", "confidence"] = 0.95
    mistakes = describe_mistakes(make_report(tmp_path, shuffled))
    assert [(its.photo, its.actual, its.predicted) for its in mistakes.photos] == [
        ("b.jpg", "3 / 0", "9 / 8"), ("a.jpg", "772", "712"),
    ]  # fmt: skip
    assert mistakes.photo_count == 2


def test_only_the_most_confident_have_pictures(tmp_path, monkeypatch):
    """All are listed; the page stays small."""
    monkeypatch.setattr(sections, "PICTURED", 3)
    ones = make_predictions(tmp_path, {"a.jpg": ("7", "1"), "b.jpg": ("7", "1")})
    mistakes = describe_mistakes(make_report(tmp_path, repeat(ones, 10)))
    assert (mistakes.count, mistakes.pictured) == (10, 3)
    pictured = [row[6] is not None for row in mistakes.listed["rows"]]
    assert pictured == [True] * 3 + [False] * 7


def test_a_photo_that_is_gone_is_told(tmp_path, report):
    """Which one it is, and what to do."""
    (tmp_path / "a.jpg").unlink()
    with pytest.raises(UserError, match=r"a\.jpg: .*has changed since: run `dvc repro`"):
        describe_mistakes(report)


def test_confidence_is_compared_with_accuracy(report):
    """All eight are about 0.9 sure, which is one bin, and seven are right."""
    trust = describe_trust(report)
    [only] = trust.bins
    assert counted(only.right) == (7, 8, 2)
    assert only.confidence == pytest.approx(0.8965)
    assert trust.ece == pytest.approx(0.8965 - 7 / 8)
    assert [row.accepted for row in trust.thresholds] == [2, 1]


def test_the_data_are_counted(tmp_path, predictions):
    """By side, with one other 7 in training; every box is 24 by 40; problems by frequency."""
    reasons = ("box_clipped", "no_object", "box_clipped")
    report = make_report(tmp_path, predictions, make_training(predictions), reasons)
    data = describe_data(report)
    assert (data.photos, data.digits) == (2, 8)
    assert data.classes[7] == ClassCount("7", train=1, valid=2)
    assert data.classes[6] == ClassCount("6", train=0, valid=0)
    assert data.sizes == {"width": [24] * 5, "height": [40] * 5}
    assert list(data.problems.items()) == [("box_clipped", 2), ("no_object", 1)]
    assert [(c.channel, c.mean, c.std) for c in data.colours] == [
        ("red", 0.5, 0.2), ("green", 0.25, 0.3), ("blue", 0.125, 0.4),
    ]  # fmt: skip


def test_another_sites_digits_have_no_sides_and_no_colours(tmp_path, predictions):
    """Its labels are counted all the same."""
    data = describe_data(make_report(tmp_path, predictions))
    assert data.classes[7] == ClassCount("7", train=0, valid=2)
    assert data.colours == []


def test_doubtful_labels_keep_their_order_up_to_a_limit(tmp_path, predictions, monkeypatch):
    """Each with the picture of its digit."""
    monkeypatch.setattr(sections, "AUDITED", 3)
    rows = make_doubts(predictions, tmp_path / "digits")
    doubts = describe_doubts(rows, tmp_path / "digits")
    assert [doubt.row for doubt in doubts] == rows[:3]
    assert all(doubt.picture.startswith("data:image/jpeg;base64,") for doubt in doubts)


@pytest.mark.parametrize("damage", ["gone", "truncated"])
def test_a_doubtful_digit_that_cannot_be_read_is_told(tmp_path, predictions, damage):
    """Which one it is, and what to do."""
    rows = make_doubts(predictions, tmp_path / "digits")
    digit = tmp_path / "digits" / rows[0].file
    content = digit.read_bytes()
    digit.unlink()
    if damage == "truncated":
        write(digit, content[: len(content) // 2])
    with pytest.raises(UserError, match=rf"{digit.name}.* cannot be read .*: run `dvc repro`"):
        describe_doubts(rows, tmp_path / "digits")
