"""Which photos are copies of one another: of a kind that would let validation digits be known."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

import imagehash
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from pipeline.tables import rows_of

# Of 256 bits. Saving a photo again, or smaller, changes up to 10; other photos of one display
# differ by 4 and more, which is why near duplicates must also show the same digits.
_NEAR_BITS = 12
_BANDS = _NEAR_BITS + 1
_BAND_BITS = -(-256 // _BANDS)


def perceptual_hash(photo: Image.Image) -> str:
    """A photo's 256-bit perceptual hash, in hexadecimal, for finding near duplicates."""
    small = photo.convert("L").resize((128, 128), Image.Resampling.BOX)
    return str(imagehash.phash(small, hash_size=16))


def add_readings(photos: pd.DataFrame, digits: pd.DataFrame) -> pd.DataFrame:
    """Rows of photos.csv with the column `reading`: the photo's labels in reading order."""
    ordered = digits.sort_values(["row", "column"])
    readings = ordered.groupby("photo")["label"].agg("".join)
    return photos.assign(reading=photos["photo"].map(readings).fillna(""))


def group_copies(photos: pd.DataFrame) -> NDArray[np.int64]:
    """Number the groups of copies: one number (n,) for each row of `photos`.

    Copies are photos of the same bytes, Roboflow's versions of one original (`x_jpg.rf.<hash>`),
    and near duplicates: perceptual hashes within 12 of 256 bits and the same reading. `photos` has
    the columns photo, md5, perceptual_hash and reading.
    """
    same: dict[tuple[str, str], list[int]] = defaultdict(list)
    near: dict[str, list[int]] = defaultdict(list)
    for i, photo in enumerate(rows_of(photos)):
        same["bytes", photo["md5"]].append(i)
        same["original", _original(photo["photo"])].append(i)
        near[photo["reading"]].append(i)
    hashes = [int(value or "0", 16) for value in photos["perceptual_hash"]]
    pairs = [(group[0], other) for group in same.values() for other in group[1:]]
    pairs.extend(_near_pairs(near.values(), hashes))
    rows, columns = zip(*pairs, strict=True) if pairs else ((), ())
    graph = coo_array(([1] * len(pairs), (rows, columns)), shape=(len(photos), len(photos)))
    _, groups = connected_components(graph, directed=False)
    return np.asarray(groups, dtype=np.int64)


def _original(photo: str) -> str:
    return re.sub(r"\.rf\.[^./]+(\.[^./]+)?$", "", photo)


def _near_pairs(readings: Iterable[list[int]], hashes: list[int]) -> Iterable[tuple[int, int]]:
    """Pairs of photos of one reading that are near, each linked at least through others.

    Two hashes that differ in 12 bits are the same in at least one of 13 bands, so only photos that
    share a band are compared: in practice n of them, not n squared.
    """
    for members in readings:
        first: dict[int, int] = {}
        for i in members:
            if hashes[i] in first:
                yield first[hashes[i]], i
            first.setdefault(hashes[i], i)
        bands: dict[tuple[int, int], list[int]] = defaultdict(list)
        for value, i in first.items():
            for band in range(_BANDS):
                shares = bands[band, (value >> (band * _BAND_BITS)) % 2**_BAND_BITS]
                yield from ((j, i) for j in shares if (value ^ hashes[j]).bit_count() <= _NEAR_BITS)
                shares.append(i)
