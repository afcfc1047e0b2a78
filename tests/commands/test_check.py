"""`digits check`: what is wrong in a folder, before it goes into raw/."""

from __future__ import annotations

import logging

import pandas as pd
import pytest
from helpers import contents, display, draw_photo, jpeg, voc_xml, write

from pipeline.runtime.errors import UserError


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
    done = workplace.digits_command("check", "new")
    assert done.returncode == 0, done.stderr
    assert "  notes.txt" in done.stderr
    assert contents(workplace.folder) == before


def test_a_bad_folder_fails_the_check(workplace, new_photos):
    """It exits with 1, tells each problem with what to do, and writes nothing."""
    write(new_photos / "a.xml", voc_xml([*display("7"), ("kg", (100, 30, 120, 70))], "a.jpg"))
    before = contents(workplace.folder)
    done = workplace.digits_command("check", "new")
    assert done.returncode == 1
    assert "rejected not_a_digit: correct the label" in done.stderr
    assert "  a.xml #2 'kg'" in done.stderr
    assert "ERROR: 1 rejected in new/" in done.stderr
    assert "Traceback" not in done.stderr
    assert contents(workplace.folder) == before


def test_checking_speaks_korean(new_photos, workplace, monkeypatch):
    """It speaks the language of the user's environment."""
    monkeypatch.setenv("PIPELINE_LANG", "ko")
    assert "new/에서 거부된 것이 없습니다" in workplace.digits_command("check", "new").stderr


def test_a_folder_without_a_box_fails_the_check(workplace):
    """Photos that nobody has annotated are no training data yet."""
    write(workplace.folder / "new/a.jpg", jpeg(draw_photo([])))
    done = workplace.digits_command("check", "new")
    assert done.returncode == 1
    assert "new/ has photos but no XML: draw boxes" in done.stderr


def test_a_folder_of_xml_alone_says_so(workplace):
    """Perhaps the folder beside it has the photos."""
    write(workplace.folder / "new/a.xml", voc_xml(display("7"), "a.jpg"))
    done = workplace.digits_command("check", "new")
    assert done.returncode == 1
    assert "ERROR: new/ has no photos: give the folder that holds" in done.stderr


def test_a_whole_number_is_told_how_it_is_drawn(workplace, new_photos):
    """One box round the display cannot be learnt from."""
    write(new_photos / "a.xml", voc_xml([("17.20", (20, 30, 140, 70))], "a.jpg"))
    done = workplace.digits_command("check", "new")
    assert done.returncode == 1
    assert "1 rejected whole_display: draw a box round each digit" in done.stderr


def test_each_problem_is_in_the_csv(workplace, new_photos):
    """The terminal shows three of a kind."""
    write(new_photos / "a.xml", voc_xml([*display("7"), *[("kg", (90, 5, 99, 20))] * 9], "a.jpg"))
    done = workplace.digits_command("check", "new", "--csv", "out/problems.csv")
    assert done.stderr.count("a.xml #") == 3
    rows = pd.read_csv(workplace.folder / "out/problems.csv")
    assert (rows["reason"] == "not_a_digit").sum() == 9


def test_the_check_only_counts_what_is_ignored(workplace, new_photos):
    """It is nobody's mistake, and would hide what is."""
    write(new_photos / "b.jpg", jpeg(draw_photo([])))
    write(new_photos / "b.xml", voc_xml([("kWh", (6, 30, 30, 70))] * 2, "b.jpg"))
    done = workplace.digits_command("check", "new")
    assert done.returncode == 0
    assert "b.xml #" not in done.stderr
    assert "2 rejected ignored_label" in done.stderr
    assert (
        "noted all_ignored: nothing to do: all its labels are listed in parse.ignore" in done.stderr
    )


def test_a_missing_folder_fails_the_check(workplace):
    """The message has its name."""
    done = workplace.digits_command("check", "nowhere")
    assert done.returncode == 1
    assert "nowhere/" in done.stderr


def test_a_check_uses_the_parameters(workplace, new_photos, caplog):
    """What parse would leave out without a complaint, the check leaves out, too."""
    write(new_photos / "a.xml", voc_xml([*display("7"), ("kg", (100, 30, 120, 70))], "a.jpg"))
    with pytest.raises(UserError, match="1 rejected in new/"):
        workplace.do("check", arguments=("new",))
    workplace.set(parse__ignore=["kg"])
    with caplog.at_level(logging.INFO):
        workplace.do("check", arguments=("new",))
    assert caplog.messages[-1] == "Nothing is rejected in new/"
