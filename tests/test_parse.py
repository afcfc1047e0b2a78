"""Stage 1 as a command: raw/ to data/boxes.csv and data/problems.csv."""

from __future__ import annotations

import logging

import pandas as pd
import pytest
from helpers import contents, display, draw_photo, jpeg, voc_xml, write

from pipeline.contracts import BOXES, PROBLEMS, BoxRow
from pipeline.runtime.errors import UserError


def test_boxes_and_problems_are_written(workplace):
    """Each digit and each problem is a row, and the command says how many there are."""
    workplace.add("a.jpg", [*display("70"), ("kg", (100, 30, 120, 70))])
    result = workplace.run("parse")
    assert result.returncode == 0, result.stderr
    assert BOXES.read() == [
        BoxRow("a.jpg", "a.xml", 1, "7", 6, 30, 30, 70, row=0, column=0),
        BoxRow("a.jpg", "a.xml", 2, "0", 36, 30, 60, 70, row=0, column=1),
    ]
    problems = PROBLEMS.read_frame()
    assert list(problems["reason"]) == ["not_a_digit"]
    assert "2 digits on 1 photos" in result.stderr
    assert "1 rejected not_a_digit" in result.stderr


def test_the_same_photos_give_the_same_bytes(workplace):
    """What was there before makes no difference."""
    workplace.add_displays(3)
    write(workplace.raw / "odd.txt", "7")
    workplace.do("parse")
    first = contents(workplace.folder / "data")
    write(workplace.folder / "data/boxes.csv", "damaged")
    workplace.do("parse")
    assert contents(workplace.folder / "data") == first


def test_raw_is_never_changed(workplace):
    """No byte and no file of it is another one."""
    workplace.add_displays(3)
    write(workplace.raw / "broken.xml", "<annotation>")
    before = contents(workplace.raw)
    workplace.do("parse")
    assert contents(workplace.raw) == before


def test_labels_and_ignore_come_from_params(workplace):
    """A meter may have spellings of its own."""
    workplace.set(parse__labels={"seven": "7"}, parse__ignore=["kg"])
    workplace.add("a.jpg", [("seven", (6, 30, 30, 70)), ("kg", (100, 30, 120, 70))])
    workplace.do("parse")
    assert list(BOXES.read_frame()["label"]) == ["7"]
    problems = PROBLEMS.read_frame()
    assert list(problems["reason"]) == ["ignored_label"]


def test_without_a_usable_digit_it_fails_and_says_where_to_look(workplace):
    """The ledger is there to be read."""
    workplace.add("a.jpg", [("kg", (6, 30, 30, 70))])
    with pytest.raises(UserError, match=r"data/problems\.csv"):
        workplace.do("parse")
    assert "not_a_digit" in set(pd.read_csv("data/problems.csv")["reason"])


def test_every_reason_is_summed_up_with_a_hint(workplace, caplog):
    """What is to be corrected comes first, however common the rest."""
    workplace.add("a.jpg", display("7"))
    for name in "bcd":
        write(workplace.raw / f"{name}.jpg", jpeg(draw_photo([])))
    write(workplace.raw / "e.xml", voc_xml(display("7"), "e.jpg"))
    with caplog.at_level(logging.INFO):
        workplace.do("parse")
    lines = [record.getMessage() for record in caplog.records]
    assert lines[0] == "1 digits on 1 photos"
    lines = [line for line in lines if not line.startswith(" " * 9)]  # the examples
    assert lines[1].split()[:3] == ["2", "rejected", "no_photo:"]
    assert lines[2].split()[:3] == ["3", "noted", "photo_without_xml:"]


def test_too_much_rejected_stops_the_run_with_the_ledger_written(workplace):
    """A wrong folder does not train a model; problems.csv says what is wrong with it."""
    workplace.set(parse__max_rejected=0.4)
    workplace.add("a.jpg", [*display("7"), ("kg", (100, 30, 120, 70)), (".", (90, 60, 94, 70))])
    with pytest.raises(UserError, match=r"50\.0% .* parse\.max_rejected \(0\.4\).*problems\.csv"):
        workplace.do("parse")
    assert list(PROBLEMS.read_frame()["reason"]) == [
        "not_a_digit",
        "ignored_label",
    ]
    assert len(BOXES.read_frame()) == 1


def test_as_much_rejected_as_is_allowed_is_no_error(workplace):
    """Only more than the limit is."""
    workplace.set(parse__max_rejected=0.5)
    workplace.add("a.jpg", [*display("7"), ("kg", (100, 30, 120, 70))])
    workplace.do("parse")
    assert len(BOXES.read_frame()) == 1


def test_a_photo_over_the_limit_is_rejected(workplace):
    """The photo of 160 x 120 pixels has 0.0192 megapixels."""
    workplace.add("a.jpg", display("7"))
    workplace.set(parse__max_megapixels=0.0193)
    workplace.do("parse")
    workplace.set(parse__max_megapixels=0.0191)
    with pytest.raises(UserError):
        workplace.do("parse")
    problems = PROBLEMS.read_frame()
    assert set(problems["reason"]) == {"photo_too_large"}
    assert set(problems["detail"]) == {"a.jpg: 0.0192 megapixels, more than 0.0191"}


@pytest.mark.parametrize(("setting", "xmin"), [("auto", 6), ("zero_based", 6), ("one_based", 5)])
def test_coordinates_can_be_set(workplace, setting, xmin):
    """They hold for every XML, whoever wrote it."""
    workplace.set(parse__coordinates=setting)
    workplace.add("a.jpg", display("7"))
    workplace.do("parse")
    assert list(BOXES.read_frame()["xmin"]) == [xmin]


@pytest.mark.parametrize(
    ("setting", "edges", "reasons"),
    [
        ("auto", [6, 30, 30, 70], ["frame_unknown"]),
        ("upright", [6, 30, 30, 70], []),
        ("raw", [130, 50, 154, 90], ["raw_frame"]),
    ],
)
def test_which_way_up_boxes_were_drawn_can_be_set(workplace, setting, edges, reasons):
    """Where a photo stored upside down does not tell it, the ledger names the setting."""
    workplace.set(parse__exif=setting)
    photo = draw_photo(display("7"))
    write(workplace.raw / "a.jpg", jpeg(photo, orientation=3))
    write(workplace.raw / "a.xml", voc_xml(display("7"), "a.jpg"))
    workplace.do("parse")
    assert BOXES.read_frame()[["xmin", "ymin", "xmax", "ymax"]].to_numpy().tolist() == [edges]
    problems = PROBLEMS.read_frame()
    assert list(problems["reason"]) == reasons
    if setting == "auto":
        assert "parse.exif" in problems["detail"][0]
        assert problems["object"][0] == "1"


def test_the_language_is_not_in_the_files(workplace, monkeypatch):
    """Another person's language must not change their hashes, which are in dvc.lock."""
    workplace.set(parse__max_rejected=1.0)
    workplace.add("a.jpg", [*display("7"), ("kg", (100, 30, 120, 70))])
    write(workplace.raw / "broken.xml", "<annotation>")
    written = []
    for language in ("en", "ko"):
        monkeypatch.setenv("PIPELINE_LANG", language)
        workplace.do("parse")
        written.append(contents(workplace.folder / "data"))
    assert written[0] == written[1]
