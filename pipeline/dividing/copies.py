"""Which photos are copies of one another: of a kind that would let validation digits be known."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.cluster.hierarchy import DisjointSet
from scipy.spatial import cKDTree

# Of 256 bits. Of 583 photos saved again at quality 60, none changes by more, of those at half the
# size one; other photos of one display differ by 4 and more, which is why near duplicates must also
# show the same digits.
_NEAR_BITS = 12
_BANDS = _NEAR_BITS + 1
_BAND_BITS = -(-256 // _BANDS)
# A burst: photos of one reading of so many digits, taken within seconds, or from one place: each
# digit's middle and height within this share of the photo's size. More photos than anyone takes at
# once are those of a camera on a stand, and would leave nothing to divide.
_FEWEST_IN_BURST = 3
_MOST_IN_BURST = 10
_BURST_SECONDS = 10
_SAME_PLACE = 0.03
# One picture saved twice, whatever its labels: each digit's mean colour within so many of 255
# levels, in the same place. Of 300 real photos saved again, three differ by more bits.
_SAME_BITS = 8
_SAME_COLOUR = 1.5
_COLOURS = ("red", "green", "blue")
_EDGES = ("xmin", "ymin", "xmax", "ymax")
_OF_DIGITS = {*_EDGES, *_COLOURS, "pixels"}


def add_readings(photos: pd.DataFrame, digits: pd.DataFrame) -> pd.DataFrame:
    """Rows of photos.csv with what tells copies from others, of the photo's digits.

    Adds `reading`, their labels in reading order, and `places` and `colours`, arrays of middle and
    height as shares of the photo's size, and of mean colours (0 to 255). Tables of earlier versions
    may lack the columns that these follow from: then both are empty, and so is `taken`.
    """
    ordered = digits.sort_values(["row", "column"])
    readings: dict[str, str] = defaultdict(str)
    for photo, label in zip(ordered["photo"], ordered["label"], strict=True):
        readings[photo] += label
    photos = photos.assign(reading=[readings[photo] for photo in photos["photo"]])
    photos = photos.assign(taken=photos.get("taken", ""))
    if not ({*digits.columns} >= _OF_DIGITS and {"width", "height"} <= {*photos.columns}):
        nothing = _by_photo(photos, np.empty((0, 0)), {})
        return photos.assign(places=nothing, colours=nothing)
    size = photos.set_index("photo")[["width", "height"]].reindex(ordered["photo"]).to_numpy()
    places = places_of(ordered[list(_EDGES)].to_numpy(), size)
    colours = ordered[list(_COLOURS)].to_numpy() / ordered[["pixels"]].to_numpy()
    rows = {str(photo): its for photo, its in ordered.groupby("photo").indices.items()}
    return photos.assign(
        places=_by_photo(photos, places, rows), colours=_by_photo(photos, colours, rows)
    )


def places_of(boxes: NDArray[Any], size: NDArray[Any]) -> NDArray[np.float64]:
    """Middle and height (n, 3) of boxes (n, 4), as shares of a photo's width and height.

    Boxes have the edges xmin, ymin, xmax, ymax; `size` is of each one's photo, (n, 2), or (1, 2).
    """
    left, top, right, bottom = boxes.T
    places = np.stack([(left + right) / 2, (top + bottom) / 2, bottom - top], axis=1)
    return np.asarray(places / size[:, [0, 1, 1]])


def _by_photo(
    photos: pd.DataFrame, values: NDArray[np.float64], rows: Mapping[str, object]
) -> pd.Series:
    """Each photo's rows of `values`, one behind the other; nothing for a photo that has none."""
    its = [np.asarray(rows.get(photo, []), dtype=np.int64) for photo in photos["photo"]]
    return pd.Series([values[numbers].ravel() for numbers in its], photos.index, dtype=object)


@dataclass(frozen=True)
class Copies:
    """Which photos belong together: `groups` (n,) numbers the group of each.

    `contradictions` are pairs of photos that are one picture with two readings, of which one must
    be wrong: of many that contradict many, as many as join them all.
    """

    groups: NDArray[np.int64]
    contradictions: list[tuple[str, str]]


def find_copies(photos: pd.DataFrame) -> Copies:
    """The groups of copies, of rows of `photos` as `add_readings` has them.

    Copies are photos of the same bytes; Roboflow's versions of one original (`x_jpg.rf.<hash>.jpg`,
    in whatever folder) and that original; near duplicates, perceptual hashes within 12 of 256 bits,
    and bursts, of the same reading; and the same picture, whatever its labels. Neither the order of
    the rows nor the photos' names change the groups.
    """
    sets = DisjointSet(range(len(photos)))
    hashes = [int(text or "0", 16) for text in photos["perceptual_hash"].tolist()]
    by_reading = _members_by_reading(photos)
    for members in by_reading:
        _join_near(members, hashes, sets)
    same = _same_pictures(photos, np.array([sets[i] for i in range(len(photos))], dtype=np.int64))
    for one, other in same:
        sets.merge(one, other)
    _join_named(photos, sets)
    taken = [_time(text) for text in photos["taken"].tolist()]
    places = photos["places"].tolist()
    for members in by_reading:
        _join_bursts(members, taken, places, sets)
    groups = np.array([sets[i] for i in range(len(photos))], dtype=np.int64)
    names = photos["photo"].tolist()
    pairs = [(min(names[i], names[j]), max(names[i], names[j])) for i, j in same]
    return Copies(groups, sorted(pairs))


def _members_by_reading(photos: pd.DataFrame) -> list[list[int]]:
    """The rows of each reading, by MD5, since a burst depends on which of its photos is first."""
    by_reading: dict[str, list[int]] = defaultdict(list)
    readings = photos["reading"].tolist()
    for i in np.argsort(photos["md5"].to_numpy(), kind="stable").tolist():
        by_reading[readings[i]].append(i)
    return list(by_reading.values())


def _same_pictures(photos: pd.DataFrame, near: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Pairs of rows that are one picture saved twice: near hashes, equal colours in equal places.

    Colours alone do not tell: 0, 6 and 9 light six segments each. `near` (n,) has the near
    duplicates of one reading, who need no pair; nor do those that other pairs have joined.
    """
    hashes = _bits(photos["perceptual_hash"].tolist())
    readings = photos["reading"].to_numpy()
    lengths = photos["colours"].map(len).to_numpy()
    joined = near.copy()
    pairs = []
    for length in np.unique(lengths[lengths > 0]):
        rows = np.flatnonzero(lengths == length)
        colours = np.stack(photos["colours"].iloc[rows].tolist())
        places = np.stack(photos["places"].iloc[rows].tolist())
        tree = cKDTree(colours)
        for i in _but_the_commonest(readings[rows]):
            # One photo's at a time: of a camera on a stand, all pairs would not fit into memory.
            around = np.array(tree.query_ball_point(colours[i], _SAME_COLOUR, p=np.inf))
            around = around[joined[rows[around]] != joined[rows[i]]]
            around = around[np.abs(places[around] - places[i]).max(axis=1) < _SAME_PLACE]
            apart = (hashes[rows[around]] != hashes[rows[i]]).sum(axis=1)
            for j in around[apart <= _SAME_BITS]:
                one, other = joined[rows[i]], joined[rows[j]]
                if one != other:
                    joined[joined == other] = one
                    pairs.append((int(rows[i]), int(rows[j])))
    return pairs


def _bits(hashes: list[str]) -> NDArray[np.uint8]:
    """The 256 bits of each hash: (n, 256)."""
    content = b"".join(int(text or "0", 16).to_bytes(32, "big") for text in hashes)
    return np.unpackbits(np.frombuffer(content, dtype=np.uint8)).reshape(-1, 256)


def _but_the_commonest(readings: NDArray[np.object_]) -> NDArray[np.intp]:
    """Where any but the commonest reading is: of two photos that read differently, one is here.

    A scale that nobody stands on gives thousands of photos of one reading.
    """
    _, which, counts = np.unique(readings, return_inverse=True, return_counts=True)
    return np.flatnonzero(which != counts.argmax())


def are_copies(photos: pd.DataFrame, others: pd.DataFrame) -> NDArray[np.bool_]:
    """Which rows of `photos` (n,) are copies of one of `others`, or it itself.

    Both as `add_readings` has them.
    """
    groups = find_copies(pd.concat([photos, others])).groups
    return np.isin(groups[: len(photos)], groups[len(photos) :])


def photos_of(files: Iterable[str], digits: pd.DataFrame, photos: pd.DataFrame) -> pd.DataFrame:
    """The photos that have a digit in a list of `files`, as `are_copies` needs them."""
    on_list = set(digits["photo"][digits["file"].isin(set(files))])
    return add_readings(photos[photos["photo"].isin(on_list)], digits)


def group_digits(digits: pd.DataFrame, photos: pd.DataFrame) -> pd.Series:
    """The group of copies that each digit's photo is of, called by its smallest MD5: (n,) texts.

    It is the same whatever the order of the rows and the names of the photos.
    """
    return name_groups(digits, photos, find_copies(add_readings(photos, digits)))


def name_groups(digits: pd.DataFrame, photos: pd.DataFrame, copies: Copies) -> pd.Series:
    """What `group_digits` gives, where the copies among `photos` are known."""
    groups = copies.groups.tolist()
    # Of several names for a group, the last one counts: the smallest.
    names = dict(sorted(zip(groups, photos["md5"], strict=True), reverse=True))
    named = {photo: names[its] for photo, its in zip(photos["photo"], groups, strict=True)}
    return digits["photo"].map(named)


def _join_named(photos: pd.DataFrame, sets: DisjointSet) -> None:
    """Merge photos of the same bytes, and Roboflow's versions of one original."""
    names = [PurePosixPath(photo).name.casefold() for photo in photos["photo"]]
    versions_of = [_original(name) for name in names]
    originals = set(versions_of) - {None}
    same: dict[tuple[str, str], int] = {}
    for i, content in enumerate(photos["md5"].tolist()):
        keys = [("bytes", content)]
        name = versions_of[i] or names[i]
        if name in originals:
            keys.append(("original", name))
        for key in keys:
            sets.merge(same.setdefault(key, i), i)


def _original(name: str) -> str | None:
    """Name of the photo that Roboflow made this version of; None where it is no version."""
    version = re.fullmatch(r"(.+)_(\w+)\.rf\.[^.]+\.\w+", name)
    return f"{version[1]}.{version[2]}" if version else None


def _time(taken: str) -> datetime | None:
    try:
        return datetime.strptime(taken, "%Y:%m:%d %H:%M:%S")
    except ValueError:
        return None


def _join_bursts(
    members: list[int],
    taken: list[datetime | None],
    places: list[NDArray[np.float64]],
    sets: DisjointSet,
) -> None:
    """Merge those photos of one reading that were taken within seconds, or from one place."""
    times = sorted((time, i) for i in members if (time := taken[i]))
    for (earlier, i), (later, j) in pairwise(times):
        if (later - earlier).total_seconds() <= _BURST_SECONDS:
            sets.merge(i, j)
    # With the first that is near, so that a thousand photos of a fixed camera are soon done.
    clusters: dict[int, list[int]] = {}
    for i in (i for i in members if len(places[i]) >= 3 * _FEWEST_IN_BURST):
        leaders = np.stack([places[j] for j in clusters] or [places[i]])
        near = np.flatnonzero(np.abs(leaders - places[i]).max(axis=1) < _SAME_PLACE)
        leader = list(clusters)[int(near[0])] if clusters and near.size else i
        clusters.setdefault(leader, []).append(i)
    for leader, cluster in clusters.items():
        for i in cluster if len(cluster) <= _MOST_IN_BURST else ():
            sets.merge(leader, i)


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
