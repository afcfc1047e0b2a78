"""The summary: how much there is, what is wrong with it, and where to look first."""

from __future__ import annotations

import pytest
from helpers import ROOT, display, draw_photo, jpeg, voc_xml, write

from pipeline.annotations.folder import read_folder
from pipeline.annotations.ledger import Ledger
from pipeline.annotations.rules import Finding
from pipeline.annotations.summary import count, summarise, worst_files
from pipeline.params import load_params

PARAMS = load_params(ROOT / "params.yaml").parse
ALL_REJECTED = "rejected all_rejected: mend the boxes of this XML, each listed under its own reason"
NOT_A_DIGIT = "rejected not_a_digit: correct the label, or list it in parse.labels or parse.ignore"


@pytest.fixture
def ledger(tmp_path):
    """A good photo, one with two bad labels, and a note."""
    write(tmp_path / "a.jpg", jpeg(draw_photo(display("70"))))
    write(tmp_path / "a.xml", voc_xml(display("70"), "a.jpg"))
    write(tmp_path / "b.jpg", jpeg(draw_photo(display("12"))))
    write(
        tmp_path / "b.xml",
        "<annotation>" + "<object><name>kg</name></object>" * 2 + "</annotation>",
    )
    write(tmp_path / "notes.txt", "7")
    return read_folder(tmp_path, PARAMS)


def test_figures_to_compare(ledger):
    """They are nested numbers only, in which each file has one fate."""
    assert count(ledger) == {
        "photos": 1,
        "boxes": 2,
        "files": {"used": 2, "rejected": 2, "noted": 1},
        "dialects": {"labelimg": 1, "unknown": 1},
        "problems": {"rejected": 4, "repaired": 0, "noted": 1},
        "reasons": {"all_rejected": 2, "not_a_digit": 2, "other_file": 1},
    }


def test_the_summary_says_it_all(ledger):
    """It counts, says what to do, and names the files to look at first."""
    assert summarise(ledger, PARAMS) == [
        "2 digits on 1 photos",
        f"     2 {NOT_A_DIGIT}",
        "         b.xml #1 'kg'",
        "         b.xml #2 'kg'",
        "     1 noted other_file: it is neither photo nor XML; move it elsewhere, or leave it",
        "         notes.txt",
        f"     2 {ALL_REJECTED}",
        "If these are no digits, paste into params.yaml (kg 2):",
        "  ignore: [., kWh, kg]",
        "WARNING: no digit 1 2 3 4 5 6 8 9 in the whole data: it cannot be learnt",
        "Files: 2 used, 2 rejected, 1 noted",
        "XML by tool: labelimg 1, unknown 1 (parse.coordinates and parse.exif override)",
        "Look first at: b.xml (2)",
    ]


def test_the_summary_speaks_korean(ledger, monkeypatch):
    """The codes stay as they are in problems.csv; the ledger's bytes do not depend on it."""
    before = ledger.tables()
    monkeypatch.setenv("PIPELINE_LANG", "ko")
    lines = summarise(ledger, PARAMS)
    assert lines[0] == "사진 1장에서 숫자 2개"
    assert lines[1].startswith("     2 rejected not_a_digit: 라벨을 고치거나")
    assert ledger.tables() == before


def test_a_photo_that_was_renamed_is_hinted_at(tmp_path):
    """Its XML finds no photo, and it has no XML: labelled anew, it would be work for nothing."""
    write(tmp_path / "meter 3.jpg", jpeg(draw_photo(display("70"))))
    write(tmp_path / "a.xml", voc_xml(display("70"), "a.jpg"))
    hint = "Some XML have no photo, and 1 photos have no XML: if one was renamed"
    assert any(line.startswith(hint) for line in summarise(read_folder(tmp_path, PARAMS), PARAMS))
    (tmp_path / "a.xml").unlink()
    assert not any("renamed" in line for line in summarise(read_folder(tmp_path, PARAMS), PARAMS))


def test_examples_are_of_as_many_files_as_may_be(tmp_path):
    """An XML without its photo, of which each box is rejected, is one of them once."""
    for name in "abcd":
        write(tmp_path / f"{name}.xml", voc_xml(display("70"), f"{name}.jpg"))
    lines = summarise(read_folder(tmp_path, PARAMS), PARAMS)
    examples = [line.split()[0] for line in lines if line.startswith("         ")]
    assert examples == ["a.xml", "b.xml", "c.xml"]


def test_a_clean_ledger_is_one_line():
    """There is nothing to look at in it."""
    assert summarise(Ledger(), PARAMS) == ["0 digits on 0 photos"]


def test_the_three_worst_files():
    """What was rejected or repaired counts; notes and what was expected do not."""
    ledger = Ledger()
    for file, reasons in {
        "a.xml": ["box_empty"],
        "b.xml": ["box_clipped", "no_box", "no_box"],
        "c.xml": ["box_swapped"] * 2,
        "d.xml": ["ignored_label"] * 9,
        "e.xml": ["frame_unknown"] * 9,
        "f.xml": ["no_box"] * 4,
    }.items():
        for number, reason in enumerate(reasons):
            ledger.note(file, number, Finding(reason, ""))
    assert worst_files(ledger) == [("f.xml", 4), ("b.xml", 3), ("c.xml", 2)]
