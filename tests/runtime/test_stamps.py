"""Files known by their stamp: one that has changed bears another."""

from __future__ import annotations

import os

import pytest
from helpers import write

from pipeline.runtime.stamps import has_rested, stamp_of


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
    assert stamp_of(tmp_path / "b") is None
    assert stamp_of(path / "b") is None


@pytest.mark.parametrize(("times", "newest"), [((5, 9), 9), ((9, 5), 9), ((-7, -8), -7)])
def test_the_newest_time_is_that_of_any_change(tmp_path, times, newest):
    """A copy that keeps the photo's own time has only just come."""
    stamp = stamp_of(write(tmp_path / "a", b""))._replace(modified=times[0], changed=times[1])
    assert stamp.newest == newest


@pytest.mark.parametrize(("age", "rested"), [(1.9, False), (2.1, True), (-5, False)])
def test_a_file_rests_two_seconds_after_its_change(age, rested):
    """Until then, a second change may bear the same time."""
    assert has_rested(10**12, 10**12 + int(age * 10**9)) == rested
