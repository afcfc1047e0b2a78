"""Files known by their stamp, so that one that has not changed need not be read again.

By the same stamp DVC tells whether a stage has to run at all.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from pipeline.command import UserError
from pipeline.tables import STAMPS, read_table, write_table

# Two changes of a file can bear one time where they follow each other so closely (FAT counts in two
# seconds): what changed just before the record was written is read again.
_TOO_CLOSE = 2 * 10**9


def stamp_of(path: str | Path) -> str:
    """A file's time of change (ns), size and inode as one text; empty where there is no file."""
    try:
        status = os.stat(path)  # noqa: PTH116 - of 30,000 paths, pathlib would make a second's work
    except (FileNotFoundError, NotADirectoryError):
        return ""
    return f"{status.st_mtime_ns}-{status.st_size}-{status.st_ino}"


def load_stamps(path: Path) -> dict[tuple[str, str], str]:
    """The stamps that a run recorded, by file and MD5; none where there is no record in order."""
    try:
        record = read_table(path, STAMPS)
        too_close = path.stat().st_mtime_ns - _TOO_CLOSE
        return {
            (file, md5): stamp
            for file, md5, stamp in record.itertuples(index=False)
            if int(stamp.partition("-")[0]) < too_close
        }
    except (UserError, OSError, ValueError):
        return {}


def save_stamps(path: Path, stamps: Iterable[tuple[str, str, str]]) -> None:
    """Record files as (file, MD5, stamp), each stamp taken before its file was read."""
    write_table(
        path, STAMPS, pd.DataFrame([its for its in stamps if its[2]], columns=[*STAMPS.columns])
    )
