"""How recording and reviewing stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from pipeline.annotations.ledger import printable
from pipeline.messages import mark, say
from service.database.schema import failure, photo, reading, watch, weight
from service.database.types import now
from service.promises import Promise, find_changed, find_promise
from service.recording.rules import tell
from service.review.spot_checks import measure

# As the view calls the origins of weights, in the order in which people want them.
ORIGINS = {
    "accepted": mark("accepted"),
    "confirmed": mark("confirmed"),
    "corrected": mark("corrected"),
    "unreadable": mark("unreadable"),
    "waiting": mark("waiting"),
}
# What failed so often, or waits so long, does not mend itself.
_MANY_ATTEMPTS = 5
_LONG = timedelta(days=3)
# Whoever watches says so every minute, but for long batches.
_SILENT = timedelta(minutes=15)
_NAMED = 20


@dataclass(frozen=True)
class Waiting:
    """The reading that has waited for a person longest."""

    photo: str
    since: str
    reasons: list[str]


@dataclass(frozen=True)
class Failed:
    """A file that could not be read, and when it is tried again."""

    file: str
    reason: str
    attempts: int
    since: str
    next_attempt: str


@dataclass(frozen=True)
class Status:
    """What `digits status` says; `stations` has the number of displays by origin."""

    model: str
    photos: int
    today: int
    stations: dict[str, dict[str, int]]
    oldest: Waiting | None
    failed: int
    failures: list[Failed]
    promise: str
    alarms: list[str]
    stuck: list[str]

    def values(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def look(connection: Connection, model: str, allowed: float) -> Status:
    """The status, for a model that reads today.

    A share `allowed` of what is accepted may be wrong where nothing was promised.
    """
    midnight = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
    photos = connection.scalar(select(func.count()).select_from(photo)) or 0
    today = select(func.count()).select_from(photo).where(photo.c.arrived_at >= midnight)
    failures = connection.scalar(select(func.count()).select_from(failure)) or 0
    oldest = _oldest(connection)
    promise = find_promise(connection, model)
    alarms = [str(its) for its in find_changed(connection, model)]
    alarms += [str(its.sentence) for its in measure(connection, allowed)[:_NAMED] if its.alarm]
    if promise and promise.ended:
        alarms.append(
            say("the promise of the accepted readings has ended: {why}", why=promise.ended)
        )
    return Status(
        model, photos, connection.scalar(today) or 0, _stations(connection), oldest, failures,
        list(_failures(connection)), _tell_promise(promise), alarms,
        list(_stuck(connection, oldest)),
    )  # fmt: skip


def _stations(connection: Connection) -> dict[str, dict[str, int]]:
    counts: dict[str, Counter[str]] = {}
    rows = select(weight.c.station, weight.c.origin, func.count()).group_by(
        weight.c.station, weight.c.origin
    )
    for station, origin, count in connection.execute(rows):
        counts.setdefault(printable(station), Counter())[origin] = count
    return {
        station: {name: its[name] for name in ORIGINS} for station, its in sorted(counts.items())
    }


def _oldest(connection: Connection) -> Waiting | None:
    # By number: a clock may have jumped.
    rows = (
        select(weight.c.path, weight.c.arrived_at, reading.c.reasons)
        .join(reading, reading.c.id == weight.c.reading_id)
        .where(weight.c.origin == "waiting")
        .order_by(weight.c.photo_id)
        .limit(1)
    )
    row = connection.execute(rows).first()
    if row is None:
        return None
    return Waiting(printable(row.path), _local(row.arrived_at), [tell(its) for its in row.reasons])


def _failures(connection: Connection) -> Iterator[Failed]:
    rows = select(failure).order_by(failure.c.attempts.desc(), failure.c.path).limit(_NAMED)
    for row in connection.execute(rows):
        yield Failed(
            printable(row.path), row.reason, row.attempts, _local(row.first_at),
            _local(row.next_attempt),
        )  # fmt: skip


def _tell_promise(found: Promise | None) -> str:
    if found is None:
        return say(
            "No promise of this model: `digits threshold` says what can be promised of what is "
            "accepted"
        )
    if found.ended:
        return ""
    return say(
        "Promised at 95 % confidence: of what is accepted, at most 1 in {limit} is wrong, as "
        "{readings} readings have shown",
        limit=f"{1 / found.wrong:,.0f}", readings=f"{found.readings:,}",
    )  # fmt: skip


def _stuck(connection: Connection, oldest: Waiting | None) -> Iterator[str]:
    """What does not go on by itself."""
    for row in connection.execute(select(watch).order_by(watch.c.folder)):
        if now() - row.looked_at > _SILENT:
            yield say(
                "nobody has looked at {folder} since {since}: start `digits record --watch` again",
                folder=printable(row.folder), since=_local(row.looked_at),
            )  # fmt: skip
        if row.unlisted:
            yield say("{folder} cannot be listed: see who owns it", folder=row.unlisted)
    many = select(func.count()).select_from(failure).where(failure.c.attempts >= _MANY_ATTEMPTS)
    if count := connection.scalar(many):
        yield say(
            "{count} files could not be read {attempts} times or more: look at them, or take them "
            "out of the folder",
            count=count, attempts=_MANY_ATTEMPTS,
        )  # fmt: skip
    waiting = select(func.count()).select_from(weight).where(
        weight.c.origin == "waiting", weight.c.arrived_at < now() - _LONG
    )  # fmt: skip
    if oldest and (count := connection.scalar(waiting)):
        yield say(
            "{count} readings have waited for a person for more than 3 days: `digits review`",
            count=count,
        )


def _local(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"
