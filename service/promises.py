"""What is promised of the accepted readings: from which evidence, and when the promise ends."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Subquery, and_, select

from pipeline.messages import mark
from pipeline.reporting.sentence import Sentence
from service.database.schema import correction, photo, promise, reading
from service.recording.crew import Model

# A promise ends where what was seen since would be so rare by chance: wrong ones among the spot
# checks, doubtful ones at a station.
_SPOT_CHECK_CHANCE, _DISPLAY_CHANCE = 0.05, 0.001
# The newest readings of a station, against those before them, of so many of all stations.
_NEWEST, _FEWEST_BEFORE, _LOOKED_AT = 50, 100, 5000

_CHECKS_FAILED = mark("of {checked} readings that were checked blind since, {wrong} were wrong")
_DISPLAY_CHANGED = mark(
    "of the last {count} readings at station {station}, {doubtful} were doubtful, of those before "
    "{before} of 100: the display, the phone or the light has changed"
)


@dataclass(frozen=True)
class Promise:
    """A row of `promise`, and why it has ended, if it has."""

    model: str
    wrong: float
    threshold: float
    readings: int
    ended: Sentence | None


def find_promise(connection: Connection, model: str) -> Promise | None:
    """The newest promise of a model, kept or ended; None where none was made."""
    its = select(promise).where(promise.c.model == model).order_by(promise.c.id.desc()).limit(1)
    row = connection.execute(its).first()
    if row is None:
        return None
    ended = next(_endings(connection, row), None)
    return Promise(row.model, row.wrong, row.threshold, row.readings, ended)


def threshold_of(connection: Connection, model: Model) -> float:
    """From which confidence on a model's readings are accepted, as things stand.

    Where a promise has ended, whatever is stricter: what it allowed, or the model by itself.
    """
    found = find_promise(connection, model.name)
    if found is None:
        return model.threshold
    return max(found.threshold, model.threshold) if found.ended else found.threshold


def chance_of(hits: int, count: int, rate: float) -> float:
    """The probability of so many hits or more among `count`, each of a probability `rate`."""
    fewer = (math.comb(count, k) * rate**k * (1 - rate) ** (count - k) for k in range(hits))
    return max(0.0, 1.0 - math.fsum(fewer))


def _endings(connection: Connection, row: Row[Any]) -> Iterator[Sentence]:
    last = last_corrections()
    checks = (
        select(last.c.action)
        .join(reading, reading.c.id == last.c.reading_id)
        .where(last.c.blind, reading.c.model == row.model, reading.c.read_at > row.made_at)
    )
    actions = [action for (action,) in connection.execute(checks)]
    wrong = len(actions) - actions.count("confirm")
    if wrong and chance_of(wrong, len(actions), row.wrong) < _SPOT_CHECK_CHANCE:
        yield Sentence(_CHECKS_FAILED, {"checked": len(actions), "wrong": wrong})
    yield from find_changed(connection, row.model)


def find_changed(connection: Connection, model: str) -> Iterator[Sentence]:
    """The stations whose newest readings are doubtful so often that their display has changed."""
    rows = (
        select(photo.c.station, reading.c.status)
        .join(photo, photo.c.id == reading.c.photo_id)
        .where(reading.c.model == model)
        .order_by(reading.c.id.desc())
        .limit(_LOOKED_AT)
    )
    by_station: dict[str, list[bool]] = {}
    for station, status in reversed(connection.execute(rows).all()):
        by_station.setdefault(station, []).append(status != "accepted")
    for station, doubtful in sorted(by_station.items()):
        before, newest = doubtful[:-_NEWEST], doubtful[-_NEWEST:]
        if len(before) < _FEWEST_BEFORE:
            continue
        # As if one more had been doubtful: of none seen, none is impossible.
        rate = min(1.0, (sum(before) + 1) / (len(before) + 1))
        if chance_of(sum(newest), len(newest), rate) < _DISPLAY_CHANCE:
            yield Sentence(
                _DISPLAY_CHANGED,
                {"count": len(newest), "station": station or "-", "doubtful": sum(newest),
                 "before": f"{100 * sum(before) / len(before):.0f}"},
            )  # fmt: skip


def last_corrections() -> Subquery:
    """A subquery: of each reading the last correction, where that is no undo."""
    later = correction.alias("later")
    is_last = ~select(later.c.id).where(
        and_(later.c.reading_id == correction.c.reading_id, later.c.id > correction.c.id)
    ).exists()  # fmt: skip
    return select(correction).where(is_last, correction.c.action != "undo").subquery("last")
