"""What the page sends, checked before anything is done with it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.messages import mark
from pipeline.reporting.sentence import Sentence
from service.review.items import digits_of

_TEXT = re.compile(r"-?[0-9]+([.:][0-9]+)*")
_LONGEST_TEXT, _LONGEST_NAME, _MOST_BOXES, _MOST_READINGS = 20, 60, 32, 100
_SMALLEST_SIDE = 2
_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,64}")
_ACTIONS = ("confirm", "correct", "unreadable", "undo")
# Longer than any photo's side.
_LARGEST = 1_000_000
_DAY = 86_400.0

_WRONG = 400
_UNCLEAR = mark("the page has sent what cannot be understood: reload it")
_NO_NAME = mark("an answer needs a name, of up to {most} characters")
_NO_NUMBER = mark("{text} is no reading: digits, with points or colons between them")
_BAD_BOXES = mark("the boxes do not fit: one for each digit, of 2 pixels a side or more")


class Refused(Exception):  # noqa: N818 - it says what happened
    """A request that is not done: the status of HTTP, and why, as a sentence."""

    def __init__(self, status: int, sentence: Sentence) -> None:
        super().__init__(sentence.text)
        self.status, self.sentence = status, sentence


@dataclass(frozen=True)
class Answer:
    """What a person says of a reading.

    `action` is confirm, correct, unreadable or undo, which takes back the answer of the key
    `undoes`; `boxes` has `label` and `box` of each digit, None where the person gave none.
    """

    reading_id: int
    action: str
    text: str
    seconds: float | None
    boxes: list[dict[str, Any]] | None
    who: str
    holder: str
    key: str
    undoes: str

    @property
    def places(self) -> list[list[int]]:
        """Where its boxes are."""
        return [its["box"] for its in self.boxes or ()]


@dataclass(frozen=True)
class Wish:
    """A session that wants the next reading; it has some, and put others off."""

    holder: str
    have: list[int]
    later: list[int]


def read_wish(body: Mapping[str, Any]) -> Wish:
    """A wish for the next reading; raises `Refused` where it is none."""
    holder, have, later = body.get("holder"), body.get("have", []), body.get("later", [])
    _require(_is_token(holder) and _are_ids(have) and len(have) <= _MOST_READINGS)
    _require(_are_ids(later) and len(later) <= 100 * _MOST_READINGS)
    return Wish(str(holder), have, later)


def read_answer(body: Mapping[str, Any]) -> Answer:
    """An answer; raises `Refused` where it is none, or its text or boxes are not."""
    reading_id, action, who = (body.get(name) for name in ("reading_id", "action", "who"))
    text, undoes = body.get("text") or "", body.get("undoes") or ""
    _require(_are_ids([reading_id]) and action in _ACTIONS)
    _require(_is_token(body.get("holder")) and _is_token(body.get("key")))
    _require(isinstance(text, str) and isinstance(undoes, str) and len(undoes) <= 64)
    if not isinstance(who, str) or not 0 < len(who.strip()) <= _LONGEST_NAME:
        raise Refused(_WRONG, Sentence(_NO_NAME, {"most": _LONGEST_NAME}))
    if action == "correct" and not (_TEXT.fullmatch(text) and len(text) <= _LONGEST_TEXT):
        raise Refused(_WRONG, Sentence(_NO_NUMBER, {"text": text[: 2 * _LONGEST_TEXT]}))
    boxes = body.get("boxes") if action == "correct" else None
    return Answer(
        int(reading_id or 0), str(action), text if action == "correct" else "",
        _seconds(body.get("seconds")), None if boxes is None else _read_boxes(boxes, text),
        "".join(sign for sign in who.strip() if sign.isprintable()), str(body["holder"]),
        str(body["key"]), undoes,
    )  # fmt: skip


def _read_boxes(boxes: object, text: str) -> list[dict[str, Any]]:
    """The boxes of a text's digits; raises `Refused` where they are not."""
    is_list = isinstance(boxes, list) and len(boxes) <= _MOST_BOXES
    labels, places = [], []
    for its in boxes if isinstance(boxes, list) and is_list else ():
        labels.append(its.get("label") if isinstance(its, dict) else None)
        places.append(its.get("box") if isinstance(its, dict) else None)
    if not is_list or labels != digits_of(text) or not all(map(_is_box, places)):
        raise Refused(_WRONG, Sentence(_BAD_BOXES))
    return [{"label": label, "box": box} for label, box in zip(labels, places, strict=True)]


def _is_box(box: object) -> bool:
    if not isinstance(box, list) or len(box) != 4 or not all(type(its) is int for its in box):
        return False
    left, top, right, bottom = map(int, box)
    is_large = min(right - left, bottom - top) >= _SMALLEST_SIDE
    return min(left, top) >= 0 and max(right, bottom) <= _LARGEST and is_large


def _seconds(value: object) -> float | None:
    if not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(min(_DAY, max(0.0, value)))


def _are_ids(values: object) -> bool:
    return isinstance(values, list) and all(map(is_id, values))


def is_id(value: object) -> bool:
    """Whether a value can be a row's number: PostgreSQL's end there."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**31


def _is_token(value: object) -> bool:
    return isinstance(value, str) and bool(_TOKEN.fullmatch(value))


def _require(is_right: bool) -> None:
    if not is_right:
        raise Refused(_WRONG, Sentence(_UNCLEAR))
