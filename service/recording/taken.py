"""When a photo was taken, by the clock on the wall, and how that is known."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Literal

from PIL import ExifTags, Image

from pipeline.images.photo import taken_at

# As phones and KakaoTalk name photos: IMG_20240304_082021, 2024-03-04 08.20.21, 20240304082021123.
_IN_NAME = re.compile(
    r"(?<!\d)(20\d\d)[-_.]?([01]\d)[-_.]?([0-3]\d)[-_.T ]*([0-2]\d)[-_.h]?([0-5]\d)[-_.m]?([0-5]\d)"
)
_OFFSET = re.compile(r"([+-])(\d\d):(\d\d)")
_FARTHEST = 14 * 60


@dataclass(frozen=True)
class Taken:
    """The time without a zone, minutes ahead of UTC if anything says so, and where it is from."""

    at: datetime
    offset: int | None
    source: Literal["exif", "name", "mtime"]


def find_taken(content: bytes, name: str, modified_ns: int) -> Taken:
    """When a photo was taken: by its EXIF, else by its file's name, else by the file's time.

    The last is when this machine, in its own time zone, says that the file was written.
    """
    with suppress(ValueError):
        return Taken(
            datetime.strptime(taken_at(content), "%Y:%m:%d %H:%M:%S"), _offset(content), "exif"
        )
    if found := _IN_NAME.search(name):
        with suppress(ValueError):
            return Taken(datetime(*map(int, found.groups())), None, "name")  # type: ignore[arg-type]
    try:
        written = datetime.fromtimestamp(modified_ns // 10**9)
    except (ValueError, OverflowError, OSError):
        written = datetime(1970, 1, 1)
    return Taken(written, None, "mtime")


def _offset(content: bytes) -> int | None:
    """Minutes ahead of UTC, where a photo's EXIF says so."""
    try:
        with Image.open(BytesIO(content)) as image:
            exif = image.getexif().get_ifd(ExifTags.IFD.Exif)
        found = _OFFSET.fullmatch(str(exif.get(ExifTags.Base.OffsetTimeOriginal, "")).strip("\0 "))
    except Exception:  # whatever damaged EXIF makes its reader raise
        return None
    if not found:
        return None
    minutes = int(found[2]) * 60 + int(found[3])
    return None if minutes > _FARTHEST else minutes * (-1 if found[1] == "-" else 1)
