"""Digit images cut from a photo: their pixels, their coding, their place in data/digits."""

from __future__ import annotations

import re
from functools import lru_cache
from io import BytesIO
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image

from pipeline.images.box import Box
from pipeline.runtime.files import md5

if TYPE_CHECKING:
    from pipeline.contracts import BoxRow
    from pipeline.params import CropParams

# Part of every digit image's key: raise it when the same box would give other bytes, or the same
# photo another perceptual hash.
CUTTING_VERSION = "3"

# A value of 0 to 255 and its square: a histogram times this is the sums over the pixels.
_POWERS = np.arange(256, dtype=np.int64)[:, None] ** np.array([1, 2])


def cut(photo: Image.Image, box: Box, margin: float) -> Image.Image:
    """Cut a box out of an upright photo, widened on each side by a share of its width and height.

    Clipped to the photo; `box` in pixels, 0-based edges, half-open.
    """
    beside = round(margin * box.width)
    above = round(margin * box.height)
    digit = photo.crop(
        (
            max(box.xmin - beside, 0),
            max(box.ymin - above, 0),
            min(box.xmax + beside, photo.width),
            min(box.ymax + above, photo.height),
        )
    )
    # A photo's comment or colour profile would be saved with each of its digits.
    digit.info = {}
    return digit


def encode(digit: Image.Image, image_format: str) -> bytes:
    """Code a digit image as `jpg` (quality 95, no chroma subsampling) or `png`."""
    buffer = BytesIO()
    if image_format == "jpg":
        digit.save(buffer, "JPEG", quality=95, subsampling=0)
    else:
        digit.save(buffer, "PNG")
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


def channel_sums(digit: Image.Image) -> ChannelSums:
    """What the pixels of an RGB image come to."""
    # The histogram is counted in C, 256 bins a channel; sums over bins equal those over pixels.
    bins = np.array(digit.histogram(), dtype=np.int64).reshape(3, 256)
    (red, red_squared), (green, green_squared), (blue, blue_squared) = (bins @ _POWERS).tolist()
    pixels = digit.width * digit.height
    return ChannelSums(pixels, red, green, blue, red_squared, green_squared, blue_squared)


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
