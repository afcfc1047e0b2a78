"""Digit images cut from a photo: their pixels, their coding, their place in data/digits."""

from __future__ import annotations

import re
from functools import lru_cache
from io import BytesIO
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image

from pipeline.images.box import Box
from pipeline.runtime.files import md5

if TYPE_CHECKING:
    from pipeline.contracts import BoxRow
    from pipeline.params import CropParams

# Part of every digit image's key: raise it when the same box would give other bytes, or the same
# photo another perceptual hash.
CUTTING_VERSION = "4"


def cut(photo: Image.Image, box: Box, margin: float) -> Image.Image:
    """Cut a box out of an upright photo, widened as `widen` does."""
    digit = photo.crop(widen(box, margin, photo.width, photo.height))
    # A photo's comment or colour profile would be saved with each of its digits.
    digit.info = {}
    return digit


def widen(box: Box, margin: float, width: int, height: int) -> Box:
    """A box with a share of its width and height added on each side, clipped to its photo."""
    beside = round(margin * box.width)
    above = round(margin * box.height)
    return Box(
        max(box.xmin - beside, 0),
        max(box.ymin - above, 0),
        min(box.xmax + beside, width),
        min(box.ymax + above, height),
    )


def encode(digit: NDArray[np.uint8], image_format: str) -> bytes:
    """Code a digit image (height, width, 3) as `jpg` (quality 96, colours in full) or `png`."""
    if image_format == "jpg":
        # At 95, simplejpeg rounds more than Pillow does; from 96 on its pixels are the same.
        coded: bytes = simplejpeg.encode_jpeg(digit, 96, "RGB", "444")
        return coded
    buffer = BytesIO()
    Image.fromarray(digit).save(buffer, "PNG")
    return buffer.getvalue()


class ChannelSums(NamedTuple):
    """Number of pixels, and each channel's sum and sum of squares (of values 0 to 255)."""

    pixels: int
    red: int
    green: int
    blue: int
    red_squared: int
    green_squared: int
    blue_squared: int


def channel_sums(digit: NDArray[np.uint8]) -> ChannelSums:
    """What the pixels of an image (height, width, 3) come to."""
    # Row upon row first: numpy is slow at sums over the three values of a pixel.
    rows = digit.reshape(len(digit), -1)
    columns = np.stack([
        rows.sum(axis=0, dtype=np.uint32),
        np.square(rows, dtype=np.uint16).sum(axis=0, dtype=np.uint32),
    ])  # fmt: skip
    sums, squares = columns.reshape(2, -1, 3).sum(axis=1, dtype=np.int64).tolist()
    return ChannelSums(rows.size // 3, *sums, *squares)


def digit_file(box: BoxRow, image_format: str) -> str:
    """Place of a digit image below data/digits: `<label>/<photo's stem>-<hash>-<object>.<format>`.

    The hash is of the photo's whole path, so that no two boxes share a name, also where the file
    system takes upper and lower case for the same.
    """
    return f"{box.label}/{_short_name(box.photo)}-{box.object}.{image_format}"


@lru_cache(maxsize=64)
def _short_name(photo: str) -> str:
    """A photo's name in those of its digits, which are asked for one after the other."""
    stem = re.sub(r"[^\w-]+", "_", PurePosixPath(photo).stem)[:40]
    return f"{stem}-{md5(photo.encode('utf-8'))[:12]}"


def digit_key(photo_md5: str, box: BoxRow, params: CropParams) -> str:
    """A hash of all that a digit image's bytes and place depend on."""
    parts = (CUTTING_VERSION, photo_md5, box.label, *box.box, params.margin, params.format)
    return md5(" ".join(map(str, parts)).encode("utf-8"))
