"""What a person said of a reading becomes a row: checked, once, and only of what is theirs."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Engine, Row, insert, select

from pipeline.messages import mark
from pipeline.params import Params
from pipeline.reading.reading import value_of
from pipeline.reporting.sentence import Sentence
from service.database.opening import told
from service.database.schema import correction, photo
from service.database.types import now
from service.recording.rules import is_within_tolerance
from service.review.items import digits_of, find_row
from service.review.queue import is_open, release, take
from service.review.requests import Answer, Refused

_NO_READING = mark("there is no such reading")
_TAKEN = mark("somebody else looks at this photo now")
_ANSWERED = mark("somebody has answered this one already, or it was read anew")
_NOT_LAST = mark("this answer is not the last one: it cannot be undone here")
_NOTHING_READ = mark("nothing was read here: type what the display shows")
_BEYOND = mark("a box reaches beyond the photo")

_CONFLICT, _UNKNOWN, _WRONG = 409, 404, 400


@dataclass(frozen=True)
class Said:
    """What an answer comes to: its action, the text and its number."""

    action: str
    text: str
    value: Decimal | None


def store(engine: Engine, answer: Answer, params: Params) -> int:
    """Enter an answer in one transaction, an answer sent twice once; returns the photo's id.

    Raises `Refused` where it cannot be: the photo is somebody else's, or it is too late.
    """
    with told(engine), engine.begin() as connection:
        row = find_row(connection, answer.reading_id)
        if row is None:
            raise Refused(_UNKNOWN, Sentence(_NO_READING))
        _lock(connection, row.photo_id)
        if _is_known(connection, answer.key):
            return int(row.photo_id)
        _check(connection, row, answer)
        said = _understand(row, answer, params)
        rules = params.record.rules_of(row.station)
        connection.execute(
            insert(correction).values(
                reading_id=row.id, action=said.action, text=said.text, value=said.value,
                within_tolerance=is_within_tolerance(said.value, rules), who=answer.who, at=now(),
                seconds=answer.seconds, blind=row.status == "accepted",
                boxes=answer.boxes, answer_key=answer.key,
            )
        )  # fmt: skip
        release(connection, row.photo_id, answer.holder)
    return int(row.photo_id)


def _lock(connection: Connection, photo_id: int) -> None:
    """Let nobody answer about the photo meanwhile; on SQLite, the transaction does."""
    connection.execute(select(photo.c.id).where(photo.c.id == photo_id).with_for_update())


def _is_known(connection: Connection, key: str) -> bool:
    its = select(correction.c.id).where(correction.c.answer_key == key)
    return connection.execute(its).first() is not None


def _check(connection: Connection, row: Row[Any], answer: Answer) -> None:
    """Raise `Refused` where the photo is another's, or the answer too late."""
    if not take(connection, row.photo_id, answer.holder):
        raise Refused(_CONFLICT, Sentence(_TAKEN))
    if answer.action == "undo":
        its = select(correction.c.answer_key).where(correction.c.reading_id == row.id)
        last = connection.execute(its.order_by(correction.c.id.desc()).limit(1)).first()
        if last is None or last.answer_key != answer.undoes:
            raise Refused(_CONFLICT, Sentence(_NOT_LAST))
    elif not is_open(connection, row.id):
        raise Refused(_CONFLICT, Sentence(_ANSWERED))
    if any(box[2] > row.width or box[3] > row.height for box in answer.places):
        raise Refused(_WRONG, Sentence(_BEYOND))


def _understand(row: Row[Any], answer: Answer, params: Params) -> Said:
    if answer.action in ("undo", "unreadable"):
        return Said(answer.action, "", None)
    if answer.action == "confirm":
        if row.status != "doubtful":
            raise Refused(_WRONG, Sentence(_NOTHING_READ))
        return Said("confirm", row.text, row.value)
    value = value_of(answer.text, params.record.rules_of(row.station).decimals)
    same_number = value is not None and value == row.value
    is_same = answer.text == row.text or (
        same_number and digits_of(answer.text) == digits_of(row.text)
    )
    return Said("confirm" if is_same else "correct", answer.text, value)
