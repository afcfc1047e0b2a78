"""The files between the stages: read back as written, written whole or not at all."""

from __future__ import annotations

import errno
from pathlib import Path

import pandas as pd
import pytest
from helpers import contents, write
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from pipeline.command import UserError
from pipeline.files import md5, read_list, write_file, write_list
from pipeline.tables import (
    AUDIT,
    BOXES,
    DIGITS,
    HISTORY,
    PHOTOS,
    PREDICTIONS,
    PROBLEMS,
    Table,
    read_table,
    rows_of,
    write_table,
)

NOTES = Table({"name": "str", "count": "int64", "share": "float64"})


@given(
    rows=st.lists(
        st.fixed_dictionaries(
            {
                # No XML holds a NUL.
                "name": st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6),
                "count": st.integers(-(2**63), 2**63 - 1),
                "share": st.integers(-(10**6), 10**6).map(lambda millionths: millionths / 10**6),
            }
        ),
        max_size=4,
    )
)
def test_a_table_is_read_back_as_it_was_written(tmp_path, rows):
    """Every text, every whole number, every share to six decimals, no row, too."""
    frame = NOTES.frame(rows)
    write_table(tmp_path / "notes.csv", NOTES, frame)
    assert_frame_equal(read_table(tmp_path / "notes.csv", NOTES), frame, check_exact=True)


@pytest.mark.parametrize(
    "name",
    ["NaN", "nan", "None", "NA", "", " 7 ", "007", "1e3", "True", 'a,"b"', "a\nb", "a\rb", "저울"],
)
def test_a_text_stays_the_text_it_is(tmp_path, name):
    """A label `NaN` is no missing value, `007` no number."""
    write_table(tmp_path / "a.csv", NOTES, NOTES.frame([{"name": name, "count": 1, "share": 0}]))
    assert rows_of(read_table(tmp_path / "a.csv", NOTES))[0]["name"] == name


def test_the_bytes_of_a_table_are_settled(tmp_path):
    """UTF-8, a newline alone, the contract's columns in its order."""
    frame = pd.DataFrame({"share": [0.5], "more": ["x"], "count": [3], "name": ["저울"]})
    write_table(tmp_path / "notes.csv", NOTES, frame)
    assert (tmp_path / "notes.csv").read_bytes() == "name,count,share\n저울,3,0.5\n".encode()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        pytest.param("", "damaged", id="empty"),
        pytest.param("name,count\na,1\n", "other columns", id="column missing"),
        pytest.param("count,name,share\n1,a,0\n", "other columns", id="another order"),
        pytest.param("name,count,share\na,many,0\n", "damaged", id="no number"),
        pytest.param("name,count,share\na,,0\n", "damaged", id="empty number"),
        pytest.param('name,count,share\n"a,1,0\n', "damaged", id="open quote"),
        pytest.param(b"name,count,share\n\xff,1,0\n", "damaged", id="no UTF-8"),
        pytest.param("name,count,share\na,1,0,5,6\nb,1,2\n", ".", id="too many values"),
    ],
)
def test_a_damaged_table_says_what_to_do(tmp_path, content, told):
    """With the file's name; never a row of something else."""
    path = write(tmp_path / "notes.csv", content)
    with pytest.raises(UserError, match=rf"notes\.csv (is|has) .*{told}.*dvc repro"):
        read_table(path, NOTES)


def test_a_missing_table_says_what_to_run(tmp_path):
    """Its stage has not run."""
    with pytest.raises(UserError, match=r"notes\.csv is missing: run `dvc repro`"):
        read_table(tmp_path / "notes.csv", NOTES)


@pytest.mark.parametrize("table", [BOXES, PROBLEMS, PHOTOS, DIGITS, HISTORY, PREDICTIONS, AUDIT])
def test_an_empty_table_keeps_its_types(tmp_path, table):
    """No digit, no problem: still a file that the next stage can read."""
    write_table(tmp_path / "a.csv", table, table.frame([]))
    frame = read_table(tmp_path / "a.csv", table)
    assert frame.empty
    assert list(frame.columns) == list(table.columns)


def test_a_file_is_written_with_its_folders(tmp_path):
    """And nothing else is left beside it."""
    write_file(tmp_path / "a/b/c.txt", b"7")
    assert contents(tmp_path) == {"a/b/c.txt": b"7"}


def test_a_file_is_replaced(tmp_path):
    """By the new content alone, also where that is shorter."""
    write_file(tmp_path / "a.txt", b"long content")
    write_file(tmp_path / "a.txt", b"7")
    assert contents(tmp_path) == {"a.txt": b"7"}


@pytest.mark.parametrize("step", ["write_bytes", "replace"])
def test_a_failing_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, step):
    """A full disk, while writing or while putting in place."""
    write_file(tmp_path / "a.txt", b"old")
    real = getattr(Path, step)

    def fail(path, *arguments):
        if step == "write_bytes":
            real(path, arguments[0][:2])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, step, fail)
    with pytest.raises(OSError, match="No space left"):
        write_file(tmp_path / "a.txt", b"new content")
    monkeypatch.undo()
    assert contents(tmp_path) == {"a.txt": b"old"}


def test_a_file_behind_a_link_is_left_alone(tmp_path):
    """The link is replaced: DVC's cache, which it may lead to, is never written into."""
    write(tmp_path / "cache/7", "cached")
    (tmp_path / "a.txt").symlink_to(tmp_path / "cache/7")
    write_file(tmp_path / "a.txt", b"new")
    assert contents(tmp_path) == {"a.txt": b"new", "cache/7": b"cached"}


@pytest.mark.parametrize("lines", [["7/a.jpg"], ["7/저울-1.jpg", "0/b c-2.jpg"]])
def test_a_list_is_read_back_as_it_was_written(tmp_path, lines):
    """One entry a line."""
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


def test_md5_is_that_of_every_other_tool():
    """So that a file can be checked with md5sum, and is DVC's."""
    assert md5(b"abc") == "900150983cd24fb0d6963f7d28e17f72"
