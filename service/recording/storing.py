"""A photo and its readings become rows, all at once or not at all, and never twice."""

from __future__ import annotations

import hashlib
import os
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection, func, select, update

from pipeline.params import RecordParams
from pipeline.reading.reading import Reading, Reason
from service.database.inserting import insert
from service.database.schema import file, photo, reading, weight
from service.database.types import now
from service.models import Model
from service.recording.arrivals import Stamp
from service.recording.crew import Read
from service.recording.failures import forget_failure
from service.recording.rules import (
    check,
    check_displays,
    check_usual,
    is_within_tolerance,
    meaning,
    version_of,
)
from service.recording.taken import Taken

# What is usual at a station is what so many of its newest weights show.
_USUAL = 300


@dataclass(frozen=True)
class Arrived:
    """A file as it was read from the disk: where it is, how it looked, its content, when taken."""

    folder: str
    path: str
    stamp: Stamp
    content: bytes = field(repr=False)
    sha256: str
    taken: Taken

    @property
    def station(self) -> str:
        """Where it was taken."""
        return station_of(self.path)


@dataclass
class Judge:
    """What becomes of readings: the rules, from where on they are accepted, what is usual.

    `usual` counts, by station, how many readings had so many digits.
    """

    params: RecordParams
    model: Model
    threshold: float
    usual: dict[str, Counter[int]] = field(default_factory=dict)

    @property
    def rules(self) -> str:
        """The name of all that a status follows from."""
        return version_of(self.params, self.threshold)

    def judge(self, arrived: Arrived, read: Read) -> list[dict[str, Any]]:
        """A row for each display that was read of a photo, its `photo_id` left open."""
        rules = self.params.rules_of(arrived.station)
        counts = self.usual.setdefault(arrived.station, Counter())
        readings = [replace(its, value=meaning(its, rules)) for its in read.readings]
        shared = list(check_displays(sum(bool(its.text) for its in readings), rules))
        rows = []
        for number, its in enumerate(readings):
            length = sum(digit.label.isdigit() for digit in its.digits)
            reasons = [*its.reasons, *self._doubts(its, number, read), *check(its, rules), *shared]
            if its.text:
                reasons += check_usual(length, counts)
            rows.append(
                self._row(arrived, its, reasons)
                | {
                    "unit": rules.unit,
                    "within_tolerance": is_within_tolerance(its.value, rules),
                }
            )
            if not reasons:
                counts[length] += 1
        return rows

    def _doubts(self, its: Reading, number: int, read: Read) -> Sequence[Reason]:
        """What its confidence, and a second reading, say against a reading."""
        doubts = [Reason("unsure")] if its.text and its.confidence < self.threshold else []
        if its.verdict == "accepted":
            other = read.again[number] if number < len(read.again) else ""
            if other != its.text or len(read.again) != len(read.readings):
                doubts.append(Reason("reread_differs", other or "-"))
        return doubts

    def _row(self, arrived: Arrived, its: Reading, reasons: Sequence[Reason]) -> dict[str, Any]:
        return {
            "display_no": its.display,
            "text": its.text,
            "value": its.value,
            "confidence": its.confidence,
            "located": its.located,
            "digits": [
                {"label": digit.label, "probability": digit.probability, "box": list(digit.box)}
                for digit in its.digits
            ],
            "status": ("doubtful" if reasons else "accepted") if its.text else "rejected",
            "reasons": [{"code": reason.code, "other": reason.other} for reason in reasons],
            "threshold": self.threshold,
            "spot_check": bool(its.text) and _is_drawn(arrived.sha256, self.params.spot_checks),
            "model": self.model.name,
            "rules": self.rules,
            "read_at": now(),
        }


def station_of(path: str) -> str:
    """The first folder of a path below the one that is recorded; empty where it lies in none.

    Its letters are composed, as people type them: some shares and every Mac decompose Hangul.
    """
    name = path.split("/", maxsplit=1)[0] if "/" in path else ""
    return unicodedata.normalize("NFC", name)


def is_recorded(connection: Connection, sha256: str) -> bool:
    """Whether a photo of this content has its readings, from whatever file."""
    found = select(reading.c.id).join(photo).where(photo.c.sha256 == sha256).limit(1)
    return connection.execute(found).first() is not None


def find_stale(connection: Connection, folder: str, model: str, rules: str) -> set[str]:
    """The files of a folder whose photos this model has not read by these rules.

    But for those of which a person has answered something: that stays.
    """
    fresh = select(photo.c.id).where(photo.c.model == model, photo.c.rules == rules)
    answered = select(weight.c.photo_id).where(weight.c.correction_id.is_not(None))
    found = select(file.c.path).where(
        file.c.folder == folder, file.c.photo_id.not_in(fresh), file.c.photo_id.not_in(answered)
    )
    return set(connection.scalars(found))


def store(
    connection: Connection, arrived: Arrived, read: Read | None, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Enter a photo, its file and its readings, which count from now on.

    Where `read` is None, the photo is there, and only its file is new. Readings of the same model
    and rules stay as they are, and those that a person has answered count on.
    """
    its = photo.c.sha256 == arrived.sha256
    if read:
        # An earlier version of this program took another hash of the same photo.
        today = {name: rows[0][name] for name in ("model", "rules")}
        today["perceptual_hash"] = read.perceptual_hash
        insert(connection, photo, _photo_row(arrived, read) | today)
        answered = select(weight.c.photo_id).where(weight.c.correction_id.is_not(None))
        # It also keeps others from this photo until the end of the transaction.
        connection.execute(update(photo).where(its, photo.c.id.not_in(answered)).values(today))
    else:
        _follow(connection, arrived)
    photo_id = connection.scalar(select(photo.c.id).where(its))
    place = {"folder": arrived.folder, "path": arrived.path}
    looks = {"bytes": arrived.stamp.bytes, "modified_ns": arrived.stamp.modified_ns,
             "photo_id": photo_id}  # fmt: skip
    insert(connection, file, place | looks, ("folder", "path"), looks)
    for row in rows:
        insert(connection, reading, {**row, "photo_id": photo_id})
    forget_failure(connection, arrived.folder, arrived.path)


def load_usual(connection: Connection) -> dict[str, Counter[int]]:
    """How many of the newest weights of each station have so many digits."""
    usual: dict[str, Counter[int]] = {}
    place = func.row_number().over(partition_by=weight.c.station, order_by=weight.c.photo_id.desc())
    known = select(weight.c.station, weight.c.text, place.label("place")).where(weight.c.text != "")
    newest = known.subquery()
    rows = select(newest.c.station, newest.c.text).where(newest.c.place <= _USUAL)
    for station, text in connection.execute(rows):
        usual.setdefault(station, Counter())[sum(map(str.isdigit, text))] += 1
    return usual


def _follow(connection: Connection, arrived: Arrived) -> None:
    """Let a photo whose file is gone from where it was be found where it lies now."""
    its = photo.c.sha256 == arrived.sha256
    before = connection.execute(select(photo.c.folder, photo.c.path).where(its)).one()
    if not os.path.lexists(f"{before.folder}/{before.path}"):
        place = {"folder": arrived.folder, "path": arrived.path}
        connection.execute(update(photo).where(its).values(place))


def _photo_row(arrived: Arrived, read: Read) -> dict[str, Any]:
    return {
        "sha256": arrived.sha256, "folder": arrived.folder, "path": arrived.path,
        "station": arrived.station, "bytes": len(arrived.content), "width": read.size[0],
        "height": read.size[1], "perceptual_hash": read.perceptual_hash,
        "taken_at": arrived.taken.at, "taken_offset": arrived.taken.offset,
        "taken_source": arrived.taken.source, "arrived_at": now(),
    }  # fmt: skip


def _is_drawn(sha256: str, share: float) -> bool:
    """Whether a photo is among the share that is looked at: as by chance, but the same again."""
    digest = hashlib.sha256(f"spot check {sha256}".encode()).digest()
    return int.from_bytes(digest[:8], "big") < share * 2**64
