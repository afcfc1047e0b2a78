"""Readings whose truth is known and that no model was trained on: what a promise stands on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy import Connection, Row, select

from pipeline.contracts import DIGITS, PHOTOS, WHOLE
from pipeline.dividing.copies import find_copies, group_digits
from pipeline.reporting.acceptance import accept_by_threshold, count_copies_once
from service.database.schema import photo, reading
from service.promises import last_corrections


@dataclass(frozen=True)
class Known:
    """A clear reading: against it speaks at most that it is not sure. `group` is of its copies."""

    confidence: float
    right: bool
    group: str


def gather(connection: Connection, model: str, validation: bool) -> pd.DataFrame:
    """What is accepted of all that is known of a model's readings, by confidence, copies once.

    With those of validation, where they are of this model. As `accept_by_threshold` returns it.
    """
    return count_known([*_checked(connection, model), *(_validated() if validation else ())])


def count_known(known: Sequence[Known]) -> pd.DataFrame:
    """What is accepted of some readings, by confidence, copies once."""
    frame = pd.DataFrame(
        [(its.confidence, its.right, its.group) for its in known],
        columns=["confidence", "right", "group"],
    )
    return accept_by_threshold(count_copies_once(frame))


def _validated() -> Iterator[Known]:
    """Whole photos of validation, as evaluate read them."""
    digits, photos = DIGITS.read_frame(), PHOTOS.read_frame()
    groups = dict(zip(digits["photo"], group_digits(digits, photos), strict=True))
    for row in WHOLE.read():
        if set(row.reasons.split()) <= {"unsure"} and row.read:
            right = bool(row.with_point if row.point else row.right)
            yield Known(row.confidence, right, groups.get(row.photo, row.photo))


def _checked(connection: Connection, model: str) -> Iterator[Known]:
    """What people said of readings that were drawn at random, in the order of their arrival.

    Up to the first that nobody has looked at yet: whoever takes only those that were looked at
    first, the doubtful ones, draws no longer at random.
    """
    last = last_corrections()
    found = connection.execute(
        select(
            reading.c.reasons, reading.c.confidence, reading.c.text, reading.c.digits,
            last.c.action, photo.c.sha256, photo.c.path, photo.c.taken_at, photo.c.width,
            photo.c.height, photo.c.perceptual_hash,
        )
        .join(photo, photo.c.id == reading.c.photo_id)
        .outerjoin(last, last.c.reading_id == reading.c.id)
        .where(reading.c.model == model, reading.c.spot_check)
        .order_by(reading.c.id)
    ).all()  # fmt: skip
    rows = cast("Sequence[Row[Any]]", found)
    clear = [row for row in rows if {its["code"] for its in row.reasons} <= {"unsure"}]
    unseen = next((i for i, row in enumerate(clear) if row.action is None), len(clear))
    seen = clear[:unseen]
    for row, group in zip(seen, _groups(seen), strict=True):
        yield Known(row.confidence, row.action == "confirm", f"checked {group}")


def _groups(rows: Sequence[Row[Any]]) -> Sequence[int]:
    """The group of copies of each row: bursts and near duplicates of one reading."""
    if not rows:
        return []
    frame = pd.DataFrame(
        {
            "photo": [f"{number} {row.path}" for number, row in enumerate(rows)],
            "md5": [row.sha256 for row in rows],
            "perceptual_hash": [row.perceptual_hash or f"{i:064x}" for i, row in enumerate(rows)],
            "reading": [row.text for row in rows],
            "taken": [f"{row.taken_at:%Y:%m:%d %H:%M:%S}" for row in rows],
            "places": [_places(row) for row in rows],
            "colours": [np.empty(0)] * len(rows),
        }
    )
    return [int(group) for group in find_copies(frame).groups]


def _places(row: Row[Any]) -> NDArray[np.float64]:
    """Middle and height of each digit, as shares of the photo's size."""
    boxes = np.array([its["box"] for its in row.digits]).reshape(-1, 4).astype(np.float64)
    left, top, right, bottom = boxes.T
    places = np.stack([(left + right) / 2, (top + bottom) / 2, bottom - top], axis=1)
    shares: NDArray[np.float64] = places / [row.width, row.height, row.height]
    return shares.ravel()
