"""Every file below a folder, and those that are left alone because of what or where they are."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from pipeline.annotations.ledger import is_odd
from pipeline.annotations.rules import Finding
from pipeline.images.photo import PHOTO_SUFFIXES


@dataclass
class Listing:
    """Paths relative to the folder, with `/`, sorted; `others` each with the reason."""

    photos: list[str] = field(default_factory=list)
    annotations: list[str] = field(default_factory=list)
    others: dict[str, Finding] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.photos) + len(self.annotations) + len(self.others)


def list_files(folder: Path) -> Listing:
    """List a folder and all below it; no link out of it, and none to a folder, is followed."""
    listing = Listing()
    for file, finding in sorted(_walk(str(folder), os.path.realpath(folder))):
        suffix = PurePosixPath(file).suffix.lower()
        if finding is not None:
            listing.others[file] = finding
        elif is_odd(file):
            listing.others[file] = Finding("odd_name", "")
        elif suffix in PHOTO_SUFFIXES:
            listing.photos.append(file)
        elif suffix == ".xml":
            listing.annotations.append(file)
        else:
            listing.others[file] = Finding("other_file", "")
    return listing


def _walk(folder: str, root: str) -> Iterator[tuple[str, Finding | None]]:
    """Each file, link and unreadable folder, with a finding where it is left alone."""
    waiting = [""]
    while waiting:
        place = waiting.pop()
        try:
            entries = list(os.scandir(os.path.join(folder, place)))  # noqa: PTH118 - 10,000s of them
        except OSError as error:
            yield place or ".", Finding("unreadable_folder", error.strerror or "")
            continue
        for entry in entries:
            path = f"{place}/{entry.name}" if place else entry.name
            if entry.is_symlink():
                yield (
                    path,
                    None
                    if _is_inside(entry.path, root)
                    else Finding("link_not_followed", os.path.realpath(entry.path)),
                )
            elif entry.is_dir():
                waiting.append(path)
            else:
                # A pipe or a device would block whoever opens it.
                yield path, None if entry.is_file() else Finding("other_file", "not a plain file")


def _is_inside(link: str, root: str) -> bool:
    """Whether a link leads to a file below `root`."""
    target = os.path.realpath(link)
    return target.startswith(root + os.sep) and os.path.isfile(target)  # noqa: PTH113
