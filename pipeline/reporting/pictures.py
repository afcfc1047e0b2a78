"""Pictures as text that a page holds in itself."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import pandas as pd
from PIL import Image

from pipeline.images.box import Box
from pipeline.images.cutting import cut
from pipeline.reporting.misread import open_photo
from pipeline.tables import rows_of

_PHOTO_SIDE = 360
_DIGIT_SIDE = 96


@dataclass(frozen=True)
class Pictures:
    """Data URIs of digits, and of the photos that they are on.

    `digits` are by photo and object; `boxes` too: left, top, width and height in percent of the
    photo; `photos` by name.
    """

    digits: dict[tuple[str, int], str] = field(default_factory=dict)
    boxes: dict[tuple[str, int], list[float]] = field(default_factory=dict)
    photos: dict[str, str] = field(default_factory=dict)


def embed_digits(folder: Path, rows: pd.DataFrame, margin: float) -> Pictures:
    """Digits (rows with the columns of boxes.csv) and their photos, each opened once, made small.

    Raises `UserError` where a photo in `folder` can no longer be read.
    """
    pictures = Pictures()
    for name, its_rows in rows.groupby("photo", sort=False):
        photo = open_photo(folder, str(name))
        for row in rows_of(its_rows):
            place, box = (row["photo"], row["object"]), Box.of(row)
            pictures.digits[place] = embed_image(cut(photo, box, margin), _DIGIT_SIDE)
            share = (
                box.xmin / photo.width, box.ymin / photo.height,
                box.width / photo.width, box.height / photo.height,
            )  # fmt: skip
            pictures.boxes[place] = [round(100 * part, 2) for part in share]
        pictures.photos[str(name)] = embed_image(photo, _PHOTO_SIDE)
    return pictures


def embed_image(image: Image.Image, side: int) -> str:
    """An RGB image as a JPEG's data URI, made small so that no side is longer than `side`.

    Changes `image`.
    """
    image.thumbnail((side, side))
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=80)
    return data_uri("image/jpeg", buffer.getvalue())


def data_uri(media_type: str, content: bytes) -> str:
    """Bytes as an address that needs no network."""
    return f"data:{media_type};base64,{b64encode(content).decode('ascii')}"
