"""Which photos are copies of one another: of a kind that would let validation digits be known."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import PurePosixPath

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.cluster.hierarchy import DisjointSet

# Of 256 bits. Of 1,315 photos saved again at quality 60, one changes by more, of those at half the
# size five; other photos of one display differ by 4 and more, which is why near duplicates must
# also show the same digits.
_NEAR_BITS = 12
_BANDS = _NEAR_BITS + 1
_BAND_BITS = -(-256 // _BANDS)


def add_readings(photos: pd.DataFrame, digits: pd.DataFrame) -> pd.DataFrame:
    """Rows of photos.csv with the column `reading`: the photo's labels in reading order."""
    ordered = digits.sort_values(["row", "column"])
    readings = ordered.groupby("photo")["label"].agg("".join)
    return photos.assign(reading=photos["photo"].map(readings).fillna(""))


def group_copies(photos: pd.DataFrame) -> NDArray[np.int64]:
    """Number the groups of copies: one number (n,) for each row of `photos`.

    Copies are photos of the same bytes, Roboflow's versions of one original (`x_jpg.rf.<hash>.jpg`,
    in whatever folder) and that original, and near duplicates: perceptual hashes within 12 of 256
    bits and the same reading. `photos` has the columns photo, md5, perceptual_hash and reading.
    """
    names, readings = photos["photo"].tolist(), photos["reading"].tolist()
    same: dict[tuple[str, str], int] = {}
    near: dict[str, list[int]] = defaultdict(list)
    sets = DisjointSet(range(len(names)))
    originals = {_original(photo) for photo in names} - {None}
    for i, (photo, content) in enumerate(zip(names, photos["md5"].tolist(), strict=True)):
        keys = [("bytes", content)]
        name = _original(photo) or PurePosixPath(photo).name.casefold()
        if name in originals:
            keys.append(("original", name))
        for key in keys:
            sets.merge(same.setdefault(key, i), i)
        near[readings[i]].append(i)
    hashes = [int(text or "0", 16) for text in photos["perceptual_hash"].tolist()]
    for members in near.values():
        _join_near(members, hashes, sets)
    return np.array([sets[i] for i in range(len(names))], dtype=np.int64)


def are_copies(photos: pd.DataFrame, others: pd.DataFrame) -> NDArray[np.bool_]:
    """Which rows of `photos` (n,) are copies of one of `others`, or it itself.

    Both have the columns that `group_copies` needs.
    """
    groups = group_copies(pd.concat([photos, others]))
    return np.isin(groups[: len(photos)], groups[len(photos) :])


def photos_of(files: Iterable[str], digits: pd.DataFrame, photos: pd.DataFrame) -> pd.DataFrame:
    """The photos that have a digit in a list of `files`, as `are_copies` needs them."""
    on_list = set(digits["photo"][digits["file"].isin(set(files))])
    return add_readings(photos[photos["photo"].isin(on_list)], digits)


def group_digits(digits: pd.DataFrame, photos: pd.DataFrame) -> pd.Series:
    """The group of copies that each digit's photo is of, called by its first photo: (n,) texts.

    It is the same whatever the order of the rows.
    """
    number = pd.Series(group_copies(add_readings(photos, digits)), index=photos["photo"])
    return digits["photo"].groupby(digits["photo"].map(number)).transform("min")


def _original(photo: str) -> str | None:
    """Name of the photo that Roboflow made this version of; None where it is no version."""
    version = re.fullmatch(r"(.+)_(\w+)\.rf\.[^.]+\.\w+", PurePosixPath(photo).name.casefold())
    return f"{version[1]}.{version[2]}" if version else None


def _join_near(members: list[int], hashes: list[int], sets: DisjointSet) -> None:
    """Merge those photos of one reading whose hashes are near.

    Two hashes that differ in 12 bits are the same in at least one of 13 bands, so only photos that
    share a band are compared; and of those already joined to a group, none more of that group.
    """
    bands: dict[tuple[int, int], dict[int, list[int]]] = defaultdict(dict)
    for i in members:
        for band in range(_BANDS):
            sharing = bands[band, (hashes[i] >> (band * _BAND_BITS)) % 2**_BAND_BITS]
            for other, group in sharing.items():
                if not sets.connected(other, i) and any(
                    (hashes[i] ^ hashes[j]).bit_count() <= _NEAR_BITS for j in group
                ):
                    sets.merge(other, i)
            sharing.setdefault(sets[i], []).append(i)
