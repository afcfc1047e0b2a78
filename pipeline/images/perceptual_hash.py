"""A photo's looks as a number: near for two copies, far for two photos."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

# Of the shorter side: less is not read, where it is reduced.
_ENOUGH = 128
_WAVES = 16
# How bright red, green and blue are seen (ITU-R BT.601).
_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)


def perceptual_hash(photo: NDArray[np.uint8]) -> str:
    """A 256-bit perceptual hash (pHash), in hexadecimal, of a photo (height, width, 3).

    A bit for each of the slowest 16 x 16 waves of the grey photo: whether it is above their median
    (Zauner 2010, Implementation and Benchmarking of Perceptual Image Hash Functions, section 3.2).
    """
    # Of a large photo, four rows and columns of pixels in each block tell as much as all of them.
    step = max(1, min(photo.shape[:2]) // (4 * _ENOUGH))
    some = photo[::step, ::step]
    grey = _reduce(some, max(1, min(some.shape[:2]) // _ENOUGH))
    height, width = grey.shape
    slowest = (_cosines(height) @ grey @ _cosines(width).T).flatten()
    lower, upper = np.sort(slowest)[slowest.size // 2 - 1 :][:2]
    return np.packbits(slowest > (lower + upper) / 2).tobytes().hex()


@lru_cache(maxsize=64)
def _cosines(length: int) -> NDArray[np.float32]:
    """The slowest waves of a discrete cosine transform (waves, length)."""
    places = np.arange(_WAVES)[:, None] * (2 * np.arange(length) + 1)
    return (np.cos(np.pi * places / (2 * length)) / length).astype(np.float32)


def _reduce(photo: NDArray[np.uint8], by: int) -> NDArray[np.float32]:
    """A grey photo of mean values of `by` x `by` pixels each; what is left over is left out."""
    height, width = photo.shape[0] // by, photo.shape[1] // by
    # Whole rows are added up first, which takes a tenth of what sums of small blocks do.
    rows = photo[: height * by].reshape(height, by, -1)
    summed = rows[:, 0].astype(np.uint16)
    for row in range(1, by):
        summed += rows[:, row]
    blocks = summed[:, : width * by * 3].reshape(height * width, -1)
    weights = np.tile(_LUMA / np.float32(by**2), by)
    grey: NDArray[np.float32] = blocks.astype(np.float32) @ weights
    return grey.reshape(height, width)
