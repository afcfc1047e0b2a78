"""What was read of a photo, as lines for a person, rows for a table and objects for a program."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pipeline.contracts import ReadingRow
from pipeline.images.box import Box
from pipeline.messages import say
from pipeline.reading.reading import Reading

# The code of a photo that could not be read, in the place of a reading's reasons.
UNREADABLE = "unreadable"

_WIDEST_NAME = 48
_NONE = "-"


@dataclass(frozen=True)
class ReadPhoto:
    """A photo's readings; or, where it could not be read, why."""

    photo: str
    readings: Sequence[Reading] = ()
    failure: str = ""

    @property
    def verdicts(self) -> list[str]:
        """The verdict of each display; of a photo that could not be read `error`."""
        return ["error"] if self.failure else [reading.verdict for reading in self.readings]

    def lines(self, width: int) -> Iterator[str]:
        """A line a display for people, the photo's name taking `width` letters or more."""
        name = _pad(self.photo, width)
        if self.failure:
            yield _line(name, "", "", "error", say("not readable: {why}", why=self.failure))
        for its in self.readings:
            confidence = f"{its.confidence:.3f}" if its.text else ""
            reasons = "; ".join(str(reason) for reason in its.reasons)
            yield _line(name, its.text, confidence, its.verdict, reasons)

    def rows(self) -> Iterator[ReadingRow]:
        """A row a display."""
        if self.failure:
            yield ReadingRow(self.photo, 0, "", "", 0.0, "error", UNREADABLE, "", "", "", "")
        for its in self.readings:
            codes = " ".join(reason.code for reason in its.reasons)
            xmin, ymin, xmax, ymax = map(str, its.box or [""] * 4)
            yield ReadingRow(
                self.photo, its.display, its.text, as_text(its.value), its.confidence, its.verdict,
                codes, xmin, ymin, xmax, ymax,
            )  # fmt: skip

    def objects(self) -> Iterator[str]:
        """A JSON object a display, each on one line."""
        if self.failure:
            sentence = say("not readable: {why}", why=self.failure)
            yield _to_json(self.photo, Reading(0, "", None, 0.0, "none"), "error", [
                {"code": UNREADABLE, "sentence": sentence}
            ])  # fmt: skip
        for its in self.readings:
            reasons = [{"code": reason.code, "sentence": str(reason)} for reason in its.reasons]
            yield _to_json(self.photo, its, its.verdict, reasons)


def as_text(value: Decimal | None) -> str:
    """A value with all its digits and without an exponent; empty where there is none."""
    return "" if value is None else f"{value:f}"


def width_of(names: Sequence[str]) -> int:
    """How wide the column of names is: as its widest, within reason."""
    return min(_WIDEST_NAME, max(map(_width, names), default=0))


def _to_json(photo: str, its: Reading, verdict: str, reasons: list[dict[str, str]]) -> str:
    values: dict[str, Any] = {
        "photo": photo, "display": its.display, "reading": its.text,
        "value": as_text(its.value) or None, "confidence": its.confidence, "verdict": verdict,
        "reasons": reasons, "box": _edges(its.box),
        "digits": [
            {"label": digit.label, "probability": digit.probability, "box": _edges(digit.box)}
            for digit in its.digits
        ],
    }  # fmt: skip
    return json.dumps(values, ensure_ascii=False)


def _edges(box: Box | None) -> list[int] | None:
    return None if box is None else list(box)


def _line(name: str, text: str, confidence: str, verdict: str, reasons: str) -> str:
    line = f"{name}  {text or _NONE:>9}  {confidence or _NONE:>5}  {verdict:8}  {reasons}"
    return line.rstrip()


def _pad(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def _width(text: str) -> int:
    """The columns of a terminal that a text takes: Hangul takes two a letter."""
    return sum(
        0 if unicodedata.combining(letter) else 1 + (unicodedata.east_asian_width(letter) in "WF")
        for letter in text
    )
