"""Readings whose truth is known and that no model was trained on: what a promise stands on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
from sqlalchemy import Connection, Row, select

from pipeline.contracts import DIGITS, LISTS, PHOTOS, WHOLE, read_list
from pipeline.dividing.copies import photos_of, places_of
from pipeline.params import load_yaml
from pipeline.reporting.acceptance import accept_by_threshold, count_copies_once
from pipeline.runtime.files import md5
from service.copies import Looks, group_copies
from service.database.schema import photo, reading
from service.promises import last_corrections

_LOCK = Path("dvc.lock")


@dataclass(frozen=True)
class Evidence:
    """What is accepted of all that is known, as `accept_by_threshold` has it.

    And how many readings were drawn, but wait for a person: with what comes after, they do not
    count yet.
    """

    accepted: pd.DataFrame
    unseen: int


def gather(connection: Connection, model: str, since: int | None) -> Evidence:
    """All that is known of a model's readings, copies once, and none that it was trained on.

    With those of validation, where they are of this model; where a promise has ended, only what was
    read `since` that reading.
    """
    rows, unseen = _checked(connection, model, since or 0)
    trained, validated = map(_photos_of, ("train", "valid"))
    others = pd.concat([trained, validated])
    groups = np.array(group_copies([_looks(row) for row in rows], others), dtype=np.int64)
    own, theirs = groups[: len(rows)], groups[len(rows) :]
    is_trained = np.isin(own, theirs[: len(trained)])
    frame = [
        (row.confidence, row.action == "confirm", group)
        for row, group, skip in zip(rows, own, is_trained, strict=True)
        if not skip
    ]
    if since is None and is_of_today():
        group_of = dict(zip(validated["photo"], theirs[len(trained) :], strict=True))
        frame += [
            (row.confidence, bool(row.with_point if row.point else row.right), group_of[row.photo])
            for row in WHOLE.read()
            if row.read and set(row.reasons.split()) <= {"unsure"} and row.photo in group_of
        ]
    table = pd.DataFrame(frame, columns=["confidence", "right", "group"])
    return Evidence(accept_by_threshold(count_copies_once(table)), unseen)


def is_of_today() -> bool:
    """Whether reports/readings.csv is what `dvc repro` made of the models that lie here now."""
    if not (_LOCK.exists() and WHOLE.path.exists()):
        return False
    stage = cast("dict[str, Any]", load_yaml(_LOCK))["stages"].get("evaluate", {})
    recorded = {its["path"]: its.get("md5") for its in (*stage.get("deps", ()), *stage["outs"])}
    used = [path for path in recorded if path.startswith("models/") and not Path(path).is_dir()]
    files = [WHOLE.path.as_posix(), *used]
    return all(
        Path(file).exists() and md5(Path(file).read_bytes()) == recorded.get(file) for file in files
    )


def _photos_of(side: str) -> pd.DataFrame:
    """The photos of a side of the split, as `find_copies` needs them; none where there is none."""
    if not (LISTS[side].exists() and DIGITS.path.exists()):
        return pd.DataFrame({"photo": []})
    return photos_of(read_list(LISTS[side]), DIGITS.read_frame(), PHOTOS.read_frame())


def _checked(connection: Connection, model: str, since: int) -> tuple[Sequence[Row[Any]], int]:
    """What people said of readings that were drawn at random, in the order of their arrival.

    Up to the first that nobody has looked at yet: whoever takes only those that were looked at
    first, the doubtful ones, draws no longer at random. And how many nobody has looked at.
    """
    last = last_corrections()
    found = connection.execute(
        select(
            reading.c.reasons, reading.c.confidence, reading.c.text, reading.c.digits,
            last.c.action, last.c.text.label("truth"), photo.c.sha256, photo.c.taken_at,
            photo.c.width, photo.c.height, photo.c.perceptual_hash,
        )
        .join(photo, photo.c.id == reading.c.photo_id)
        .outerjoin(last, last.c.reading_id == reading.c.id)
        .where(reading.c.model == model, reading.c.spot_check, reading.c.id > since)
        # Those that count: others are before nobody any more.
        .where(photo.c.model == reading.c.model, photo.c.rules == reading.c.rules)
        .order_by(reading.c.id)
    ).all()  # fmt: skip
    rows = cast("Sequence[Row[Any]]", found)
    clear = [row for row in rows if {its["code"] for its in row.reasons} <= {"unsure"}]
    unseen = [number for number, row in enumerate(clear) if row.action is None]
    return clear[: unseen[0] if unseen else len(clear)], len(unseen)


def _looks(row: Row[Any]) -> Looks:
    digits = "".join(filter(str.isdigit, row.truth or row.text))
    # Where there is none, no two have the same.
    looks = row.perceptual_hash or row.sha256
    boxes = np.array([its["box"] for its in row.digits]).reshape(-1, 4)
    places = places_of(boxes, np.array([[row.width, row.height]])).ravel()
    return Looks(row.sha256, looks, digits, row.taken_at, places)
