"""The rules: what makes an object usable, under which reason code, and how to mend it."""

from __future__ import annotations

import math
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from typing import NamedTuple

from pipeline.annotations.voc import VocObject
from pipeline.images.box import Box
from pipeline.messages import mark

# Below two pixels a side, no digit can be told from another.
_SMALLEST_SIDE = 2
# A box that is mostly outside of its photo was drawn on another one.
_SMALLEST_SHARE_INSIDE = 0.5
# More characters than any label or number has.
_LONGEST_TEXT = 64


@dataclass(frozen=True)
class Reason:
    """What becomes of the file or object (`rejected`, `repaired` or `noted`), and how to mend it.

    An `expected` rejection is nobody's mistake, or follows from others, and counts neither for
    `parse.max_rejected` nor for `digits check`.
    """

    verdict: str
    advice: str
    expected: bool = False


# docs/problems.md explains each with an example.
REASONS = {
    "unreadable_xml": Reason("rejected", mark("open it in the annotation tool and save it again")),
    "no_photo": Reason("rejected", mark("put the photo beside the XML, under the XML's name")),
    "ambiguous_photo": Reason("rejected", mark("keep one photo of this name")),
    "photo_already_annotated": Reason("rejected", mark("keep one XML for each photo")),
    "unreadable_photo": Reason("rejected", mark("copy the photo from the phone again")),
    "copies_disagree": Reason(
        "rejected", mark("delete all but one of these equal photos, with their XML")
    ),
    "all_rejected": Reason(
        "rejected",
        mark("mend the boxes of this XML, each listed under its own reason"),
        expected=True,
    ),
    "all_ignored": Reason("noted", mark("nothing: all its labels are listed in parse.ignore")),
    "link_not_followed": Reason("rejected", mark("put the file itself in the link's place")),
    "odd_name": Reason("rejected", mark("rename it: its name has characters that are not text")),
    "unreadable_folder": Reason("rejected", mark("give yourself the right to read the folder")),
    "photo_copy": Reason("noted", mark("nothing: one of the equal photos is used")),
    "no_object": Reason("noted", mark("draw the boxes, or leave it if no digit shows")),
    "photo_without_xml": Reason("noted", mark("annotate it, or leave it")),
    "other_file": Reason(
        "noted", mark("it is neither photo nor XML; move it elsewhere, or leave it")
    ),
    "size_mismatch": Reason("noted", mark("look whether the XML belongs to this photo")),
    "frame_unknown": Reason(
        "noted", mark("look at a box; if it is off, set parse.exif to upright or raw")
    ),
    "ignored_label": Reason(
        "rejected", mark("nothing: it is listed in parse.ignore"), expected=True
    ),
    "copied_box": Reason(
        "rejected", mark("nothing: the same box is used from the equal photo"), expected=True
    ),
    "not_a_digit": Reason(
        "rejected", mark("correct the label, or list it in parse.labels or parse.ignore")
    ),
    "no_box": Reason("rejected", mark("draw the box as a rectangle")),
    "bad_number": Reason("rejected", mark("draw the box again")),
    "box_empty": Reason("rejected", mark("draw the box again")),
    "box_outside": Reason("rejected", mark("draw the box on the photo; is it the right photo?")),
    "duplicate_box": Reason("rejected", mark("delete one of the two boxes")),
    "conflicting_labels": Reason("rejected", mark("delete the box with the wrong label")),
    "label_tidied": Reason("repaired", mark("nothing; or correct the label")),
    "box_swapped": Reason("repaired", mark("nothing; or draw the box again")),
    "box_clipped": Reason("repaired", mark("nothing; or draw the box within the photo")),
    "raw_frame": Reason(
        "repaired", mark("nothing: its boxes were drawn before EXIF turned the photo")
    ),
    "trained_on": Reason(
        "noted", mark("nothing: the model was trained on it or on a copy, and would be flattered")
    ),
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
