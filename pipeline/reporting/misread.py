"""A misread digit, ready to be shown: the digit, its photo made small, its box there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from PIL import Image

from pipeline.command import UserError
from pipeline.images.box import Box
from pipeline.images.cutting import cut
from pipeline.images.photo import UnreadablePhoto, read_photo

# Pixels of a photo's longer side: as many as the picture shows, so that thirty phone photos fit
# into a small PC's memory.
_SHOWN_SIDE = 480


@dataclass(frozen=True)
class Misread:
    """A misread digit as the network saw it, and the photo it was cut from with its box there."""

    digit: Image.Image
    photo: Image.Image
    box: tuple[float, float, float, float]
    photo_name: str
    actual: str
    predicted: str
    confidence: float | None


def load_misread(
    folder: Path, row: pd.Series, margin: float, predicted: str, confidence: float | None = None
) -> Misread:
    """Cut a misread digit (a row of boxes.csv) out of its photo in `folder`.

    Raises `UserError` where the photo can no longer be read.
    """
    try:
        photo = read_photo(folder / row["photo"])
    except UnreadablePhoto as error:
        raise UserError(
            f"{folder / row['photo']}: {error}; {folder}/ has changed since: run `dvc repro`"
        ) from None
    box = Box.of(row)
    digit = cut(photo, box, margin)
    width = photo.width
    photo.thumbnail((_SHOWN_SIDE, _SHOWN_SIDE))
    scale = photo.width / width
    xmin, ymin, xmax, ymax = (scale * edge for edge in box)
    return Misread(
        digit, photo, (xmin, ymin, xmax, ymax), row["photo"], row["label"], predicted, confidence
    )
