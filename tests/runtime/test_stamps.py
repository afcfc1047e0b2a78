"""Files known by their stamp: one that has changed bears another."""

from __future__ import annotations

import os

import pytest
from helpers import write

from pipeline.runtime.stamps import has_rested, stamp_of, stamp_of_output


def set_time(path):
    os.utime(path, ns=(1, 2))


@pytest.mark.parametrize(
    "change",
    [
        set_time,
        lambda path: path.write_bytes(b"longer than before"),
        lambda path: write(path.with_name("b"), path.read_bytes()).replace(path),
    ],
    ids=["time", "size", "another file of its name"],
)
@pytest.mark.parametrize("stamp", [stamp_of, stamp_of_output])
def test_a_changed_file_has_another_stamp(tmp_path, stamp, change):
    """Time, size and inode are in it."""
    path = write(tmp_path / "a", b"content")
    before = stamp(path)
    assert stamp(path) == before
    kept = path.stat()
    change(path)
    if change is not set_time:
        os.utime(path, ns=(kept.st_atime_ns, kept.st_mtime_ns))
    assert stamp(path) != before


def test_an_output_may_get_another_mode(tmp_path):
    """As DVC gives it one; for any other file that is a change."""
    path = write(tmp_path / "a", b"content")
    before = stamp_of(path), stamp_of_output(path)
    while stamp_of(path) == before[0]:  # a clock that ticks seldom
        path.chmod(0o600)
    assert stamp_of_output(path) == before[1]
    assert before[1].newest == path.stat().st_mtime_ns


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
