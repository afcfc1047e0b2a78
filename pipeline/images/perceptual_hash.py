"""A photo's looks as a number: near for two copies, far for two photos."""

from __future__ import annotations

import numpy as np
from PIL import Image

_SIDE, _FREQUENCIES = 64, 16
# The first rows of the cosine transform (DCT-II), in whole numbers: the sums below are exact, so
# every machine gets the same bits.
_COSINES = np.round(
    4096
    * np.cos(
        np.pi / _SIDE * np.arange(_FREQUENCIES)[:, None] * (np.arange(_SIDE)[None, :] + 0.5),
    )
)


def perceptual_hash(photo: Image.Image) -> str:
    """A photo's 256-bit perceptual hash, in hexadecimal, for finding near duplicates.

    pHash (Zauner 2010): of the 16 x 16 lowest frequencies of the photo in 64 x 64 greys, a bit
    each: above their median or not.
    """
    small = photo.convert("L").resize((_SIDE, _SIDE), Image.Resampling.BICUBIC, reducing_gap=2)
    frequencies = _COSINES @ np.asarray(small, dtype=np.float64) @ _COSINES.T
    return np.packbits(frequencies > np.median(frequencies)).tobytes().hex()
