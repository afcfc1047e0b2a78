"""Files known by their stamp: one that has changed is read again."""

from __future__ import annotations

import os

import pytest
from helpers import write

from pipeline.images.stamps import STAMPS, StampRow, load_stamps, seal, stamp_of


def record(newest, age=10.0):
    """Save a photo's row, whose files last changed `age` seconds before."""
    row = StampRow("a.jpg", newest, "seal")
    STAMPS.write([row])
    os.utime(STAMPS.path, ns=(newest + int(age * 10**9),) * 2)
    return row


@pytest.mark.parametrize(
    "change",
    [
        lambda path: os.utime(path, ns=(1, 2)),
        lambda path: path.write_bytes(b"longer than before"),
        lambda path: write(path.with_name("b"), path.read_bytes()).replace(path),
    ],
    ids=["time", "size", "another file of its name"],
)
def test_a_changed_file_has_another_stamp(tmp_path, change):
    """Time, size and inode are in it."""
    path = write(tmp_path / "a", b"content")
    before = stamp_of(path)
    assert stamp_of(path) == before
    change(path)
    assert stamp_of(path) != before


def test_a_missing_file_has_no_stamp(tmp_path):
    """Nor has one below a file that is no folder."""
    path = write(tmp_path / "a", b"")
    assert stamp_of(tmp_path / "b") == stamp_of(path / "b") == ""


@pytest.mark.parametrize(
    "other",
    [
        seal("a.jpg", ["x", "y"], ["5-6-7-8", "9-6-7-9"]),
        seal("a.jpg", ["x", "z"], ["5-6-7-8", "9-6-7-8"]),
        seal("a.jpg", ["y", "x"], ["5-6-7-8", "9-6-7-8"]),
        seal("b.jpg", ["x", "y"], ["5-6-7-8", "9-6-7-8"]),
        seal("a.jpg", ["x", "y"], ["5-6-7-8", ""]),
    ],
    ids=["a stamp", "a content", "two contents swapped", "a photo", "a file that is gone"],
)
def test_a_seal_is_of_all_that_was_there(other):
    """Each content and each stamp is in it; its time is that of the last change."""
    its = seal("a.jpg", ["x", "y"], ["5-6-7-8", "9-6-7-8"])
    assert (its.photo, its.newest) == ("a.jpg", 9)
    assert its == seal("a.jpg", ["x", "y"], ["5-6-7-8", "9-6-7-8"]) != other


def test_rows_come_back_by_their_photo(workplace):
    """As they were recorded."""
    row = record(10**12)
    assert load_stamps() == {"a.jpg": row}


@pytest.mark.parametrize(("age", "known"), [(1.9, False), (2.1, True)])
def test_what_changed_just_before_the_record_is_read_again(workplace, age, known):
    """Within two seconds, a second change may bear the same time."""
    record(10**12, age)
    assert bool(load_stamps()) == known


@pytest.mark.parametrize("content", [None, b"", b"not a record", b"photo,newest,seal\na,b,c\n"])
def test_a_missing_or_damaged_record_is_none(workplace, content):
    """All files are read again, without a message."""
    if content is not None:
        write(STAMPS.path, content)
    assert load_stamps() == {}
