"""Digit images cut from a photo: their pixels, their coding, their place in data/digits."""

from __future__ import annotations

import logging
import re
from io import BytesIO
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd
from PIL import Image
from tqdm import tqdm

from pipeline.files import md5
from pipeline.images.box import Box
from pipeline.images.photo import UnreadablePhoto, read_photo
from pipeline.params import CropParams
from pipeline.tables import rows_of

log = logging.getLogger(__name__)

# Part of every digit image's key: raise it when the same box would give other bytes, or the same
# photo another perceptual hash.
CUTTING_VERSION = "1"


def cut(photo: Image.Image, box: Box, margin: float) -> Image.Image:
    """Cut a box out of an upright photo, widened on each side by a share of its width and height.

    Clipped to the photo; `box` in pixels, 0-based edges, half-open.
    """
    beside = round(margin * box.width)
    above = round(margin * box.height)
    return photo.crop(
        (
            max(box.xmin - beside, 0),
            max(box.ymin - above, 0),
            min(box.xmax + beside, photo.width),
            min(box.ymax + above, photo.height),
        )
    )


def encode(digit: Image.Image, image_format: str) -> bytes:
    """Code a digit image as `jpg` (quality 95, no chroma subsampling) or `png`."""
    buffer = BytesIO()
    if image_format == "jpg":
        digit.save(buffer, "JPEG", quality=95, subsampling=0)
    else:
        digit.save(buffer, "PNG")
    return buffer.getvalue()


def channel_sums(digit: Image.Image) -> dict[str, int]:
    """Number of pixels, and each channel's sum and sum of squares (of values 0 to 255)."""
    # The histogram is counted in C, 256 bins a channel; sums over bins equal those over pixels.
    bins = np.array(digit.histogram(), dtype=np.int64).reshape(3, 256)
    values = np.arange(256)
    red, green, blue = (int(total) for total in bins @ values)
    red_squared, green_squared, blue_squared = (int(total) for total in bins @ values**2)
    return {
        "pixels": digit.width * digit.height, "red": red, "green": green, "blue": blue,
        "red_squared": red_squared, "green_squared": green_squared, "blue_squared": blue_squared,
    }  # fmt: skip


def digit_file(label: str, photo: str, number: int, image_format: str) -> str:
    """Place of a digit image below data/digits: `<label>/<photo's stem>-<hash>-<object>.<format>`.

    The hash is of the photo's whole path, so that no two boxes share a name, also where the file
    system takes upper and lower case for the same.
    """
    stem = re.sub(r"[^\w-]+", "_", PurePosixPath(photo).stem)[:40]
    return f"{label}/{stem}-{md5(photo.encode('utf-8'))[:12]}-{number}.{image_format}"


def digit_key(photo_md5: str, label: str, box: Box, params: CropParams) -> str:
    """A hash of all that a digit image's bytes and place depend on."""
    parts = (CUTTING_VERSION, photo_md5, label, *box, params.margin, params.format)
    return md5(" ".join(map(str, parts)).encode("utf-8"))


def cut_boxes(
    folder: Path, boxes: pd.DataFrame, params: CropParams
) -> tuple[pd.DataFrame, list[bytes]]:
    """Cut and code every box (rows of boxes.csv) of a folder's photos, leaving no file.

    Returns the rows, with the column `file` and without those of photos that cannot be read, which
    are named in a warning; and each row's digit image, coded as the crop stage does.
    """
    rows, contents = [], []
    by_photo = boxes.groupby("photo", sort=False)
    for photo, its_boxes in tqdm(by_photo, "crop", unit=" photos", disable=None, delay=1):
        try:
            image = read_photo(folder / str(photo))
        except UnreadablePhoto as error:
            log.warning("%s is left out: %s", photo, error)
            continue
        for row in rows_of(its_boxes):
            file = digit_file(row["label"], row["photo"], row["object"], params.format)
            rows.append(row | {"file": file})
            contents.append(encode(cut(image, Box.of(row), params.margin), params.format))
    return pd.DataFrame(rows), contents
