"""The rules: what makes an object usable, under which reason code, and how to mend it."""

from __future__ import annotations

import math
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from typing import NamedTuple

from pipeline.annotations.voc import VocObject
from pipeline.images.box import Box

# Below two pixels a side, no digit can be told from another.
_SMALLEST_SIDE = 2
# A box that is mostly outside of its photo was drawn on another one.
_SMALLEST_SHARE_INSIDE = 0.5
# More characters than any label or number has.
_LONGEST_TEXT = 64


@dataclass(frozen=True)
class Reason:
    """What becomes of the file or object: `rejected`, `repaired` or `noted`.

    An `expected` rejection is nobody's mistake, or follows from others, and counts neither for
    `parse.max_rejected` nor for `--check`.
    """

    verdict: str
    expected: bool = False


# How to mend each is in messages.py; docs/problems.md explains each with an example.
REASONS = {
    "unreadable_xml": Reason("rejected"),
    "no_photo": Reason("rejected"),
    "ambiguous_photo": Reason("rejected"),
    "photo_already_annotated": Reason("rejected"),
    "unreadable_photo": Reason("rejected"),
    "copies_disagree": Reason("rejected"),
    "all_rejected": Reason("rejected", expected=True),
    "all_ignored": Reason("noted"),
    "link_not_followed": Reason("rejected"),
    "odd_name": Reason("rejected"),
    "unreadable_folder": Reason("rejected"),
    "photo_copy": Reason("noted"),
    "no_object": Reason("noted"),
    "photo_without_xml": Reason("noted"),
    "other_file": Reason("noted"),
    "size_mismatch": Reason("noted"),
    "frame_unknown": Reason("noted"),
    "ignored_label": Reason("rejected", expected=True),
    "copied_box": Reason("rejected", expected=True),
    "not_a_digit": Reason("rejected"),
    "no_box": Reason("rejected"),
    "bad_number": Reason("rejected"),
    "box_empty": Reason("rejected"),
    "box_outside": Reason("rejected"),
    "duplicate_box": Reason("rejected"),
    "conflicting_labels": Reason("rejected"),
    "label_tidied": Reason("repaired"),
    "box_swapped": Reason("repaired"),
    "box_clipped": Reason("repaired"),
    "raw_frame": Reason("repaired"),
    "trained_on": Reason("noted"),
}
EXPECTED = frozenset(code for code, its in REASONS.items() if its.expected)


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
    `Rejected` where it is in `ignore` or no digit.
    """
    # Normalizing can lengthen a text eighteen times; no label is as long as a stranger's may be.
    tidy = unicodedata.normalize("NFKC", text.strip()[:_LONGEST_TEXT]).strip()
    for spelling in (text, tidy):
        if spelling in labels:
            return labels[spelling], []
        if spelling in ignore:
            raise Rejected("ignored_label", text)
    if len(tidy) != 1 or len(text.strip()) > _LONGEST_TEXT or tidy not in "0123456789":
        raise Rejected("not_a_digit", repr(text))
    return tidy, [] if tidy == text else [Finding("label_tidied", f"{text!r} read as {tidy}")]


def read_box(found: VocObject) -> tuple[float, float, float, float]:
    """Return an object's four values as numbers; raises `Rejected` where they are none."""
    if found.box is None:
        raise Rejected("no_box", "no <bndbox>")
    try:
        xmin, ymin, xmax, ymax = (float(text[:_LONGEST_TEXT]) for text in found.box)
    except ValueError:
        raise Rejected("bad_number", ", ".join(found.box)) from None
    if not all(map(math.isfinite, (xmin, ymin, xmax, ymax))):
        raise Rejected("bad_number", ", ".join(found.box))
    return xmin, ymin, xmax, ymax


def check_box(
    values: tuple[float, float, float, float], width: int, height: int
) -> tuple[Box, list[Finding]]:
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


def find_repeats(boxes: list[tuple[Box, str]]) -> dict[int, Finding]:
    """Which of a photo's labelled boxes repeat another, by position in `boxes`.

    Of equal boxes with one label all but the first are duplicates; with several labels nobody
    knows the right one, so all are in conflict.
    """
    places: dict[Box, list[int]] = defaultdict(list)
    for position, (box, _) in enumerate(boxes):
        places[box].append(position)
    found: dict[int, Finding] = {}
    for repeated in places.values():
        labels = sorted({boxes[position][1] for position in repeated})
        if len(labels) > 1:
            conflict = Finding("conflicting_labels", f"one box, labels {' and '.join(labels)}")
            found |= dict.fromkeys(repeated, conflict)
        else:
            duplicate = Finding("duplicate_box", f"drawn {len(repeated)} times")
            found |= dict.fromkeys(repeated[1:], duplicate)
    return found
