"""The ledger's own rules: what a CSV can hold, whose fate is what, which share is rejected."""

from __future__ import annotations

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.annotations.checks import Finding
from pipeline.annotations.ledger import Ledger, is_odd, printable, rejected_share
from pipeline.tables import PROBLEMS, read_table, rows_of


def entry(finding, file="a.xml", number=1):
    ledger = Ledger()
    ledger.note(file, number, finding)
    return ledger.problems[0]


def test_an_entry_has_its_reasons_verdict():
    """And the object's number as text, empty for the whole file."""
    assert entry(Finding("box_empty", "1, 2, 1, 4"), number=3) == {
        "file": "a.xml",
        "object": "3",
        "verdict": "rejected",
        "reason": "box_empty",
        "detail": "1, 2, 1, 4",
    }
    assert entry(Finding("no_object", ""), number=None)["object"] == ""


@pytest.mark.parametrize(
    ("reason", "fate"), [("odd_name", "rejected"), ("other_file", "noted"), ("photo_copy", "noted")]
)
def test_a_files_entry_decides_its_fate(reason, fate):
    """As its reason's verdict."""
    ledger = Ledger()
    ledger.note_file("a", Finding(reason, ""))
    assert ledger.files == {"a": fate}
    assert [row["reason"] for row in ledger.problems] == [reason]


@pytest.mark.parametrize("text", ["저울 7.jpg", "a b.jpg", "\u3000", "é", "", "a\u200bb", "😀"])
def test_text_of_any_script_stays_as_it_is(text):
    """Also with the spaces of other scripts."""
    assert not is_odd(text)
    assert printable(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [("a\rb", "a\\rb"), ("a\nb", "a\\nb"), ("\x00", "\\x00"), ("저\udcb0", "저\\udcb0")],
)
def test_what_a_csv_cannot_hold_is_escaped(text, shown):
    """Control characters, and bytes of a file name that are no UTF-8."""
    assert is_odd(text)
    assert printable(text) == shown


def test_a_strangers_detail_is_cut_off():
    """A label of megabytes is no use to a reader."""
    assert len(entry(Finding("not_a_digit", "7" * 10_000))["detail"]) == 300


@given(texts=st.lists(st.text(max_size=8), max_size=4))
def test_every_row_comes_back_from_the_csv(texts):
    """Whatever is in names and details."""
    ledger = Ledger()
    for text in texts:
        ledger.note(f"{text}.xml", None, Finding("no_photo", text))
    _, problems = ledger.frames()
    csv = problems.to_csv(index=False, lineterminator="\n").encode("utf-8")
    assert rows_of(read_table(BytesIO(csv), PROBLEMS)) == rows_of(problems)


BOX = {
    "photo": "a.jpg", "xml": "a.xml", "object": 1, "label": "7",
    "xmin": 0, "ymin": 0, "xmax": 9, "ymax": 9, "row": 0, "column": 0,
}  # fmt: skip


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
    """Of the objects, without those that were expected to be."""
    ledger = Ledger(boxes=[BOX] * boxes)
    for number, reason in found:
        ledger.note("a.xml", number, Finding(reason, ""))
    assert rejected_share(*ledger.frames()) == share
