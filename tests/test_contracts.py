"""The files between the stages: read back as written, in bytes that follow from the rows."""

from __future__ import annotations

import codecs
import json
from dataclasses import dataclass, fields, replace
from pathlib import Path

import pandas as pd
import pytest
from helpers import write
from hypothesis import example, given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from pipeline.contracts import (
    BOXES,
    DIGITS,
    DOUBTS,
    HISTORY,
    LISTS,
    PHOTOS,
    PREDICTIONS,
    PROBLEMS,
    READINGS,
    WHOLE,
    BoxRow,
    Table,
    lists_md5,
    read_list,
    read_stats,
    write_list,
)
from pipeline.images.box import Box
from pipeline.runtime.errors import UserError


@dataclass(frozen=True)
class Note:
    """A row of each kind of value."""

    name: str
    count: int
    share: float


NOTES = Table(Path("data/notes.csv"), Note)
ALL = [BOXES, PROBLEMS, PHOTOS, DIGITS, HISTORY, PREDICTIONS, DOUBTS]

some_notes = st.lists(
    st.builds(
        Note,
        # No XML holds a NUL.
        name=st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6),
        count=st.integers(-(2**63), 2**63 - 1),
        share=st.integers(-(10**6), 10**6).map(lambda millionths: millionths / 10**6),
    ),
    max_size=4,
)


@given(rows=some_notes)
def test_rows_are_read_back_as_they_were_written(tmp_path, rows):
    """Every text, every whole number and every share is the same; there may be no row."""
    NOTES.write(rows, tmp_path / "notes.csv")
    assert NOTES.read(tmp_path / "notes.csv") == rows


@given(rows=some_notes)
def test_a_frame_is_the_same_file_as_its_rows(tmp_path, rows):
    """Whoever reads or writes frames and whoever reads or writes rows see the same."""
    NOTES.write(rows, tmp_path / "rows.csv")
    NOTES.write_frame(NOTES.frame(rows), tmp_path / "frame.csv")
    assert (tmp_path / "frame.csv").read_bytes() == (tmp_path / "rows.csv").read_bytes()
    frame = NOTES.read_frame(tmp_path / "rows.csv")
    assert_frame_equal(frame, NOTES.frame(rows), check_exact=True)


@pytest.mark.parametrize(
    "name",
    ["NaN", "nan", "None", "NA", "", " 7 ", "007", "1e3", "True", 'a,"b"', "a\nb", "a\rb", "저울"],
)
def test_a_text_stays_the_text_it_is(workplace, name):
    """A label `NaN` is no missing value, and `007` is no number."""
    NOTES.write([Note(name, 1, 0.0)])
    assert [row.name for row in NOTES.read()] == [name]
    assert list(NOTES.read_frame()["name"]) == [name]


def test_the_bytes_of_a_table_are_settled(workplace):
    """They are UTF-8, with a newline alone, and the contract's columns in its order."""
    frame = pd.DataFrame({"share": [0.5], "more": ["x"], "count": [3], "name": ["저울"]})
    NOTES.write_frame(frame)
    assert NOTES.path.read_bytes() == "name,count,share\n저울,3,0.5\n".encode()


@pytest.mark.parametrize("read", [NOTES.read, NOTES.read_frame])
@pytest.mark.parametrize(
    ("content", "told"),
    [
        pytest.param("", "damaged", id="empty"),
        pytest.param("name,count\na,1\n", "other columns", id="column missing"),
        pytest.param("count,name,share\n1,a,0\n", ".", id="another order"),
        pytest.param("name,count,share\na,many,0\n", "damaged", id="no number"),
        pytest.param("name,count,share\na,,0\n", "damaged", id="empty number"),
        pytest.param('name,count,share\n"a,1,0\n', "damaged", id="open quote"),
        pytest.param(b"name,count,share\n\xff,1,0\n", "damaged", id="no UTF-8"),
        pytest.param("name,count,share\na,1,0,5,6\nb,1,2\n", ".", id="too many values"),
    ],
)
def test_a_damaged_table_says_what_to_do(tmp_path, read, content, told):
    """The message has the file's name; a row of something else is never given."""
    path = write(tmp_path / "notes.csv", content)
    with pytest.raises(UserError, match=rf"notes\.csv (is|has) .*{told}.*dvc repro"):
        read(path)


@pytest.mark.parametrize("read", [NOTES.read, NOTES.read_frame])
def test_a_missing_table_says_what_to_run(tmp_path, read):
    """Its stage has not run."""
    with pytest.raises(UserError, match=r"notes\.csv is missing: run `dvc repro`"):
        read(tmp_path / "notes.csv")


@pytest.mark.parametrize("table", ALL, ids=lambda table: table.path.name)
def test_an_empty_table_keeps_its_types(workplace, table):
    """Where there is no digit or no problem, the next stage can still read the file."""
    table.write([])
    assert table.read() == []
    frame = table.read_frame()
    assert list(frame.columns) == table.columns
    assert_frame_equal(frame, table.frame([]))


@pytest.mark.parametrize("table", [PROBLEMS, WHOLE, READINGS, DOUBTS])
def test_what_people_open_says_that_it_is_utf8(tmp_path, table):
    """Excel in Korea takes a table without this mark for CP949."""
    table.write([], tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_bytes().startswith(codecs.BOM_UTF8)
    assert table.read(tmp_path / "a.csv") == []


def test_digits_csv_is_a_superset_of_boxes_csv():
    """Its first columns are those of boxes.csv, so that nobody joins the box back."""
    assert DIGITS.columns[: len(BOXES.columns)] == BOXES.columns


def test_a_row_knows_its_box():
    """The box is its four edges."""
    row = BoxRow("a.jpg", "a.xml", 1, "7", 10, 20, 34, 60, 0, 0)
    assert row.box == Box(10, 20, 34, 60)
    assert [its.name for its in fields(row)] == BOXES.columns


@pytest.mark.parametrize("lines", [["7/a.jpg"], ["7/저울-1.jpg", "0/b c-2.jpg"]])
def test_a_list_is_read_back_as_it_was_written(tmp_path, lines):
    """There is one entry a line."""
    write_list(tmp_path / "list.txt", lines)
    assert read_list(tmp_path / "list.txt") == lines
    assert (tmp_path / "list.txt").read_bytes().count(b"\n") == len(lines)


def test_a_missing_or_empty_list_says_what_to_do(tmp_path):
    """Its stage has not run, or has left nothing on this side."""
    with pytest.raises(UserError, match=r"list\.txt is missing: run `dvc repro`"):
        read_list(tmp_path / "list.txt")
    write_list(tmp_path / "list.txt", [])
    with pytest.raises(UserError, match=r"list\.txt is empty: add photos, or change split\.val"):
        read_list(tmp_path / "list.txt")


def test_the_lists_md5_are_those_of_their_bytes(workplace):
    """By them a model knows the split that it was trained on."""
    for path in LISTS.values():
        write(path, "abc")
    assert lists_md5() == dict.fromkeys(("train", "valid"), "900150983cd24fb0d6963f7d28e17f72")


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"mean": [1, 2, 3], "std": [1, 1, 1]}'])
def test_damaged_stats_are_told(tmp_path, content):
    """Those of an older form are damaged, too."""
    with pytest.raises(UserError, match=r"stats\.json is damaged"):
        read_stats(write(tmp_path / "stats.json", content))


def test_stats_are_taken_by_name(tmp_path):
    """They come as red, green and blue, whatever their order in the file."""
    channels = {"blue": 0.3, "red": 0.1, "green": 0.2}
    content = json.dumps({"digits": 5, "mean": channels, "std": channels})
    assert read_stats(write(tmp_path / "stats.json", content)) == ([0.1, 0.2, 0.3],) * 2


@pytest.mark.parametrize(
    "text", ["=1+1", "+82.jpg", "-1.jpg", "@SUM(A1)", "'=1", "''-x", "'quoted'"]
)
def test_no_cell_is_a_formula_in_excel(tmp_path, text):
    """It is written as a text, and read back as it was, as rows and as a frame."""
    path = tmp_path / "notes.csv"
    NOTES.write([Note(text, -1, -0.5)], path)
    cell = path.read_text(encoding="utf-8").splitlines()[1].split(",")[0]
    assert cell[0] not in "=+-@"
    assert NOTES.read(path) == [Note(text, -1, -0.5)]
    assert list(NOTES.read_frame(path)["name"]) == [text]


@pytest.mark.parametrize("text", ["-2.47", "'-2.47", "-5", "-"])
def test_a_number_below_zero_is_no_formula(tmp_path, text):
    """As a text it has no apostrophe before it; it is read back as it was either way."""
    path = tmp_path / "notes.csv"
    NOTES.write([Note(text, 1, 0.5), Note("=1", 1, 0.5)], path)
    assert NOTES.read(path)[0].name == text
    if text in ("-2.47", "-5"):
        assert path.read_text(encoding="utf-8").splitlines()[1] == f"{text},1,0.5"


@given(names=st.lists(st.text('ab,"\n\r\x85\x0b\x1c\u2028\u2029'), max_size=4))
def test_a_sealed_table_takes_any_name(tmp_path, names):
    """A name may hold a character that ends a line in some programs."""
    table, path = replace(NOTES, sealed=True), tmp_path / "sealed.csv"
    rows = [Note(name, 1, 0.5) for name in names]
    table.write(rows, path)
    assert table.read(path) == rows
    assert list(table.read_frame(path)["name"]) == names


@given(rows=some_notes)
@example(rows=[Note("a\nb", 1, 0.5), Note("=c", 2, 0.5), Note("a\nb", 3, 0.5)])
@pytest.mark.parametrize("sealed", [False, True])
def test_passages_are_the_rows_of_each_name(tmp_path, sealed, rows):
    """Their lines hold the rows; written again, they are the file, if its names stood together."""
    table, path = replace(NOTES, sealed=sealed), tmp_path / "notes.csv"
    rows = sorted(rows, key=lambda row: row.name)
    table.write(rows, path)
    passages = table.passages("name", path)
    for name, its in passages.items():
        same = [row for row in rows if row.name == name]
        assert table.parse(its.lines) == same
        assert its.values == [name] * len(same)
    assert set(passages) == {row.name for row in rows}
    with table.writing(tmp_path / "again.csv") as write_lines:
        for its in passages.values():
            write_lines(its.lines)
    assert (tmp_path / "again.csv").read_bytes() == path.read_bytes()


def test_a_name_in_two_spellings_is_one_passage(tmp_path):
    """As where rows were written by hand: no row is lost."""
    path = write(tmp_path / "notes.csv", "name,count,share\n=a,1,0.5\n'=a,2,0.5\n")
    [(name, its)] = NOTES.passages("name", path).items()
    assert name == "=a"
    assert NOTES.parse(its.lines) == [Note("=a", 1, 0.5), Note("=a", 2, 0.5)]


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda text: text[:-5], id="cut off"),
        pytest.param(lambda text: text[: text.rindex(",")], id="cut off before the checksum"),
        pytest.param(lambda text: text.replace(",3,", ",4,", 1), id="a sum changed"),
        pytest.param(lambda text: text.replace("\na,", "\nc,"), id="a name"),
    ],
)
def test_a_sealed_table_is_read_as_it_was_written_or_not_at_all(tmp_path, spoil):
    """Whoever changed a row by hand, or a disk that was full, is told of."""
    table = replace(NOTES, sealed=True)
    path = tmp_path / "notes.csv"
    rows = [Note("a", 3, 0.5), Note("b", 3, 0.25)]
    table.write(rows, path)
    assert table.read(path) == rows
    path.write_bytes(spoil(path.read_text(encoding="utf-8")).encode())
    for read in (table.read, table.read_frame):
        with pytest.raises(UserError, match=r"notes\.csv is damaged .*dvc repro"):
            read(path)
