"""Photos on which people drew boxes, as the locator learns from them."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from pipeline.contracts import BoxRow, ObjectRow
from pipeline.images.photo import decode_photo, read_bytes, read_header, reduction_to
from pipeline.params import MachineParams
from pipeline.reading.crops import LEARNT
from pipeline.reading.marks import MARKS
from pipeline.reading.network import SIGNS
from pipeline.reading.scenes import Known, Scene, make_scene
from pipeline.runtime.parallel import map_threads

# A point's middle lies so far to the right of its digit's edge, and so low, in heights.
_BEHIND, _LOW = (-0.35, 0.6), (-0.35, 0.25)
# A photo is kept so large that its smallest digit has a bit more than the most that is learnt.
_ENOUGH = 1.15 * LEARNT[1]


@dataclass(frozen=True)
class LabelledPhoto:
    """A photo's name, its digits, and the boxes that may hold a digit or not.

    `after` has a mark's number for each digit, -1 where nobody said.
    """

    photo: str
    digits: tuple[BoxRow, ...]
    after: tuple[int, ...]
    unsure: tuple[ObjectRow, ...]


def gather(
    digits: Sequence[BoxRow], others: Sequence[ObjectRow], ignored: Sequence[str],
    points: Sequence[str],
) -> list[LabelledPhoto]:  # fmt: skip
    """All that is labelled on each photo of `digits`.

    Boxes with a label of `points` are decimal points, those of `ignored` are no digits; of any
    other label nobody knows.
    """
    by_photo: dict[str, list[BoxRow]] = defaultdict(list)
    for digit in digits:
        by_photo[digit.photo].append(digit)
    its_others: dict[str, list[ObjectRow]] = defaultdict(list)
    for other in others:
        its_others[other.photo].append(other)
    photos = []
    for photo, rows in by_photo.items():
        its = its_others[photo]
        behind = _points_behind(rows, [other for other in its if other.label in points])
        unsure = tuple(other for other in its if other.label not in (*points, *ignored))
        photos.append(LabelledPhoto(photo, tuple(rows), behind, unsure))
    return photos


def _points_behind(digits: Sequence[BoxRow], points: Sequence[ObjectRow]) -> tuple[int, ...]:
    """Behind which digits there is a point; where a photo has none, nobody said."""
    after = [MARKS.index("") if points else -1] * len(digits)
    for point in points:
        x, y = (point.xmin + point.xmax) / 2, (point.ymin + point.ymax) / 2
        near = [
            (abs(x - digit.xmax), index)
            for index, digit in enumerate(digits)
            if _BEHIND[0] < (x - digit.xmax) / digit.box.height < _BEHIND[1]
            and _LOW[0] < (y - digit.ymax) / digit.box.height < _LOW[1]
        ]
        if near:
            after[min(near)[1]] = MARKS.index(".")
    return tuple(after)


def count_displays(photos: Sequence[LabelledPhoto]) -> int:
    """How many rows of digits most photos have."""
    rows = Counter(len({digit.row for digit in photo.digits}) for photo in photos)
    return min(rows, key=lambda count: (-rows[count], count))


def load_scenes(
    folder: Path, photos: Sequence[LabelledPhoto], machine: MachineParams
) -> list[Scene]:
    """Decode the photos, each no larger than its digits need."""
    return list(map_threads(partial(_load, folder), photos, machine.threads))


def _load(folder: Path, photo: LabelledPhoto) -> Scene:
    content = read_bytes(folder / photo.photo)
    header = read_header(content)
    smallest = min(digit.box.height for digit in photo.digits)
    factor = min(1.0, _ENOUGH / smallest)
    picture = decode_photo(content, reduction_to(smallest, _ENOUGH))
    size = (max(1, round(header.width * factor)), max(1, round(header.height * factor)))
    if size[0] < picture.width:
        picture = picture.resize(size, Image.Resampling.HAMMING, reducing_gap=2)
    across, down = picture.width / header.width, picture.height / header.height
    known = [
        Known(
            (d.xmin + d.xmax) / 2 * across, (d.ymin + d.ymax) / 2 * down, d.box.width * across,
            d.box.height * down, SIGNS.index(d.label), angle, None if mark < 0 else mark,
        )
        for d, mark, angle in zip(photo.digits, photo.after, _angles(photo.digits), strict=True)
    ]  # fmt: skip
    unsure = np.array([o.box for o in photo.unsure], float).reshape(-1, 4)
    return make_scene(picture, known, unsure * [across, down, across, down])


def _angles(digits: Sequence[BoxRow]) -> list[float]:
    """By how much each digit's row falls to the right, of its first and last digit."""
    rows: dict[int, list[BoxRow]] = defaultdict(list)
    for digit in sorted(digits, key=lambda its: its.column):
        rows[digit.row].append(digit)
    angles = {
        row: math.atan2(
            its[-1].ymin + its[-1].ymax - its[0].ymin - its[0].ymax,
            max(1, its[-1].xmin + its[-1].xmax - its[0].xmin - its[0].xmax),
        )
        for row, its in rows.items()
    }
    return [angles[digit.row] if len(rows[digit.row]) > 1 else 0.0 for digit in digits]
