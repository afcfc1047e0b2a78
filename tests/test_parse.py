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
    assert "not_a_digit" in set(pd.read_csv("data/problems.csv")["reason"])


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


def test_too_much_rejected_stops_the_run_with_the_ledger_written(workplace):
    """A wrong folder does not train a model; problems.csv says what is wrong with it."""
    workplace.set(parse__max_rejected=0.4)
    workplace.add("a.jpg", [*display("7"), ("kg", (100, 30, 120, 70)), (".", (90, 60, 94, 70))])
    with pytest.raises(UserError, match=r"50\.0% .* parse\.max_rejected \(0\.4\).*problems\.csv"):
        workplace.do("parse")
    assert list(read_table("data/problems.csv", PROBLEMS)["reason"]) == [
        "not_a_digit",
        "ignored_label",
    ]
    assert len(boxes()) == 1


def test_as_much_rejected_as_is_allowed_is_no_error(workplace):
    """More than the limit is."""
    workplace.set(parse__max_rejected=0.5)
    workplace.add("a.jpg", [*display("7"), ("kg", (100, 30, 120, 70))])
    workplace.do("parse")
    assert len(boxes()) == 1


def test_a_photo_over_the_limit_is_rejected(workplace):
    """160 x 120 pixels are 0.0192 megapixels."""
    workplace.add("a.jpg", display("7"))
    workplace.set(parse__max_megapixels=0.0193)
    workplace.do("parse")
    workplace.set(parse__max_megapixels=0.0191)
    with pytest.raises(UserError):
        workplace.do("parse")
    problems = read_table("data/problems.csv", PROBLEMS)
    assert set(problems["reason"]) == {"unreadable_photo"}
    assert set(problems["detail"]) == {"a.jpg: 0.0192 megapixels, more than 0.0191"}


@pytest.mark.parametrize(("setting", "xmin"), [("auto", 6), ("zero_based", 6), ("one_based", 5)])
def test_coordinates_can_be_set(workplace, setting, xmin):
    """Whoever wrote the XML."""
    workplace.set(parse__coordinates=setting)
    workplace.add("a.jpg", display("7"))
    workplace.do("parse")
    assert list(boxes()["xmin"]) == [xmin]


@pytest.mark.parametrize(
    ("setting", "edges", "reasons"),
    [
        ("auto", [6, 30, 30, 70], ["frame_unknown"]),
        ("upright", [6, 30, 30, 70], []),
        ("raw", [130, 50, 154, 90], ["raw_frame"]),
    ],
)
def test_the_exif_frame_can_be_set(workplace, setting, edges, reasons):
    """Where a photo stored upside down does not tell it, the ledger names the setting."""
    workplace.set(parse__exif=setting)
    photo = draw_photo(display("7"))
    write(workplace.raw / "a.jpg", jpeg(photo, orientation=3))
    write(workplace.raw / "a.xml", voc_xml(display("7"), "a.jpg"))
    workplace.do("parse")
    assert boxes()[["xmin", "ymin", "xmax", "ymax"]].to_numpy().tolist() == [edges]
    problems = read_table("data/problems.csv", PROBLEMS)
    assert list(problems["reason"]) == reasons
    if setting == "auto":
        assert "parse.exif" in problems["detail"][0]
        assert problems["object"][0] == "1"


def test_the_language_is_not_in_the_files(workplace, monkeypatch):
    """dvc.lock holds their hashes: another person's language must not change them."""
    workplace.set(parse__max_rejected=1.0)
    workplace.add("a.jpg", [*display("7"), ("kg", (100, 30, 120, 70))])
    write(workplace.raw / "broken.xml", "<annotation>")
    written = []
    for language in ("en", "ko"):
        monkeypatch.setenv("PIPELINE_LANG", language)
        workplace.do("parse")
        written.append(contents(workplace.folder / "data"))
    assert written[0] == written[1]


@pytest.fixture
def new_photos(workplace):
    """A folder beside raw/ with one good photo."""
    folder = workplace.folder / "new"
    write(folder / "a.jpg", jpeg(draw_photo(display("7"))))
    write(folder / "a.xml", voc_xml(display("7"), "a.jpg"))
    return folder


def test_a_good_folder_passes_the_check(workplace, new_photos):
    """Notes, ignored labels and copies do not count; nothing is written."""
    write(new_photos / "notes.txt", "7")
    write(new_photos / "b.jpg", (new_photos / "a.jpg").read_bytes())
    write(new_photos / "b.xml", voc_xml([*display("7"), (".", (90, 60, 94, 70))], "b.jpg"))
    before = contents(workplace.folder)
    done = workplace.run("parse", "--check", "new")
    assert done.returncode == 0, done.stderr
    assert "  notes.txt" in done.stderr
    assert contents(workplace.folder) == before


def test_a_bad_folder_fails_the_check(workplace, new_photos):
    """Exit code 1, each problem by file and object with what to do; nothing is written."""
    write(new_photos / "a.xml", voc_xml([*display("7"), ("kg", (100, 30, 120, 70))], "a.jpg"))
    before = contents(workplace.folder)
    done = workplace.run("parse", "--check", "new")
    assert done.returncode == 1
    assert "rejected not_a_digit: correct the label" in done.stderr
    assert "  a.xml #2  'kg'" in done.stderr
    assert "ERROR: 1 rejected in new/" in done.stderr
    assert "Traceback" not in done.stderr
    assert contents(workplace.folder) == before


def test_checking_speaks_korean(new_photos, workplace, monkeypatch):
    """As the user's environment says."""
    monkeypatch.setenv("PIPELINE_LANG", "ko")
    assert "new/에서 거부된 것이 없습니다" in workplace.run("parse", "--check", "new").stderr


def test_a_folder_without_a_box_fails_the_check(workplace):
    """Photos that nobody has annotated are no training data yet."""
    write(workplace.folder / "new/a.jpg", jpeg(draw_photo([])))
    done = workplace.run("parse", "--check", "new")
    assert done.returncode == 1
    assert "new/ has no box of a digit: annotate its photos" in done.stderr


def test_the_check_only_counts_what_is_ignored(workplace, new_photos):
    """It is nobody's mistake, and would hide what is."""
    write(new_photos / "b.jpg", jpeg(draw_photo([])))
    write(new_photos / "b.xml", voc_xml([("kWh", (6, 30, 30, 70))] * 2, "b.jpg"))
    done = workplace.run("parse", "--check", "new")
    assert done.returncode == 0
    assert "b.xml #" not in done.stderr
    assert "2 rejected ignored_label" in done.stderr
    assert "noted all_ignored: nothing: all its labels are listed in parse.ignore" in done.stderr


def test_a_missing_folder_fails_the_check(workplace):
    """By its name."""
    done = workplace.run("parse", "--check", "nowhere")
    assert done.returncode == 1
    assert "nowhere/" in done.stderr
