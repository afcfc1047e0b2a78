"""Pictures as text that a page holds in itself."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import pandas as pd
from PIL import Image

from pipeline.contracts import BOXES, BoxRow
from pipeline.images.box import Box
from pipeline.images.cutting import cut
from pipeline.reporting.misread import open_photo
from pipeline.runtime.parallel import map_threads

# Pixels of the longer side.
_PHOTO_PIXELS = 360
_DIGIT_PIXELS = 96


@dataclass(frozen=True)
class Pictures:
    """Data URIs of digits, by photo and object, and of the photos that they are on, by name.

    `boxes` are by photo and object: left, top, width and height in percent of the photo's.
    """

    digits: dict[tuple[str, int], str] = field(default_factory=dict)
    boxes: dict[tuple[str, int], list[float]] = field(default_factory=dict)
    photos: dict[str, str] = field(default_factory=dict)


def embed_digits(folder: Path, digits: pd.DataFrame, margin: float) -> Pictures:
    """Digits (rows with the columns of boxes.csv) and their photos, each opened once, made small.

    Raises `UserError` where a photo in `folder` can no longer be read.
    """
    pictures = Pictures()

    def embed(photo: tuple[str, list[BoxRow]]) -> None:
        name, rows = photo
        image = open_photo(folder, name)
        for row in rows:
            place = (name, row.object)
            pictures.digits[place] = embed_image(cut(image, row.box, margin), _DIGIT_PIXELS)
            pictures.boxes[place] = _percent(row.box, image)
        pictures.photos[name] = embed_image(image, _PHOTO_PIXELS)

    by_photo = digits[BOXES.columns].groupby("photo", sort=False)
    tasks = [
        (str(name), [BoxRow(*values) for values in rows.itertuples(index=False)])
        for name, rows in by_photo
    ]
    for _ in map_threads(embed, tasks):
        pass
    return pictures


def embed_photos(folder: Path, names: Iterable[str]) -> list[str]:
    """Photos made small, as data URIs.

    Raises `UserError` where one in `folder` can no longer be read.
    """
    return list(
        map_threads(lambda name: embed_image(open_photo(folder, name), _PHOTO_PIXELS), names)
    )


def embed_image(image: Image.Image, pixels: int) -> str:
    """An RGB image as a JPEG's data URI, made small so that no side is longer than `pixels`.

    Changes `image`.
    """
    image.thumbnail((pixels, pixels))
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=80)
    return data_uri("image/jpeg", buffer.getvalue())


def data_uri(media_type: str, content: bytes) -> str:
    """Bytes as an address that needs no network."""
    return f"data:{media_type};base64,{b64encode(content).decode('ascii')}"


def _percent(box: Box, image: Image.Image) -> list[float]:
    left, width = (round(100 * x / image.width, 2) for x in (box.xmin, box.width))
    top, height = (round(100 * y / image.height, 2) for y in (box.ymin, box.height))
    return [left, top, width, height]
