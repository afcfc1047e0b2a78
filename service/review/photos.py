"""A recorded photo by its reading: the display and the whole, upright, as JPEG."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import Any, Literal, NamedTuple

import numpy as np
from PIL import Image
from sqlalchemy import Engine, Row, select

from pipeline.images.box import Box
from pipeline.images.photo import UnreadablePhoto, decode_photo
from pipeline.messages import mark
from pipeline.reporting.sentence import Sentence
from service.database.opening import reading_from
from service.database.schema import photo, reading

Kind = Literal["display", "whole"]

# Longest side in pixels; the display is shown large, the whole photo as a map.
_LONGEST: Mapping[Kind, int] = {"display": 1600, "whole": 1600}
_QUALITY = 88
# So many digits' sizes of ground are shown round a display: a digit that was missed stands there.
_AROUND = (1.3, 0.8)
_KEPT = 16

_GONE = mark("the photo {photo} is not where it was recorded: {folder}")
_OUTSIDE = mark("the photo {photo} lies outside of its folder {folder}")
_CHANGED = mark("the photo {photo} is no longer the one that was recorded")
_DAMAGED = mark("the photo {photo} cannot be read: {why}")


class PhotoGone(Exception):  # noqa: N818 - it says what happened
    """Why a photo cannot be shown, as a sentence."""

    def __init__(self, text: str, **values: object) -> None:
        self.sentence = Sentence(text, values)
        super().__init__(text)


class Pictures(NamedTuple):
    """A reading's two pictures as JPEG."""

    display: bytes
    whole: bytes


class Album:
    """The pictures of readings, the last ones kept, since two are asked for at once."""

    def __init__(self, engine: Engine, folder: Path | None) -> None:
        self._engine, self._folder = engine, folder
        self._kept: OrderedDict[int, Pictures] = OrderedDict()
        # One photo is decoded at a time, so that memory stays bounded.
        self._lock = Lock()

    def find(self, reading_id: int) -> Pictures | None:
        """A reading's pictures; None where there is no such reading.

        Raises `PhotoGone` where its photo is not there, or no longer the one that was recorded.
        """
        with self._lock:
            if reading_id not in self._kept:
                made = self._make(reading_id)
                if made is None:
                    return None
                self._kept[reading_id] = made
            self._kept.move_to_end(reading_id)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
            return self._kept[reading_id]

    def _make(self, reading_id: int) -> Pictures | None:
        with reading_from(self._engine) as connection:
            row = connection.execute(
                select(photo, reading.c.digits)
                .join(reading, reading.c.photo_id == photo.c.id)
                .where(reading.c.id == reading_id)
            ).first()
        if row is None:
            return None
        content = load_recorded(row, self._folder)
        try:
            image = decode_photo(content)
        except UnreadablePhoto as error:
            raise PhotoGone(_DAMAGED, photo=row.path, why=str(error)) from None
        display = image.crop(display_of(row.digits, image.size))
        return Pictures(_encode(display, "display"), _encode(image, "whole"))


def load_recorded(row: Row[Any], folder: Path | None) -> bytes:
    """The bytes of a photo, whose row has `folder`, `path`, `bytes` and `sha256`.

    It lies below `folder`, or where it was recorded. Raises `PhotoGone` where it is not there, lies
    outside, by a link too, or has changed since.
    """
    base = (folder or Path(row.folder)).resolve()
    told = {"photo": row.path, "folder": base}
    try:
        path = (base / row.path).resolve()
        if not path.is_relative_to(base):
            raise PhotoGone(_OUTSIDE, **told)
        if not path.is_file():
            raise PhotoGone(_GONE, **told)
        if path.stat().st_size != row.bytes:
            raise PhotoGone(_CHANGED, **told)
        content: bytes = path.read_bytes()
    except (OSError, ValueError, RuntimeError):
        raise PhotoGone(_GONE, **told) from None
    if hashlib.sha256(content).hexdigest() != row.sha256:
        raise PhotoGone(_CHANGED, **told)
    return content


def display_of(digits: Sequence[Mapping[str, Any]], size: tuple[int, int]) -> Box:
    """The part of a photo of `size` that a display's digits, each with its `box`, stand in.

    With some ground round it; the whole photo where there are none.
    """
    width, height = size
    if not digits:
        return Box(0, 0, width, height)
    boxes = np.array([its["box"] for its in digits], dtype=float)
    low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    around = np.median((boxes[:, 2:] - boxes[:, :2]).max(axis=1)) * np.array(_AROUND)
    left, top = np.clip(low - around, 0, [width - 2, height - 2]).astype(int)
    right, bottom = np.clip(high + around, [left + 2, top + 2], size).astype(int)
    return Box(int(left), int(top), int(right), int(bottom))


def _encode(image: Image.Image, kind: Kind) -> bytes:
    scale = min(1.0, _LONGEST[kind] / max(image.size))
    if scale < 1:
        width, height = (max(1, round(length * scale)) for length in image.size)
        image = image.resize((width, height), Image.Resampling.BOX, reducing_gap=2.0)
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=_QUALITY)
    return buffer.getvalue()
