"""What the page gets of a reading: its photo's places, and as much of its text as is sure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from pipeline.messages import say_in
from pipeline.reading.reading import REASONS
from service.database.schema import photo, reading
from service.review.photos import display_of
from service.review.texts import tell_in

# From here on a digit is filled in.
SURE = 0.9
GAP = "_"

Digits = Sequence[Mapping[str, Any]]


def describe(connection: Connection, reading_id: int, code: str) -> dict[str, Any]:
    """A reading for the page, in a language.

    One that was drawn looks as one of which nothing is sure: it has no text, no boxes, and the same
    reason.
    """
    row = find_row(connection, reading_id)
    assert row is not None
    is_blind = row.status == "accepted"
    text = "" if is_blind else prefill(row.text, row.digits, row.reasons)
    return {
        "reading_id": row.id,
        "photo": row.path,
        "taken": f"{row.taken_at:%Y-%m-%d %H:%M}",
        "size": [row.width, row.height],
        "display": list(display_of(row.digits, (row.width, row.height))),
        "unit": row.unit or "",
        "count": len(digit_boxes(row.digits)),
        "text": text,
        "read": None if is_blind else row.text,
        "boxes": [list(its["box"]) for its in row.digits] if text else [],
        "reasons": [tell_in(code, its) for its in row.reasons]
        if text
        else [say_in(code, REASONS["unsure"])],
    }


def find_row(connection: Connection, reading_id: int) -> Row[Any] | None:
    """A reading's row with its photo's columns; None where there is none."""
    columns = [column for column in photo.c if column.name != "id"]
    return connection.execute(
        select(reading, *columns)
        .join(photo, reading.c.photo_id == photo.c.id)
        .where(reading.c.id == reading_id)
    ).first()


def prefill(text: str, digits: Digits, reasons: Sequence[Mapping[str, str]]) -> str:
    """A text with a gap for each digit that is not sure; empty where none is.

    Empty, too, where the point is not sure: nobody sees that one is missing.
    """
    sure = iter([its["probability"] >= SURE for its in digits])
    shown = [sign if sign in ".:" else sign if next(sure, False) else GAP for sign in text]
    is_told = any(sign not in ".:" + GAP for sign in shown)
    is_whole = sum(sign not in ".:" for sign in text) == len(digits)
    is_clear = all(its["code"] != "point_unsure" for its in reasons)
    return "".join(shown) if is_told and is_whole and is_clear else ""


def digit_boxes(digits: Digits) -> list[list[int]]:
    """The boxes of what is a digit, and no minus."""
    return [list(its["box"]) for its in digits if is_digit(its["label"])]


def digits_of(text: str) -> list[str]:
    """The digits of a text: neither points, colons nor a minus."""
    return [sign for sign in text if is_digit(sign)]


def is_digit(label: str) -> bool:
    """Whether a label is one of the ten digits."""
    return len(label) == 1 and label in "0123456789"
