"""The ledger's own rules: what a CSV can hold, whose fate is what, which share is rejected."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.annotations.ledger import Ledger, is_odd, printable, rejected_share, unexpected
from pipeline.annotations.rules import Finding
from pipeline.contracts import PROBLEMS, BoxRow, ProblemRow


def entry(finding, file="a.xml", number=1):
    ledger = Ledger()
    ledger.note(file, number, finding)
    return ledger.problems[0]


def test_an_entry_has_its_reasons_verdict():
    """It has the object's number as text, which is empty for the whole file."""
    assert entry(Finding("box_empty", "1, 2, 1, 4"), number=3) == ProblemRow(
        file="a.xml", object="3", verdict="rejected", reason="box_empty", detail="1, 2, 1, 4"
    )
    assert entry(Finding("no_object", ""), number=None).object == ""


@pytest.mark.parametrize(
    ("reason", "fate"), [("odd_name", "rejected"), ("other_file", "noted"), ("photo_copy", "noted")]
)
def test_a_files_entry_decides_its_fate(reason, fate):
    """Its fate is the reason's verdict."""
    ledger = Ledger()
    ledger.note_file("a", Finding(reason, ""))
    assert ledger.files == {"a": fate}
    assert [row.reason for row in ledger.problems] == [reason]


@pytest.mark.parametrize("text", ["저울 7.jpg", "a b.jpg", "\u3000", "é", "", "a\u200bb", "😀"])
def test_text_of_any_script_stays_as_it_is(text):
    """The spaces of other scripts stay, too."""
    assert not is_odd(text)
    assert printable(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [("a\rb", "a\\rb"), ("a\nb", "a\\nb"), ("\x00", "\\x00"), ("저\udcb0", "저\\udcb0")],
)
def test_what_a_csv_cannot_hold_is_escaped(text, shown):
    """It cannot hold control characters, or bytes of a file name that are no UTF-8."""
    assert is_odd(text)
    assert printable(text) == shown


def test_a_strangers_detail_is_cut_off():
    """A label of megabytes is no use to a reader."""
    assert len(entry(Finding("not_a_digit", "7" * 10_000)).detail) == 300


@given(texts=st.lists(st.text(max_size=8), max_size=4))
def test_every_row_comes_back_from_the_csv(tmp_path, texts):
    """It does so whatever is in names and details."""
    ledger = Ledger()
    for text in texts:
        ledger.note(f"{text}.xml", None, Finding("no_photo", text))
    _, problems = ledger.tables()
    PROBLEMS.write(problems, tmp_path / "problems.csv")
    assert PROBLEMS.read(tmp_path / "problems.csv") == problems


BOX = BoxRow("a.jpg", "a.xml", 1, "7", 0, 0, 9, 9, 0, 0)


def test_the_tables_are_in_a_fixed_order():
    """Boxes are by photo in reading order; problems are by file, each file's as they were found."""
    ledger = Ledger(
        boxes=[
            replace(BOX, photo=photo, row=row, column=column)
            for photo, row, column in [("b.jpg", 0, 0), ("a.jpg", 1, 0), ("a.jpg", 0, 1)]
        ]
    )
    for file, number in [("b.xml", 2), ("a.xml", 3), ("b.xml", 1)]:
        ledger.note(file, number, Finding("no_box", ""))
    boxes, problems = ledger.tables()
    places = [(box.photo, box.row, box.column) for box in boxes]
    assert places == [("a.jpg", 0, 1), ("a.jpg", 1, 0), ("b.jpg", 0, 0)]
    assert [(row.file, row.object) for row in problems] == [
        ("a.xml", "3"), ("b.xml", "2"), ("b.xml", "1"),
    ]  # fmt: skip


def test_only_rejections_that_nobody_expected_are_unexpected():
    """Notes, repairs, and labels that are ignored on purpose are none."""
    reasons = ("no_box", "ignored_label", "copied_box", "box_clipped", "other_file", "odd_name")
    rows = [entry(Finding(reason, "")) for reason in reasons]
    assert [row.reason for row in unexpected(rows)] == ["no_box", "odd_name"]


@pytest.mark.parametrize(
    ("boxes", "found", "share"),
    [
        pytest.param(0, [], 0.0, id="nothing"),
        pytest.param(3, [(1, "box_empty")], 0.25, id="one of four"),
        pytest.param(0, [(1, "box_empty")], 1.0, id="all"),
        pytest.param(1, [(1, "ignored_label"), (2, "copied_box")], 0.0, id="expected"),
        pytest.param(1, [(1, "ignored_label"), (2, "no_box")], 0.5, id="one of each"),
        pytest.param(1, [(1, "box_clipped"), (1, "frame_unknown")], 0.0, id="used all the same"),
        pytest.param(1, [(None, "no_photo"), (1, "no_photo")], 0.5, id="a file and its object"),
        pytest.param(1, [(None, "unreadable_xml")], 0.5, id="an XML of unknown objects"),
        pytest.param(1, [(None, "odd_name"), (None, "other_file")], 0.0, id="files"),
    ],
)
def test_the_share_that_is_rejected(boxes, found, share):
    """It is a share of the objects, without those that were expected to be rejected."""
    ledger = Ledger(boxes=[BOX] * boxes)
    for number, reason in found:
        ledger.note("a.xml", number, Finding(reason, ""))
    assert rejected_share(ledger) == share
