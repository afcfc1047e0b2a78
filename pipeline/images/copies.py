"""Which photos are copies of one another: of a kind that would let validation digits be known."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from itertools import combinations

import imagehash
import pandas as pd
from PIL import Image
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

# Of 256 bits. Saving a photo again, or smaller, changes up to 10; other photos of one display
# differ by 4 and more, which is why near duplicates must also show the same digits.
_NEAR_BITS = 12


def perceptual_hash(photo: Image.Image) -> str:
    """A photo's 256-bit perceptual hash, in hexadecimal, for finding near duplicates."""
    small = photo.convert("L").resize((128, 128), Image.Resampling.BOX)
    return str(imagehash.phash(small, hash_size=16))


def group_copies(photos: pd.DataFrame, readings: dict[str, str]) -> pd.Series:
    """Number the groups of copies: a Series of group numbers, indexed by photo.

    Copies are photos of the same bytes, Roboflow's versions of one original (`x_jpg.rf.<hash>`),
    and near duplicates: perceptual hashes within 12 of 256 bits and the same digits in `readings`.
    `photos` has the columns photo, md5 and perceptual_hash.
    """
    same: dict[tuple[str, str], list[int]] = defaultdict(list)
    near: dict[str, list[int]] = defaultdict(list)
    names = [str(name) for name in photos["photo"]]
    for i, (name, content) in enumerate(zip(names, photos["md5"], strict=True)):
        same["bytes", content].append(i)
        same["original", _original(name)].append(i)
        near[readings.get(name, "")].append(i)
    hashes = [int(value or "0", 16) for value in photos["perceptual_hash"]]
    pairs = [(group[0], other) for group in same.values() for other in group[1:]]
    pairs.extend(_near_pairs(near.values(), hashes))
    rows, columns = zip(*pairs, strict=True) if pairs else ((), ())
    graph = coo_array(([1] * len(pairs), (rows, columns)), shape=(len(names), len(names)))
    _, groups = connected_components(graph, directed=False)
    return pd.Series(groups, index=names)


def _original(photo: str) -> str:
    return re.sub(r"\.rf\.[^./]+(\.[^./]+)?$", "", photo)


def _near_pairs(readings: Iterable[list[int]], hashes: list[int]) -> Iterable[tuple[int, int]]:
    for members in readings:
        for i, j in combinations(members, 2):
            if (hashes[i] ^ hashes[j]).bit_count() <= _NEAR_BITS:
                yield i, j
