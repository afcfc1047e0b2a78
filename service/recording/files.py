"""A stranger's file: its name and its bytes, as a database and a reader can take them."""

from __future__ import annotations

import os
from pathlib import Path

from pipeline.images.photo import UnreadablePhoto
from pipeline.messages import say
from service.recording.arrivals import Stamp, stamp_of

_LARGEST = 300_000_000


class Busy(Exception):  # noqa: N818 - it says what the file is
    """A file that is being written: later."""


def check_name(path: str) -> None:
    """Raise `UnreadablePhoto` where no database can hold a file's name."""
    if storable(path) != path:
        raise UnreadablePhoto(say("its name has letters that are none: rename it"))


def storable(text: str) -> str:
    """A text as any database can hold it: what is no letter is written as its number."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", "\\0")


def read_content(path: Path, stamp: Stamp) -> bytes:
    """A file's bytes, where it is still what was seen; raises `Busy` where it is not.

    A link is not followed. Raises `OSError` where it cannot be opened, and `UnreadablePhoto` where
    it is too large.
    """
    if stamp.bytes > _LARGEST:
        raise UnreadablePhoto(say("the file is too large: {size} MB", size=stamp.bytes // 10**6))
    flags = os.O_RDONLY
    for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"):
        flags |= getattr(os, name, 0)
    try:
        number = os.open(path, flags)
    except FileNotFoundError:
        raise Busy from None
    with os.fdopen(number, "rb") as opened:
        content = opened.read(_LARGEST + 1)
        its = os.fstat(opened.fileno())
    if stamp_of(its) != stamp or len(content) != stamp.bytes:
        raise Busy
    return content
