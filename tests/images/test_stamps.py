"""What crop left of each photo, and when it is believed."""

from __future__ import annotations

import os

import pytest
from helpers import write

from pipeline.images.stamps import STAMPS, StampRow, load_stamps
from pipeline.runtime.stamps import Stamp


def record(newest, age=10.0):
    """Save a photo's row, whose files last changed `age` seconds before."""
    row = StampRow("a.jpg", newest, "hash")
    STAMPS.write([row])
    os.utime(STAMPS.path, ns=(newest + int(age * 10**9),) * 2)
    return row


A, B = Stamp(5, 6, 7, 8), Stamp(5, 9, 7, 9)


@pytest.mark.parametrize(
    "other",
    [
        StampRow.of("a.jpg", ["x", "y"], [A, B._replace(inode=8)]),
        StampRow.of("a.jpg", ["x", "y"], [A, B._replace(modified=4)]),
        StampRow.of("a.jpg", ["x", "z"], [A, B]),
        StampRow.of("a.jpg", ["y", "x"], [A, B]),
        StampRow.of("b.jpg", ["x", "y"], [A, B]),
    ],
    ids=["an inode", "a time", "a text", "two texts swapped", "a photo"],
)
def test_a_row_is_of_all_that_was_there(other):
    """Each text and each stamp is in it; its time is that of the last change of any kind."""
    its = StampRow.of("a.jpg", ["x", "y"], [A, B])
    assert (its.photo, its.newest) == ("a.jpg", 9)
    assert its == StampRow.of("a.jpg", ["x", "y"], [A, B]) != other


def test_rows_come_back_by_their_photo(workplace):
    """As they were recorded."""
    row = record(10**12)
    assert load_stamps() == {"a.jpg": row}


@pytest.mark.parametrize(("age", "known"), [(1.9, False), (2.1, True)])
def test_what_changed_just_before_the_record_is_read_again(workplace, age, known):
    """Within two seconds, a second change may bear the same time."""
    record(10**12, age)
    assert bool(load_stamps()) == known


@pytest.mark.parametrize("content", [None, b"", b"not a record", b"photo,newest,hash\na,b,c\n"])
def test_a_missing_or_damaged_record_is_none(workplace, content):
    """All files are read again, without a message."""
    if content is not None:
        write(STAMPS.path, content)
    assert load_stamps() == {}
