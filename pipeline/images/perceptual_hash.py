"""A photo's looks as a number: near for two copies, far for two photos."""

from __future__ import annotations

import imagehash
from PIL import Image

_SIDE = 64


def perceptual_hash(photo: Image.Image) -> str:
    """A photo's 256-bit perceptual hash (pHash), in hexadecimal, for finding near duplicates."""
    # Grey once small: a large photo's pixels are read through but once.
    reduced = photo.reduce(max(1, min(photo.size) // (2 * _SIDE)))
    small = reduced.convert("L").resize((_SIDE, _SIDE), Image.Resampling.BICUBIC)
    return str(imagehash.phash(small, hash_size=_SIDE // 4))
