"""What is promised of the accepted readings, and when the promise ends."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Subquery, and_, func, select, update

from pipeline.annotations.ledger import printable
from pipeline.messages import mark
from pipeline.reporting.sentence import Sentence
from service.database.schema import correction, photo, promise, reading
from service.models import Model

# A promise ends where what was seen since would be so rare by chance: wrong ones among the spot
# checks, doubtful ones at a station.
_SPOT_CHECK_CHANCE, _DISPLAY_CHANCE = 0.05, 0.001
# The newest readings of a station, against those before them, as far back as that.
_NEWEST, _FEWEST_BEFORE, _LOOKED_AT = 50, 100, 1000

_CHECKS_FAILED = mark("of {checked} readings that were checked blind since, {wrong} were wrong")
_DISPLAY_CHANGED = mark(
    "of the last {count} readings at station {station}, {doubtful} were doubtful, of those before "
    "{before} of 100: the display, the phone or the light has changed"
)


@dataclass(frozen=True)
class Promise:
    """A row of `promise`, and why it has ended, if it has."""

    number: int
    model: str
    wrong: float
    threshold: float
    readings: int
    ended: str


def find_promise(connection: Connection, model: str) -> Promise | None:
    """The newest promise of a model, kept or ended; None where none was made."""
    its = select(promise).where(promise.c.model == model).order_by(promise.c.id.desc()).limit(1)
    row = connection.execute(its).first()
    if row is None:
        return None
    why = row.why or str(next(_endings(connection, row), ""))
    return Promise(row.id, row.model, row.wrong, row.threshold, row.readings, why)


def threshold_of(connection: Connection, model: Model) -> float:
    """From which confidence on a model's readings are accepted, as things stand.

    A promise that has ended is noted as such, for good: then it is whatever is stricter, what it
    allowed or the model by itself.
    """
    found = find_promise(connection, model.name)
    if found is None:
        return model.threshold
    if not found.ended:
        return found.threshold
    end(connection, found, found.ended)
    return max(found.threshold, model.threshold)


def end(connection: Connection, its: Promise, why: str) -> None:
    """Note that a promise has ended, where that is not noted yet."""
    open_one = update(promise).where(promise.c.id == its.number, promise.c.why.is_(None))
    connection.execute(open_one.values(why=why, ended_reading=last_reading(connection)))


def last_reading(connection: Connection) -> int:
    """The number of the newest reading; 0 where there is none."""
    return connection.scalar(select(func.max(reading.c.id))) or 0


def last_ending(connection: Connection, model: str) -> int | None:
    """The newest reading when a promise of a model last ended; None where none has."""
    ended = select(func.max(promise.c.ended_reading)).where(promise.c.model == model)
    found: int | None = connection.scalar(ended)
    return found


def chance_of(hits: int, count: int, rate: float) -> float:
    """The probability of so many hits or more among `count`, each of a probability `rate`."""
    if hits <= 0 or rate >= 1:
        return 1.0
    if rate <= 0:
        return 0.0
    whole = math.lgamma(count + 1)
    logarithms = (
        whole - math.lgamma(k + 1) - math.lgamma(count - k + 1)
        + k * math.log(rate) + (count - k) * math.log1p(-rate)
        for k in range(hits, count + 1)
    )  # fmt: skip
    return min(1.0, math.fsum(map(math.exp, logarithms)))


def _endings(connection: Connection, row: Row[Any]) -> Iterator[Sentence]:
    last = last_corrections()
    checks = (
        select(last.c.action)
        .join(reading, reading.c.id == last.c.reading_id)
        .where(last.c.blind, reading.c.model == row.model, reading.c.id > row.last_reading)
    )
    actions = [action for (action,) in connection.execute(checks)]
    wrong = len(actions) - actions.count("confirm")
    if wrong and chance_of(wrong, len(actions), row.wrong) < _SPOT_CHECK_CHANCE:
        yield Sentence(_CHECKS_FAILED, {"checked": len(actions), "wrong": wrong})
    yield from find_changed(connection, row.model)


def find_changed(connection: Connection, model: str) -> Iterator[Sentence]:
    """The stations whose newest readings are doubtful so often that their display has changed."""
    age = func.row_number().over(partition_by=photo.c.station, order_by=reading.c.id.desc())
    every = (
        select(reading.c.id, photo.c.station, reading.c.status, age.label("age"))
        .join(photo, photo.c.id == reading.c.photo_id)
        .where(reading.c.model == model)
        .subquery()
    )
    rows = (
        select(every.c.station, every.c.status).where(every.c.age <= _LOOKED_AT)
        .order_by(every.c.id)
    )  # fmt: skip
    by_station: dict[str, list[bool]] = {}
    for station, status in connection.execute(rows):
        by_station.setdefault(station, []).append(status != "accepted")
    for station, doubtful in sorted(by_station.items()):
        before, newest = doubtful[:-_NEWEST], doubtful[-_NEWEST:]
        if len(before) < _FEWEST_BEFORE:
            continue
        # As if one more had been doubtful: of none seen, none is impossible.
        rate = (sum(before) + 1) / (len(before) + 1)
        if chance_of(sum(newest), len(newest), rate) < _DISPLAY_CHANCE:
            yield Sentence(
                _DISPLAY_CHANGED,
                {"count": len(newest), "station": printable(station) or "-",
                 "doubtful": sum(newest), "before": f"{100 * sum(before) / len(before):.0f}"},
            )  # fmt: skip


def last_corrections() -> Subquery:
    """A subquery: of each reading the last correction, where that is no undo."""
    later = correction.alias("later")
    is_last = ~select(later.c.id).where(
        and_(later.c.reading_id == correction.c.reading_id, later.c.id > correction.c.id)
    ).exists()  # fmt: skip
    return select(correction).where(is_last, correction.c.action != "undo").subquery("last")
