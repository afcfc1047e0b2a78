"""A misread digit, ready to be shown: the digit, its photo made small, its box there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from PIL import Image

from pipeline.images.box import Box
from pipeline.images.cutting import cut
from pipeline.images.photo import UnreadablePhoto, read_photo
from pipeline.runtime.errors import UserError

# Pixels of a photo's longer side: as many as the picture shows, so that thirty phone photos fit
# into a small PC's memory.
_SHOWN_PIXELS = 480


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


def find_misread(predictions: pd.DataFrame) -> pd.DataFrame:
    """Those rows whose predicted digit is not the actual one, the most confident first."""
    wrong = predictions[predictions["predicted"] != predictions["actual"]]
    return wrong.sort_values("confidence", ascending=False, kind="stable")


def load_most_confident(
    folder: Path, predictions: pd.DataFrame, margin: float, count: int
) -> tuple[list[Misread], int]:
    """The `count` most confident mistakes ready to be shown, and how many there are in all."""
    misread = find_misread(predictions)
    shown = [
        load_misread(folder, row, margin, row["predicted"], row["confidence"])
        for _, row in misread.head(count).iterrows()
    ]
    return shown, len(misread)


def open_photo(folder: Path, name: str) -> Image.Image:
    """Decode a photo that boxes.csv lists; raises `UserError` where it can no longer be read."""
    try:
        return read_photo(folder / name)
    except UnreadablePhoto as error:
        raise UserError(
            "{photo}: {error}; {folder}/ has changed since: run `dvc repro`",
            photo=folder / name, error=error, folder=folder,
        ) from None  # fmt: skip


def load_misread(
    folder: Path, row: pd.Series, margin: float, predicted: str, confidence: float | None = None
) -> Misread:
    """Cut a misread digit (a row of boxes.csv) out of its photo in `folder`.

    Raises `UserError` where the photo can no longer be read.
    """
    photo = open_photo(folder, row["photo"])
    box = Box(*(int(row[edge]) for edge in Box._fields))
    digit = cut(photo, box, margin)
    width = photo.width
    photo.thumbnail((_SHOWN_PIXELS, _SHOWN_PIXELS))
    scale = photo.width / width
    xmin, ymin, xmax, ymax = (scale * edge for edge in box)
    return Misread(
        digit, photo, (xmin, ymin, xmax, ymax), row["photo"], row["label"], predicted, confidence
    )
