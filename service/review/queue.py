"""Which reading a person looks at next, and that nobody else gets its photo meanwhile."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import (
    Connection,
    Engine,
    Select,
    String,
    and_,
    bindparam,
    delete,
    or_,
    select,
    text,
    update,
)

from service.database.opening import reading_from, told
from service.database.schema import claim, reading, weight
from service.database.types import Moment, now
from service.recording.rules import is_rule

# How long a photo is somebody's who says nothing.
CLAIM = timedelta(minutes=5)
# One is enough but where several people ask at the same moment.
_MOST_TRIES = 50

# A claim that reaches much further than one can is of a clock that was set back since; a little
# further is the clock of another machine.
_FURTHEST = 2 * CLAIM
_TAKE = text(
    "INSERT INTO claim (photo_id, holder, until) VALUES (:photo_id, :holder, :until) "
    "ON CONFLICT (photo_id) DO UPDATE SET holder = excluded.holder, until = excluded.until "
    "WHERE claim.holder = excluded.holder OR claim.until <= :now OR claim.until > :furthest"
).bindparams(
    bindparam("until", type_=Moment), bindparam("now", type_=Moment),
    bindparam("furthest", type_=Moment), bindparam("holder", type_=String),
)  # fmt: skip


class Waiting(NamedTuple):
    """A reading that waits for a person; `holder` is who looks at its photo now, None if nobody."""

    reading_id: int
    photo_id: int
    holder: str | None


class Next(NamedTuple):
    """The reading that comes next, None where there is none, and how many wait in all."""

    reading_id: int | None
    waiting: int


def take_next(engine: Engine, holder: str, have: Collection[int], later: Collection[int]) -> Next:
    """Claim the photo of the reading that comes next, and keep those of the readings `have`.

    Neither what the holder has nor what was put off for `later` comes again.
    """
    with reading_from(engine) as connection:
        waiting = list(list_waiting(connection))
    skipped = {*have, *later}
    free = [
        its for its in waiting if its.reading_id not in skipped and its.holder in (None, holder)
    ]
    # What else is on a photo that the holder has comes first.
    free.sort(key=lambda its: its.holder is None)
    with told(engine):
        if have:
            with engine.begin() as connection:
                _keep(connection, holder, have)
        for its in free[:_MOST_TRIES]:
            with engine.begin() as connection:
                if take(connection, its.photo_id, holder):
                    if is_open(connection, its.reading_id):
                        return Next(its.reading_id, len(waiting))
                    release(connection, its.photo_id, holder)
    return Next(None, len(waiting))


def list_waiting(connection: Connection) -> Iterator[Waiting]:
    """All that waits, in the order in which people should look at it.

    Rule breaks first, then the least sure, last where nothing was found. Spread evenly between them
    are the accepted readings that were drawn and that nobody has looked at, as they have arrived.
    """
    moment = now()
    doubtful = connection.execute(
        _with_claims().where(reading.c.status != "accepted", weight.c.origin == "waiting")
    ).all()
    drawn = connection.execute(
        _with_claims()
        .where(reading.c.status == "accepted", reading.c.spot_check, weight.c.origin == "accepted")
        .order_by(reading.c.id)
    ).all()
    urgent = sorted(
        doubtful,
        key=lambda row: (
            row.status == "rejected",
            not any(is_rule(reason["code"]) for reason in row.reasons),
            row.confidence,
            row.id,
        ),
    )
    ours, theirs = (
        [Waiting(row.id, row.photo_id, _holder(row.holder, row.until, moment)) for row in rows]
        for rows in (urgent, drawn)
    )
    return _mix(ours, theirs)


def take(connection: Connection, photo_id: int, holder: str) -> bool:
    """Claim a photo, or keep it; False where it is somebody else's."""
    moment = now()
    values = {
        "photo_id": photo_id, "holder": holder, "until": moment + CLAIM, "now": moment,
        "furthest": moment + _FURTHEST,
    }  # fmt: skip
    return connection.execute(_TAKE, values).rowcount == 1


def release(connection: Connection, photo_id: int, holder: str) -> None:
    """Give a photo back, unless some of it still waits."""
    ids = connection.scalars(select(reading.c.id).where(reading.c.photo_id == photo_id))
    if not any(is_open(connection, its) for its in ids.all()):
        its = (claim.c.photo_id == photo_id, claim.c.holder == holder)
        connection.execute(delete(claim).where(*its))


def is_open(connection: Connection, reading_id: int) -> bool:
    """Whether a reading still waits for a person."""
    its = select(reading.c.id).join(weight, weight.c.reading_id == reading.c.id)
    is_drawn = and_(weight.c.origin == "accepted", reading.c.spot_check)
    waits = or_(weight.c.origin == "waiting", is_drawn)
    return connection.execute(its.where(reading.c.id == reading_id, waits)).first() is not None


def _keep(connection: Connection, holder: str, have: Collection[int]) -> None:
    photos = select(reading.c.photo_id).where(reading.c.id.in_(have))
    its = (claim.c.holder == holder, claim.c.photo_id.in_(photos))
    connection.execute(update(claim).where(*its).values(until=now() + CLAIM))


def _with_claims() -> Select[tuple[int, int, str, list[dict[str, str]], float, str, datetime]]:
    return (
        select(
            reading.c.id, reading.c.photo_id, reading.c.status, reading.c.reasons,
            reading.c.confidence, claim.c.holder, claim.c.until,
        )
        .join(weight, weight.c.reading_id == reading.c.id)
        .outerjoin(claim, claim.c.photo_id == reading.c.photo_id)
    )  # fmt: skip


def _holder(holder: str | None, until: datetime | None, moment: datetime) -> str | None:
    """Who holds a photo at a moment; None where nobody does."""
    is_held = until is not None and moment < until <= moment + _FURTHEST
    return holder if is_held else None


def _mix(ours: Sequence[Waiting], theirs: Sequence[Waiting]) -> Iterator[Waiting]:
    """Two rows as one, spread evenly, but so that nobody can tell by counting which comes next."""
    i = j = 0
    while i < len(ours) or j < len(theirs):
        left, others = len(ours) - i, len(theirs) - j
        if left and (not others or _chance(ours[i], theirs[j]) >= others / (left + others)):
            yield ours[i]
            i += 1
        else:
            yield theirs[j]
            j += 1


def _chance(one: Waiting, other: Waiting) -> float:
    """A number from 0 to 1, as by chance, but the same again."""
    digest = hashlib.sha256(f"{one.reading_id} {other.reading_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
