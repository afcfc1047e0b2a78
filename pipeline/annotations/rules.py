"""The rules: what makes an object usable, and under which reason code it is not."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pipeline.annotations.labels import is_whole_display
from pipeline.annotations.voc import VocObject
from pipeline.images.box import Box, LabelledBox, overlap

Edges = tuple[float, float, float, float]

# Below two pixels a side, no digit can be told from another.
_SMALLEST_SIDE = 2
# A box that is mostly outside of its photo was drawn on another one.
_SMALLEST_SHARE_INSIDE = 0.5
# More characters than any label or number has, and than a line of the ledger holds.
LONGEST_TEXT = 64
_LONGEST_DETAIL = 200
# Beyond any photo, and far from where the arithmetic of boxes ends.
_LARGEST_NUMBER = 1e9
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
# What Python prints for a number that is numpy's or torch's.
_WRAPPED = re.compile(r"(np\.|numpy\.|torch\.)?(float|int|tensor)[0-9]*\(.*\)")
# Of 9,494 boxes of six real sets, 10 pairs overlap by so much, and all are doubles.
_SAME_DIGIT_OVERLAP = 0.7
_LABELIMG_SHIFT = 2
# So many pairs are compared: all of a thousand boxes; of more, each with those that begin next to
# its right, so that 20,000 boxes cost seconds.
_MOST_PAIRS = 1_000_000


class Finding(NamedTuple):
    """One line of the ledger: a reason code and the detail of this case."""

    reason: str
    detail: str


class Rejected(Exception):  # noqa: N818 - it is a verdict, not a defect
    """An object that is not used, with the finding that says why."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.finding = Finding(reason, detail)


def check_label(text: str, labels: dict[str, str], ignore: list[str]) -> tuple[str, list[Finding]]:
    """Return the digit that a label means, and what had to be done to it.

    `labels` maps other spellings to digits; spaces and full-width forms are tidied. Raises
    `Rejected` where it is in `ignore`, of a whole display, or no digit.
    """
    # Normalizing can lengthen a text eighteen times; no label is as long as a stranger's may be.
    tidy = unicodedata.normalize("NFKC", text.strip()[:LONGEST_TEXT]).strip()
    for spelling in (text, tidy):
        if spelling in labels:
            return labels[spelling], []
        if spelling in ignore:
            raise Rejected("ignored_label", text)
    if is_whole_display(tidy):
        raise Rejected("whole_display", repr(text))
    if len(tidy) != 1 or len(text.strip()) > LONGEST_TEXT or tidy not in "0123456789":
        raise Rejected("not_a_digit", repr(text))
    return tidy, [] if tidy == text else [Finding("label_tidied", f"{text!r} read as {tidy}")]


def check_clear(found: VocObject) -> None:
    """Raise `Rejected` where it is not one label with one box, so that nobody knows which."""
    if found.flaw:
        raise Rejected("unclear_object", found.flaw)


def read_box(found: VocObject) -> Edges:
    """Return an object's four values as numbers; raises `Rejected` where they are none."""
    if found.box is None:
        raise Rejected("no_box", "no <bndbox>")
    if any(_WRAPPED.fullmatch(text) for text in found.box):
        raise Rejected("not_pixels", ", ".join(found.box))
    try:
        xmin, ymin, xmax, ymax = map(read_number, found.box)
    except ValueError:
        raise Rejected("bad_number", ", ".join(found.box)[:_LONGEST_DETAIL]) from None
    return xmin, ymin, xmax, ymax


def read_number(text: str) -> float:
    """A number as tools write it, up to 1e9; raises `ValueError` for any other text.

    Python itself would take `5_0` and `infinity` too.
    """
    if len(text) > LONGEST_TEXT or not _NUMBER.fullmatch(text):
        raise ValueError(text[:LONGEST_TEXT])
    number = float(text)
    if abs(number) > _LARGEST_NUMBER:
        raise ValueError(text)
    return number


def are_shares(boxes: Sequence[Edges]) -> bool:
    """Whether boxes are given as shares of the photo: between 0 and 1, and not all whole."""
    values = [value for box in boxes for value in box]
    return all(0 <= value <= 1 for value in values) and any(value % 1 for value in values)


def turn(box: Edges, rotation: str) -> tuple[Edges, list[Finding]]:
    """The upright rectangle round a box that is turned about its middle by some degrees.

    CVAT writes the box as if it were not turned, and `rotation` beside it. Raises `Rejected` where
    that is no number.
    """
    try:
        degrees = read_number(rotation or "0")
    except ValueError:
        raise Rejected("bad_number", f"rotation {rotation[:LONGEST_TEXT]}") from None
    if not degrees % 360:
        return box, []
    xmin, ymin, xmax, ymax = box
    cos, sin = abs(math.cos(math.radians(degrees))), abs(math.sin(math.radians(degrees)))
    width = (xmax - xmin) * cos + (ymax - ymin) * sin
    height = (xmax - xmin) * sin + (ymax - ymin) * cos
    x, y = (xmin + xmax) / 2, (ymin + ymax) / 2
    turned = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
    return turned, [Finding("box_turned", f"by {degrees:g} degrees")]


def check_box(values: Edges, width: int, height: int) -> tuple[Box, list[Finding]]:
    """Return the box to the nearest pixel inside a photo of `width` x `height`, and its repairs.

    Raises `Rejected` where less than two pixels a side are left, or most of it is outside.
    """
    findings = []
    xmin, xmax = sorted((values[0], values[2]))
    ymin, ymax = sorted((values[1], values[3]))
    as_drawn = f"{values[0]:g}, {values[1]:g}, {values[2]:g}, {values[3]:g}"
    if (xmin, ymin, xmax, ymax) != values:
        findings.append(Finding("box_swapped", as_drawn))
    left, top, right, bottom = (math.floor(value + 0.5) for value in (xmin, ymin, xmax, ymax))
    if min(right - left, bottom - top) < _SMALLEST_SIDE:
        raise Rejected("box_empty", as_drawn)
    inside = Box(max(left, 0), max(top, 0), min(right, width), min(bottom, height))
    in_photo = f"{as_drawn} in a photo of {width} x {height}"
    if min(inside.width, inside.height) < _SMALLEST_SIDE:
        raise Rejected("box_outside", in_photo)
    drawn_area = (right - left) * (bottom - top)
    if inside.width * inside.height / drawn_area < _SMALLEST_SHARE_INSIDE:
        raise Rejected("box_outside", in_photo)
    if inside != (left, top, right, bottom):
        findings.append(Finding("box_clipped", in_photo))
    return inside, findings


def find_repeats(boxes: Mapping[int, LabelledBox]) -> dict[int, Finding]:
    """Which of a photo's labelled boxes stand on one digit with another, by their numbers.

    Of those with one label all but the first are duplicates; with several labels nobody knows the
    right one, so all are in conflict.
    """
    groups: dict[int, list[int]] = {}
    for number, first in zip(boxes, _first_on_digit(list(boxes.values())), strict=True):
        groups.setdefault(first, []).append(number)
    found: dict[int, Finding] = {}
    for repeated in groups.values():
        labels = sorted({boxes[number][1] for number in repeated})
        if len(labels) > 1:
            conflict = Finding("conflicting_labels", f"one digit, labels {' and '.join(labels)}")
            found |= dict.fromkeys(repeated, conflict)
        else:
            duplicate = Finding("duplicate_box", f"drawn {len(repeated)} times")
            found |= dict.fromkeys(repeated[1:], duplicate)
    return found


def _first_on_digit(boxes: Sequence[LabelledBox]) -> list[int]:
    """For each box, the position of the first that stands on the same digit; its own if none."""
    first = list(range(len(boxes)))
    order = sorted(first, key=boxes.__getitem__)
    reach = _MOST_PAIRS // max(1, len(boxes))
    for place, one in enumerate(order, start=1):
        right = boxes[one][0].xmax
        for other in order[place : place + reach]:
            if boxes[other][0].xmin > right:
                break
            if _on_one_digit(boxes[one], boxes[other]):
                first[max(one, other)] = min(first[max(one, other)], one, other)
    for position, earlier in enumerate(first):
        first[position] = first[earlier]
    return first


def _on_one_digit(one: LabelledBox, other: LabelledBox) -> bool:
    """Whether two boxes stand on one digit.

    labelImg's "duplicate" shifts the copy, which is much for a narrow 1: there the shift tells.
    """
    (box, label), (other_box, other_label) = one, other
    is_shifted = label == other_label and all(
        abs(edge - its) == _LABELIMG_SHIFT for edge, its in zip(box, other_box, strict=True)
    )
    return is_shifted or overlap(box, other_box) >= _SAME_DIGIT_OVERLAP
