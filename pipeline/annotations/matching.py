"""Which photo an XML belongs to."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from pathlib import PurePosixPath
from typing import NamedTuple

from pipeline.annotations.rules import Rejected

_LONGEST_NAME = 255
# Label Studio keeps 1a2b3c4d-IMG_0001.jpg of an uploaded IMG_0001.jpg, and its XML is called so.
# Eight digits alone are a date.
_UPLOADED = re.compile(r"(?:[0-9]+-)?(?![0-9]{8}-)[0-9a-f]{8}-(.+)")

# Folders that say what kind of file is in them, and not whose: photos and XML that differ in these
# alone belong together.
_KINDS = frozenset(
    {
        "annotations", "annotation", "xml", "xmls", "labels", "label", "voc", "pascal_voc",
        "jpegimages", "images", "image", "photos", "photo", "pictures", "imgs", "img", "jpg",
        "라벨", "라벨링", "어노테이션", "주석", "사진", "이미지",
    }
)  # fmt: skip


class Match(NamedTuple):
    """The photo of an XML, and how sure that is: 0 is the photo beside it under its own name.

    `other` is a photo that its `<filename>` names instead, if there is one.
    """

    photo: str
    rank: int
    other: str = ""


class PhotoFinder:
    """Finds the photo that an XML belongs to, among the photos of a folder."""

    def __init__(self, photos: list[str]) -> None:
        self._folders = {photo.rpartition("/")[0] for photo in photos}
        # By place and stem: a place is a folder, or a delivery, which is in several.
        self._photos: dict[tuple[str, str], list[str]] = defaultdict(list)
        self._anywhere: dict[str, list[str]] = defaultdict(list)
        for photo in photos:
            stem = _stem(_name(photo))
            folder = photo.rpartition("/")[0]
            self._photos[f"{folder}/", stem].append(photo)
            self._photos[_delivery(folder), stem].append(photo)
            self._anywhere[stem].append(photo)

    def find(self, xml: str, filename: str) -> Match:
        """The photo of `xml`, whose `<filename>` is `filename`.

        It is in the XML's own folder; where that holds no photo at all, in the same delivery, that
        is in a folder whose path differs only in what says `Annotations` or `JPEGImages`. The XML's
        own stem is the truest name; `<filename>`, never followed as a path, decides between photos
        of one stem and serves where no stem fits; last, both serve without the code that an upload
        put before them. Raises `Rejected`.
        """
        folder = xml.rpartition("/")[0]
        place = f"{folder}/" if folder in self._folders else _delivery(folder)
        own, named = _stem(_name(xml)), _name(filename.replace("\\", "/"))[-_LONGEST_NAME:]
        others = self._photos.get((place, _stem(named)), [])
        other = _one_of([its for its in others if _name(its) == named] or others)
        if found := self._photos.get((place, own), []):
            named_ones = [photo for photo in found if _name(photo) == named]
            photo = _one_of(named_ones or found)
            if not photo:
                raise Rejected("ambiguous_photo", " or ".join(found[:3]))
            rank = 0 if photo.rpartition("/")[0] == folder else 1
            return Match(photo, rank, other if other and _stem(named) != own else "")
        if len(others) > 1 and not other:
            raise Rejected("ambiguous_photo", " or ".join(others[:3]))
        if other:
            return Match(other, 2)
        if photo := self._before_upload(place, own) or self._before_upload(place, _stem(named)):
            return Match(photo, 3)
        where = "".join(f"; {its} is another folder's" for its in self._anywhere.get(own, [])[:1])
        tried = f"neither {PurePosixPath(xml).stem}.* nor {filename[:100]!r}"
        raise Rejected("no_photo", tried + where)

    def _before_upload(self, place: str, stem: str) -> str:
        """The one photo whose name a tool put a code before, as `stem` has it; else none."""
        named = _UPLOADED.fullmatch(stem)
        return _one_of(self._photos.get((place, named[1]), [])) if named else ""


def _one_of(photos: list[str]) -> str:
    """The photo, where it is the only one; else none."""
    return photos[0] if len(photos) == 1 else ""


def _delivery(folder: str) -> str:
    """A folder without those parts of its path that only say what kind of file is in it."""
    parts = [part for part in folder.split("/") if not is_kind(part)]
    # No folder is called so: the photos of a folder itself are kept under its path with a /.
    return "/".join(parts) + "|"


def is_kind(folder: str) -> bool:
    """Whether a folder's name says what kind of file is in it, and not whose: `JPEGImages`."""
    return _fold(folder) in _KINDS


def _name(path: str) -> str:
    return _fold(path.rpartition("/")[2])


def _fold(name: str) -> str:
    """A file name without regard to case, and Hangul composed: a Mac takes it apart."""
    return unicodedata.normalize("NFC", name).casefold()


def _stem(name: str) -> str:
    # As pathlib's, which takes a microsecond more, for each of a folder's names several times.
    stem, _, ending = name.rpartition(".")
    return stem if stem and ending else name
