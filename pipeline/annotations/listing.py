"""Every file below a folder, and those that are left alone because of what or where they are."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from pipeline.annotations.ledger import is_odd
from pipeline.annotations.rules import Finding
from pipeline.images.photo import PHOTO_SUFFIXES
from pipeline.runtime.dvc_cache import dvc_caches
from pipeline.runtime.stage_inputs import UNSEEN

# Bins, thumbnails, older versions, unpacked Mac attributes: named by Windows, macOS, Linux, NAS
# boxes, Syncthing, Jupyter; and whatever is hidden.
_SYSTEM_FOLDER = re.compile(
    r"\..*|@(eaDir|Recycle|Recently-Snapshot|tmp|sharebin)|\$RECYCLE\.BIN|#recycle"
    r"|RECYCLER|__MACOSX|System Volume Information|lost\+found",
    re.IGNORECASE,
)
_UNSAFE = ("link_not_followed", "not_a_file")
_SYSTEM_FILE = re.compile(r"\..*|~\$.*|ehthumbs.*\.db", re.IGNORECASE)


@dataclass
class Listing:
    """Paths relative to the folder, with `/`, sorted; `others` each with the reason."""

    photos: list[str] = field(default_factory=list)
    annotations: list[str] = field(default_factory=list)
    others: dict[str, Finding] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.photos) + len(self.annotations) + len(self.others)


def list_files(folder: Path) -> Listing:
    """List a folder and all below it.

    No link to a folder is followed, and of those to a file only one that stays in the folder, or
    leads into DVC's cache, as DVC lays them where `cache.type` is symlink. What a system or a
    program keeps beside photos is never a photo or an XML.
    """
    listing = Listing()
    roots = (os.path.realpath(folder), *map(os.path.realpath, dvc_caches()))
    for file, finding in sorted(_walk(str(folder), roots)):
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


def is_system_folder(name: str) -> bool:
    """Whether a system or a program keeps its own things in a folder of that name."""
    return bool(_SYSTEM_FOLDER.fullmatch(name))


def find_unsafe(folder: Path) -> dict[str, Finding]:
    """What would harm whoever reads the folder: links that lead out of it, pipes and devices."""
    others = list_files(folder).others if folder.is_dir() else {}
    return {file: its for file, its in others.items() if its.reason in _UNSAFE}


def _walk(folder: str, roots: tuple[str, ...]) -> Iterator[tuple[str, Finding | None]]:
    """Each file, link and folder that is left alone, the last two with a finding.

    Of what lies in a system's folder, into which DVC goes, only what would harm it.
    """
    waiting = [("", False)]
    while waiting:
        place, is_system = waiting.pop()
        try:
            entries = list(os.scandir(os.path.join(folder, place)))  # noqa: PTH118 - 10,000s of them
        except OSError as error:
            yield place or ".", Finding("unreadable_folder", error.strerror or "")
            continue
        for entry in entries:
            path = f"{place}/{entry.name}" if place else entry.name
            if entry.name in UNSEEN:
                continue
            if entry.is_dir(follow_symlinks=False):
                is_its = is_system_folder(entry.name)
                waiting.append((path, is_system or is_its))
                if is_its and not is_system:
                    yield path, Finding("system_folder", "")
                continue
            finding = _judge(entry, roots)
            if not is_system or (finding and finding.reason in _UNSAFE):
                yield path, finding


def _judge(entry: os.DirEntry[str], roots: tuple[str, ...]) -> Finding | None:
    """Why an entry that is no folder is left alone, if it is."""
    if entry.is_symlink():
        return _judge_link(entry.path, roots)
    if not entry.is_file():
        # A pipe or a device would block whoever opens it.
        return Finding("not_a_file", "")
    return Finding("system_file", "") if _SYSTEM_FILE.fullmatch(entry.name) else None


def _judge_link(link: str, roots: tuple[str, ...]) -> Finding | None:
    """A finding, unless the link leads to a file below one of `roots`."""
    target = os.path.realpath(link)
    is_inside = any(target.startswith(root + os.sep) for root in roots)
    if is_inside and os.path.isfile(target):  # noqa: PTH113
        return None
    return Finding("link_not_followed", target)
