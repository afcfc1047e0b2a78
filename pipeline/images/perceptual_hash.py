"""A photo's looks as a number: near for two copies, far for two photos."""

from __future__ import annotations

import imagehash
from PIL import Image

_SIDE = 64


def perceptual_hash(photo: Image.Image) -> str:
    """A photo's 256-bit perceptual hash (pHash), in hexadecimal, for finding near duplicates."""
    small = photo.convert("L").resize((_SIDE, _SIDE), Image.Resampling.BICUBIC, reducing_gap=2)
    return str(imagehash.phash(small, hash_size=_SIDE // 4))
