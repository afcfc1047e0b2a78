"""What a photo's display shows, how sure that is, and why it is not surer."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from pipeline.images.box import Box
from pipeline.messages import mark, say

Verdict = Literal["accepted", "doubtful", "none"]

# Why a reading is doubtful or there is none, and what to do, by the code that tables have.
REASONS = {
    "no_display": mark("no digits found: photograph the display from nearer and straight on"),
    "unsure": mark("not sure enough: compare it with the photo"),
    "cut_off": mark("the display reaches the photo's edge: digits may be missing"),
    "gap": mark("a wide gap between two digits: one may be missing"),
    "looks_differ": mark("a second look read {other}"),
    "networks_differ": mark("the digit classifier reads {other}"),
    "rival": mark("another row is as likely: {other}"),
    "upside_down": mark("it may be upside down: {other} the other way up"),
    "point_unsure": mark("the decimal point is not clear"),
}


@dataclass(frozen=True)
class Reason:
    """Why a reading is not accepted: its code in `REASONS`, and what else was read, if anything."""

    code: str
    other: str = ""

    def __str__(self) -> str:
        """The reason in the user's language."""
        return say(REASONS[self.code], other=self.other)


@dataclass(frozen=True)
class ReadDigit:
    """A digit that was found, or a minus sign: its label, its probability, 0 to 1, and its box."""

    label: str
    probability: float
    box: Box


@dataclass(frozen=True)
class Reading:
    """What one display of a photo shows.

    `text` is as it is seen ("02.47"), empty where there is none; `value` the number that it means,
    None where it is none, as of a clock's; `confidence`, 0 to 1, is that of the whole text,
    `located`, 0 to 1, how sure the locator is that its least sure digit is one.
    `display` counts a photo's displays from the top, from 0 on; boxes are in pixels of the upright
    photo.
    """

    display: int
    text: str
    value: Decimal | None
    confidence: float
    verdict: Verdict
    reasons: tuple[Reason, ...] = ()
    digits: tuple[ReadDigit, ...] = ()
    located: float = 0.0

    @property
    def box(self) -> Box | None:
        """Round all digits; None where there is none."""
        if not self.digits:
            return None
        boxes = [digit.box for digit in self.digits]
        return Box(
            min(box.xmin for box in boxes), min(box.ymin for box in boxes),
            max(box.xmax for box in boxes), max(box.ymax for box in boxes),
        )  # fmt: skip


def value_of(text: str, decimals: int | None = None) -> Decimal | None:
    """The number that a display's text means; of a clock's, or of no digits, there is none.

    Where no point was seen and the display's has a fixed place, `decimals` are behind it.
    """
    digits = text.replace(".", "").removeprefix("-")
    if not digits.isascii() or not digits.isdigit() or text.count(".") > 1:
        return None
    number = Decimal(text)
    return number.scaleb(-decimals) if decimals and "." not in text else number
