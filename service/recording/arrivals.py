"""Which photos of a folder have arrived: found by looking again and again, as shares need it."""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from pipeline.annotations.listing import is_system_folder
from pipeline.images.photo import PHOTO_SUFFIXES

# A file of these formats that is cut off is told by its decoder; of others, and where a copying
# program has made room before it writes, half of one can be decoded. An old file is whole.
_TOLD_BY_THEIR_END = (".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".gif")
_LONG, _OLD = 10.0, 60.0
_LAST_NS = 2**63 - 1


class Stamp(NamedTuple):
    """What a file looks like from outside: when it changes, the file has changed."""

    bytes: int
    modified_ns: int


class FolderGone(Exception):  # noqa: N818 - it says what happened
    """The folder cannot be listed now: a share that is away."""


@dataclass
class Arrivals:
    """The photos of a folder that are not recorded, as each scan finds them.

    `known` are the files that are dealt with, and how each looked then. A file has arrived when two
    scans in a row see it the same: one that grows, or is copied, waits. No link is followed.
    `present` are all photos of the last scan, `unreadable` the folders that it could not list.
    """

    folder: Path
    known: dict[str, Stamp]
    present: Collection[str] = ()
    unreadable: set[str] = field(default_factory=set)
    # Each unknown file of the last scan, how it looked, and since when it has looked so.
    _before: dict[str, tuple[Stamp, float]] = field(default_factory=dict)

    def scan(self) -> list[str]:
        """The files that have arrived since, the oldest first, by their paths below the folder.

        Raises `FolderGone` where it cannot be listed, having forgotten nothing.
        """
        unreadable: set[str] = set()
        photos = dict(list_photos(self.folder, unreadable))
        moment = time.monotonic()
        unknown: dict[str, tuple[Stamp, float]] = {}
        settled = []
        for path, stamp in photos.items():
            if self.known.get(path) == stamp:
                continue
            before, since = self._before.get(path, (None, moment))
            unknown[path] = (stamp, since if before == stamp else moment)
            if before == stamp and moment - since >= _quiet(path, stamp):
                settled.append(path)
        self.present, self.unreadable, self._before = photos.keys(), unreadable, unknown
        return sorted(settled, key=lambda path: (unknown[path][0].modified_ns, path))

    def stamp(self, path: str) -> Stamp:
        """How an unknown file looked in the last scan."""
        return self._before[path][0]

    @property
    def unsettled(self) -> int:
        """How many files the last scan saw that are not dealt with."""
        return sum(self.known.get(path) != stamp for path, (stamp, _) in self._before.items())

    @property
    def is_complete(self) -> bool:
        """Whether the last scan saw all there is: an empty folder may be a share that is away."""
        return bool(self.present) and not self.unreadable


def _quiet(path: str, stamp: Stamp) -> float:
    """Seconds for which a file must look the same: longer where half of one can be decoded."""
    is_old = time.time() - stamp.modified_ns / 1e9 > _OLD
    return 0.0 if is_old or path.lower().endswith(_TOLD_BY_THEIR_END) else _LONG


def list_photos(folder: Path, unreadable: set[str]) -> Iterator[tuple[str, Stamp]]:
    """Every photo below a folder, by its path there with `/`, and how it looks.

    What a system keeps beside photos is none, nor is a link, a pipe or a device. Folders below that
    cannot be listed are added to `unreadable`. Raises `FolderGone` where the folder itself cannot.
    """
    waiting = [""]
    while waiting:
        place = waiting.pop()
        try:
            with os.scandir(f"{folder}/{place}") as entries:
                for entry in entries:
                    path = place + entry.name
                    if entry.is_dir(follow_symlinks=False):
                        if not is_system_folder(entry.name) and not _is_junction(entry):
                            waiting.append(f"{path}/")
                    elif is_photo(entry.name) and (its := _stamp(entry)):
                        yield path, its
        except OSError as error:
            if not place:
                raise FolderGone(error.strerror or str(error)) from None
            unreadable.add(place)


def is_photo(name: str) -> bool:
    """Whether a file is one by its name; what begins with a point is hidden, or half written."""
    return os.path.splitext(name)[1].lower() in PHOTO_SUFFIXES and name[0] != "."  # noqa: PTH122


def _stamp(entry: os.DirEntry[str]) -> Stamp | None:
    """How a file looks; None of what is no file, or went meanwhile."""
    try:
        if not entry.is_file(follow_symlinks=False):
            return None
        its = entry.stat(follow_symlinks=False)
    except OSError:
        return None
    return stamp_of(its)


def stamp_of(its: os.stat_result) -> Stamp:
    """How a file looks; a time beyond what a database can hold is the last that it can."""
    return Stamp(its.st_size, max(-_LAST_NS, min(its.st_mtime_ns, _LAST_NS)))


def _is_junction(entry: os.DirEntry[str]) -> bool:
    """Whether it is Windows' other kind of link; Python tells from 3.12 on."""
    return bool(getattr(entry, "is_junction", bool)())
