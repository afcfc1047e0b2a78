"""Stage 1 as a command: raw/ to data/boxes.csv and data/problems.csv."""

from __future__ import annotations

import logging

import pandas as pd
import pytest
from helpers import contents, display, draw_photo, jpeg, voc_xml, write

from pipeline.command import UserError
from pipeline.tables import BOXES, PROBLEMS, read_table


def boxes():
    return read_table("data/boxes.csv", BOXES)


def test_boxes_and_problems_are_written(workplace):
    """A digit a row, a problem a row, and the command says how many."""
    workplace.add("a.jpg", [*display("70"), ("kg", (100, 30, 120, 70))])
    result = workplace.run("parse")
    assert result.returncode == 0, result.stderr
    assert boxes()[["photo", "xml", "object", "label", "xmin", "ymin", "xmax", "ymax"]].to_dict(
        "split"
    )["data"] == [
        ["a.jpg", "a.xml", 1, "7", 6, 30, 30, 70],
        ["a.jpg", "a.xml", 2, "0", 36, 30, 60, 70],
    ]
    problems = read_table("data/problems.csv", PROBLEMS)
    assert list(problems["reason"]) == ["not_a_digit"]
    assert "2 digits on 1 photos" in result.stderr
    assert "1 rejected not_a_digit" in result.stderr


def test_the_same_photos_give_the_same_bytes(workplace):
    """Whatever was there before."""
    workplace.add_displays(3)
    write(workplace.raw / "odd.txt", "7")
    workplace.do("parse")
    first = contents(workplace.folder / "data")
    write(workplace.folder / "data/boxes.csv", "damaged")
    workplace.do("parse")
    assert contents(workplace.folder / "data") == first


def test_raw_is_never_changed(workplace):
    """Not a byte, not a file."""
    workplace.add_displays(3)
    write(workplace.raw / "broken.xml", "<annotation>")
    before = contents(workplace.raw)
    workplace.do("parse")
    assert contents(workplace.raw) == before


def test_labels_and_ignore_come_from_params(workplace):
    """A meter's own spellings."""
    workplace.set(parse__labels={"seven": "7"}, parse__ignore=["kg"])
    workplace.add("a.jpg", [("seven", (6, 30, 30, 70)), ("kg", (100, 30, 120, 70))])
    workplace.do("parse")
    assert list(boxes()["label"]) == ["7"]
    problems = read_table("data/problems.csv", PROBLEMS)
    assert list(problems["reason"]) == ["ignored_label"]


def test_without_a_usable_digit_it_fails_and_says_where_to_look(workplace):
    """problems.csv is there to be read."""
    workplace.add("a.jpg", [("kg", (6, 30, 30, 70))])
    with pytest.raises(UserError, match=r"data/problems\.csv"):
        workplace.do("parse")
    assert len(pd.read_csv("data/problems.csv")) == 1


def test_every_reason_is_summed_up_with_a_hint(workplace, caplog):
    """The most common first."""
    workplace.add("a.jpg", display("7"))
    for name in "bcd":
        write(workplace.raw / f"{name}.jpg", jpeg(draw_photo([])))
    write(workplace.raw / "e.xml", voc_xml(display("7"), "e.jpg"))
    with caplog.at_level(logging.INFO):
        workplace.do("parse")
    lines = [record.getMessage() for record in caplog.records]
    assert lines[0] == "1 digits on 1 photos"
    assert lines[1].split()[:3] == ["3", "noted", "photo_without_xml:"]
    assert lines[2].split()[:3] == ["2", "rejected", "no_photo:"]
