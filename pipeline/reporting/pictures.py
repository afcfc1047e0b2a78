"""Pictures as text that a page holds in itself."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import pandas as pd
from PIL import Image

from pipeline.images.box import Box
from pipeline.images.cutting import cut
from pipeline.parallel import map_threads
from pipeline.reporting.misread import open_photo
from pipeline.tables import rows_of

_PHOTO_SIDE = 360
_DIGIT_SIDE = 96


@dataclass(frozen=True)
class Pictures:
    """Data URIs of digits, by photo and object, and of the photos that they are on, by name.

    `boxes` are by photo and object: left, top, width and height in percent of the photo's.
    """

    digits: dict[tuple[str, int], str] = field(default_factory=dict)
    boxes: dict[tuple[str, int], list[float]] = field(default_factory=dict)
    photos: dict[str, str] = field(default_factory=dict)


def embed_digits(folder: Path, rows: pd.DataFrame, margin: float) -> Pictures:
    """Digits (rows with the columns of boxes.csv) and their photos, each opened once, made small.

    Raises `UserError` where a photo in `folder` can no longer be read.
    """
    pictures = Pictures()

    def embed(photo: tuple[Any, pd.DataFrame]) -> None:
        name, its_rows = photo
        image = open_photo(folder, name)
        for row in rows_of(its_rows):
            place, box = (name, row["object"]), Box.of(row)
            pictures.digits[place] = embed_image(cut(image, box, margin), _DIGIT_SIDE)
            left, width = (round(100 * x / image.width, 2) for x in (box.xmin, box.width))
            top, height = (round(100 * y / image.height, 2) for y in (box.ymin, box.height))
            pictures.boxes[place] = [left, top, width, height]
        pictures.photos[name] = embed_image(image, _PHOTO_SIDE)

    for _ in map_threads(embed, rows.groupby("photo", sort=False)):
        pass
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
