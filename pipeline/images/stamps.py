"""Files known by their stamp, so that one that has not changed need not be read again.

By the same stamp DVC tells whether a stage has to run at all.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.runtime.errors import UserError
from pipeline.runtime.files import md5
from pipeline.runtime.table import Table

# Two changes of a file can bear one time where they follow each other so closely (FAT counts in two
# seconds).
_TOO_CLOSE = 2 * 10**9


@dataclass(frozen=True, slots=True)
class StampRow:
    """A photo and its digit images as they were left: their last change (ns), and a hash.

    The hash is of each one's stamp, and of its content's MD5, by which other tables know it.
    """

    photo: str
    newest: int
    seal: str


# Of this disk alone, and so no output of a stage.
STAMPS = Table(Path("data/.stamps.csv"), StampRow)


def stamp_of(path: str | Path) -> str:
    """A file's times (ns), size and inode as one text; empty where there is no file.

    Of the two times, a program can set back the first, but not the second, that of the last change.
    On Windows that is the time of birth: what changes no length and sets its time back goes unseen
    there, as DVC sees it nowhere.
    """
    try:
        status = os.stat(path)  # noqa: PTH116 - of 30,000 paths, pathlib would make a second's work
    except (FileNotFoundError, NotADirectoryError):
        return ""
    return f"{status.st_mtime_ns}-{status.st_ctime_ns}-{status.st_size}-{status.st_ino}"


def newest_of(stamps: Iterable[str]) -> int:
    """When the last of some files changed (ns)."""
    return max(int(time) for stamp in stamps for time in stamp.split("-")[:2])


def is_settled(newest: int, at: int) -> bool:
    """Whether what last changed at `newest` was left alone at a time, both in ns.

    If so, whatever changes later has another stamp.
    """
    return newest < at - _TOO_CLOSE


def seal(photo: str, md5s: Iterable[str], stamps: Sequence[str]) -> StampRow | None:
    """The row of a photo and its digits, of each one's MD5 and stamp; None where a file is gone."""
    if not all(stamps):
        return None
    return StampRow(photo, newest_of(stamps), md5(" ".join([*md5s, *stamps]).encode()))


def load_stamps() -> dict[str, StampRow]:
    """The rows that the last run recorded, by photo; none where no record is in order.

    What changed just before the record was written is left out, and so read again.
    """
    try:
        record = STAMPS.read()
        written = STAMPS.path.stat().st_mtime_ns
    except (UserError, OSError):
        return {}
    return {row.photo: row for row in record if is_settled(row.newest, written)}
