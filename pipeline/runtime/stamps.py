"""Files known by their stamp, so that one that has not changed need not be read again.

By a like stamp DVC tells whether a stage has to run at all.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

# Two changes of a file can bear one time where they follow each other so closely (FAT counts in two
# seconds).
_TOO_CLOSE = 2 * 10**9


class Stamp(NamedTuple):
    """A file's last change, as a program may set it and as the system keeps it (ns), and more.

    That is its size in bytes and its inode. Where the system keeps no time (Windows, FAT, sshfs), a
    change that keeps size and time goes unseen, as it does by DVC everywhere.
    """

    modified: int
    changed: int
    size: int
    inode: int

    @property
    def newest(self) -> int:
        """The later of the two times."""
        return max(self.modified, self.changed)


def stamp_of(path: str | Path) -> Stamp | None:
    """A file's stamp; None where there is no file."""
    try:
        status = os.stat(path)  # noqa: PTH116 - of 30,000 paths, pathlib would make a second's work
    except (FileNotFoundError, NotADirectoryError):
        return None
    return Stamp(status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino)


def stamp_of_output(path: str) -> Stamp | None:
    """The stamp of a file that DVC has for an output, but for the system's time of its change.

    Before it runs a stage, DVC sets the mode of each file that the stage keeps, which the system
    takes for a change. So what keeps size, time and inode goes unseen, as it does by DVC.
    """
    stamp = stamp_of(path)
    return stamp and stamp._replace(changed=stamp.modified)


def has_rested(newest: int, at: int) -> bool:
    """Whether a file that last changed at `newest` had rested `at` a time, both in ns.

    If so, any later change gives it another stamp, as far as its kind can tell; not where the file
    is on a server whose clock is seconds behind this machine's, and counts in seconds.
    """
    return newest < at - _TOO_CLOSE
