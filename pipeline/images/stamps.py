"""Files known by their stamp, so that one that has not changed need not be read again.

By the same stamp DVC tells whether a stage has to run at all.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from pipeline.runtime.errors import UserError
from pipeline.runtime.table import Table

# Two changes of a file can bear one time where they follow each other so closely (FAT counts in two
# seconds): what changed just before the record was written is read again.
_TOO_CLOSE = 2 * 10**9


@dataclass(frozen=True, slots=True)
class StampRow:
    """A file with the MD5 of its content, and the stamp that it bore before it was read."""

    file: str
    md5: str
    stamp: str


# Of this disk alone, and so no output of a stage.
STAMPS = Table(Path("data/.stamps.csv"), StampRow)


def stamp_of(path: str | Path) -> str:
    """A file's times (ns), size and inode as one text; empty where there is no file.

    Of the two times, a program can set back the one, but not the one of the last change.
    """
    try:
        status = os.stat(path)  # noqa: PTH116 - of 30,000 paths, pathlib would make a second's work
    except (FileNotFoundError, NotADirectoryError):
        return ""
    return f"{status.st_mtime_ns}-{status.st_ctime_ns}-{status.st_size}-{status.st_ino}"


def load_stamps() -> dict[tuple[str, str], str]:
    """The stamps that the last run recorded, by file and MD5; none where no record is in order."""
    try:
        record = STAMPS.read()
        too_close = STAMPS.path.stat().st_mtime_ns - _TOO_CLOSE
        return {
            (row.file, row.md5): row.stamp
            for row in record
            if row.stamp and max(map(int, row.stamp.split("-")[:2])) < too_close
        }
    except (UserError, OSError, ValueError):
        return {}
