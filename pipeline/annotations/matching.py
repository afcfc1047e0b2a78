"""Which photo an XML belongs to."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from pathlib import PurePosixPath

from pipeline.annotations.rules import Rejected

_LONGEST_NAME = 255


class PhotoFinder:
    """Finds the photo that an XML belongs to, among the photos of a folder.

    Photos are kept under every folder that they are in or below, so that the nearest is found
    without a look at the others.
    """

    def __init__(self, photos: list[str]) -> None:
        self._by_stem: dict[tuple[str, str], list[str]] = defaultdict(list)
        self._by_name: dict[tuple[str, str], list[str]] = defaultdict(list)
        for photo in photos:
            name = _fold(PurePosixPath(photo).name)
            for place in _places(photo):
                self._by_stem[place, _stem(name)].append(photo)
                self._by_name[place, name].append(photo)

    def has_own_photo(self, xml: str) -> bool:
        """Whether a photo has the XML's own stem."""
        return ("", _stem(_fold(PurePosixPath(xml).name))) in self._by_stem

    def find(self, xml: str, filename: str) -> str:
        """Return the photo of `xml`, whose `<filename>` is `filename`.

        The XML's own stem is the truest name; `<filename>`, never followed as a path, decides
        between photos of one stem and serves where no stem fits. Of several folders, the XML's own
        is the first, then those nearest to it. Raises `Rejected`.
        """
        name = _fold(
            filename[max(filename.rfind("/"), filename.rfind("\\")) + 1 :][-_LONGEST_NAME:]
        )
        own_stem = _stem(_fold(PurePosixPath(xml).name))
        for index, key in (
            (self._by_stem, own_stem),
            (self._by_name, name),
            (self._by_stem, _stem(name)),
        ):
            for place in _places(xml):
                found = index.get((place, key), [])
                if len(found) > 1 and _stem(name) == key:
                    found = self._by_name.get((place, name)) or found
                if len(found) > 1:
                    raise Rejected("ambiguous_photo", " or ".join(found[:3]))
                if found:
                    return found[0]
        raise Rejected("no_photo", f"neither {PurePosixPath(xml).stem}.* nor {filename[:100]!r}")


def _places(path: str) -> Iterator[str]:
    """The path's folder alone (with a `/` behind), then it and those above, with all below."""
    parent = path.rpartition("/")[0]
    yield f"{parent}/"
    while parent:
        yield parent
        parent = parent.rpartition("/")[0]
    yield ""


def _fold(name: str) -> str:
    """A file name without regard to case, and Hangul composed: a Mac takes it apart."""
    return unicodedata.normalize("NFC", name).casefold()


def _stem(name: str) -> str:
    return PurePosixPath(name).stem
