"""Which photos a person means by some paths, and where what is made of each belongs."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from pipeline.annotations.ledger import printable
from pipeline.annotations.listing import Listing, list_files
from pipeline.annotations.matching import PhotoFinder
from pipeline.annotations.reasons import REASONS
from pipeline.annotations.rules import Rejected
from pipeline.annotations.voc import UnreadableXml, read_voc
from pipeline.images.photo import PHOTO_SUFFIXES, UnreadablePhoto, read_bytes
from pipeline.messages import say

# What is wrong with the one file; whatever else a disk says, it says of every file.
_ITS_OWN = (errno.EACCES, errno.EPERM, errno.ENAMETOOLONG, errno.ELOOP)
_XML = (".xml", ".XML")
# Findings of `list_files` that cost a photo where they are of one.
_MISSED = ("link_not_followed", "not_a_file")


@dataclass(frozen=True)
class Photo:
    """A photo to read: where it is, and its place below the folder that was given.

    `has_xml`: somebody has drawn boxes on it already.
    """

    path: Path
    place: PurePosixPath
    has_xml: bool

    @property
    def name(self) -> str:
        """Its path for people and tables, on one line."""
        return printable(self.path.as_posix())

    def load(self) -> bytes:
        """Its bytes; raises `UnreadablePhoto` where they cannot be had, for a reason of its own."""
        try:
            if not self.path.is_file():
                raise UnreadablePhoto(say("there is no such photo or folder"))
            return read_bytes(self.path)
        except OSError as error:
            if error.errno not in _ITS_OWN:
                raise
            raise UnreadablePhoto(error.strerror or str(error)) from None


@dataclass
class Found:
    """The photos, each once, and what to tell of folders and links that give none."""

    photos: list[Photo] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


def find_photos(targets: Sequence[Path], apart: Path | None = None) -> Found:
    """Photos as they are given, and those below given folders, these in the order of their paths.

    A path that leads nowhere counts as a photo, whose `load` says so. What lies below `apart`, a
    folder of pictures that were made of photos, is left out.
    """
    found, seen = Found(), set()
    folders = [target for target in targets if _is_folder(target)]
    for target in targets:
        # Below several folders, photos of one place are told apart by the folders' names.
        above = PurePosixPath(target.resolve().name if len(folders) > 1 else "")
        photos = _in_folder(target, above, found) if target in folders else [_given(target)]
        for photo in photos:
            path = Path(os.path.abspath(photo.path))  # noqa: PTH100 - a link stays one
            is_apart = apart is not None and path.is_relative_to(apart.absolute())
            if path not in seen and not (is_apart and target in folders):
                found.photos.append(photo)
            seen.add(path)
    return found


def _given(path: Path) -> Photo:
    beside = (path.with_suffix(suffix) for suffix in _XML if path.name)
    return Photo(path, PurePosixPath(path.name), any(map(os.path.lexists, beside)))


def _in_folder(folder: Path, above: PurePosixPath, found: Found) -> Iterator[Photo]:
    """The photos below a folder; enters in `found` what cannot be read there."""
    listing = list_files(folder)
    # Whoever trains cannot use such a name; it can be read all the same.
    odd = [
        file
        for file, finding in listing.others.items()
        if finding.reason == "odd_name" and PurePosixPath(file).suffix.lower() in PHOTO_SUFFIXES
    ]
    photos = sorted([*listing.photos, *odd])
    found.complaints += _complaints(folder, listing)
    if not photos:
        found.complaints.append(say("{folder}/ has no photos", folder=printable(str(folder))))
    labelled = _labelled(folder, listing)
    for file in photos:
        yield Photo(folder / file, above / file, file in labelled)


def _complaints(folder: Path, listing: Listing) -> list[str]:
    """What is to be mended before some photos of a folder can be read."""
    complaints = []
    for file, finding in listing.others.items():
        path = folder / file
        is_photo = path.suffix.lower() in PHOTO_SUFFIXES
        is_missed = finding.reason in _MISSED and (is_photo or _is_folder(path))
        if is_missed or finding.reason == "unreadable_folder":
            advice = say(REASONS[finding.reason].advice)
            complaints.append(f"{printable(path.as_posix())}: {advice}")
    return complaints


def _labelled(folder: Path, listing: Listing) -> set[str]:
    """The photos of a folder that have an XML, wherever `parse` would find it."""
    finder, labelled = PhotoFinder(listing.photos), set()
    for xml in listing.annotations:
        with suppress(Rejected, UnreadableXml):
            labelled.add(finder.find(xml, read_voc(folder / xml).filename).photo)
    return labelled


def _is_folder(path: Path) -> bool:
    """Whether it is one; not so where that cannot be told, which reading it as a photo tells."""
    return os.path.isdir(path)  # noqa: PTH112 - Path.is_dir raises for some paths
