"""Which photos of a folder have arrived: found by looking again and again, as shares need it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from pipeline.annotations.listing import is_system_folder
from pipeline.images.photo import PHOTO_SUFFIXES


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
    `unreadable` are folders below that the last scan could not list.
    """

    folder: Path
    known: dict[str, Stamp]
    unreadable: set[str] = field(default_factory=set)
    _before: Mapping[str, Stamp] = field(default_factory=dict)

    def scan(self) -> list[str]:
        """The files that have arrived since, the oldest first, by their paths below the folder.

        Raises `FolderGone` where it cannot be listed, having forgotten nothing.
        """
        self.unreadable.clear()
        photos = list_photos(self.folder, self.unreadable)
        unknown = {path: its for path, its in photos if self.known.get(path) != its}
        settled = [path for path, its in unknown.items() if self._before.get(path) == its]
        self._before = unknown
        return sorted(settled, key=lambda path: (unknown[path].modified_ns, path))

    def stamp(self, path: str) -> Stamp:
        """How a file looked in the last scan."""
        return self._before[path]

    @property
    def unsettled(self) -> int:
        """How many files the last scan saw that are not recorded."""
        return len(self._before)


def list_photos(folder: Path, unreadable: set[str]) -> Iterator[tuple[str, Stamp]]:
    """Every photo below a folder, by its path there with `/`, and how it looks.

    What a system keeps beside photos is none, nor is a link, a pipe or a device. Folders below that
    cannot be listed are added to `unreadable`. Raises `FolderGone` where the folder itself cannot.
    """
    waiting = [""]
    while waiting:
        place = waiting.pop()
        try:
            entries = os.scandir(f"{folder}/{place}")
        except OSError as error:
            if not place:
                raise FolderGone(error.strerror or str(error)) from None
            unreadable.add(place)
            continue
        with entries:
            for entry in entries:
                path = place + entry.name
                if entry.is_dir(follow_symlinks=False):
                    if not is_system_folder(entry.name):
                        waiting.append(f"{path}/")
                elif is_photo(entry.name) and (its := _stamp(entry)):
                    yield path, its


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
    return Stamp(its.st_size, its.st_mtime_ns)
