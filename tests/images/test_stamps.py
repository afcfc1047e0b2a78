"""Files known by their stamp: one that has changed is read again."""

from __future__ import annotations

import os

import pytest
from helpers import write

from pipeline.images.stamps import STAMPS, StampRow, load_stamps, stamp_of


def record(*stamps, age=10):
    """Save stamps whose files changed `age` seconds before."""
    STAMPS.write(StampRow(f"{stamp}.jpg", "md5", stamp) for stamp in stamps)
    newest = max((int(stamp.partition("-")[0]) for stamp in stamps if stamp), default=0)
    os.utime(STAMPS.path, ns=(newest + int(age * 10**9),) * 2)


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


def test_stamps_come_back_by_file_and_content(workplace):
    """A file without a stamp is not known."""
    record("1000-5-7", "2000-5-8", "")
    assert load_stamps() == {
        ("1000-5-7.jpg", "md5"): "1000-5-7",
        ("2000-5-8.jpg", "md5"): "2000-5-8",
    }


@pytest.mark.parametrize(("age", "known"), [(1.9, False), (2.1, True)])
def test_what_changed_just_before_the_record_is_read_again(workplace, age, known):
    """Within two seconds, a second change may bear the same time."""
    record(f"{10**12}-5-7", age=age)
    assert bool(load_stamps()) == known


@pytest.mark.parametrize("content", [None, b"", b"not a record", b"file,md5,stamp\na,b,c-d-e\n"])
def test_a_missing_or_damaged_record_is_none(workplace, content):
    """All files are read again, without a message."""
    if content is not None:
        write(STAMPS.path, content)
    assert load_stamps() == {}
