"""A row that was seen becomes a reading: its text, how sure it is, and what speaks against it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.reading.geometry import Floats
from pipeline.reading.marks import MARKS
from pipeline.reading.network import SIGNS
from pipeline.reading.reading import Reason
from pipeline.reading.rows import Row

# The classifier's part in a digit's probability, against the locator's; their logarithms are mixed.
# On both real sets, read by the first day's model, it is right most often (docs/benchmarks.md).
CLASSIFIER = 0.5
# No probability is less, before its logarithm is taken.
LEAST_CHANCE = 1e-4
# A point that is less sure than this is worth a look, either way.
_SURE_POINT = 0.6
# A gap is so much wider than its row's others, and wider than so many heights; wider than the last,
# whatever the others are: of 21812 the ones are missed together.
_WIDE, _WIDE_HEIGHTS, _TOO_WIDE = 1.75, 1.15, 1.4
# A digit so near to the photo's edge, in heights, may have a neighbour beyond it.
_NEAR_EDGE = 0.25
# Another row is a rival where it is nearly as likely and as high.
_RIVAL_MERIT, _RIVAL_HEIGHT = 0.8, 0.75
# Of 0, 1, 2, 5, 8, and of 6 and 9, both ways up are digits: only where the other way is so much
# likelier it may be the right one.
_TURNED = 1.1
# What each reason leaves of the score.
_LEFT = 0.5


@dataclass(frozen=True)
class SeenRow:
    """A row, and what every look at it gave.

    `again` is the locator's text from a somewhat other place, `turned` the row upside down, if it
    was looked at so; `by_classifier` (n, 10) are the digit classifier's probabilities, `marks`
    (n, 3) those of `MARKS` behind each digit.
    """

    row: Row
    again: str
    turned: Row | None
    by_classifier: Floats
    marks: Floats


@dataclass(frozen=True)
class Judgement:
    """The text of a row, each sign's probability (n,), a raw score 0 to 1, and the reasons."""

    text: str
    signs: str
    probabilities: Floats
    score: float
    reasons: tuple[Reason, ...]


def judge(
    seen: SeenRow, rivals: list[Row], size: tuple[int, int], fixed_point: bool = False
) -> Judgement:
    """What a row of a photo of `size` says; `rivals` are other rows that are not read.

    Of a display whose point has a fixed place, none is looked for.
    """
    chances = mix(seen)
    signs = "".join(SIGNS[number] for number in chances.argmax(axis=1))
    probabilities = chances.max(axis=1) * seen.row.digits.scores
    marks, unsure_point = _marks(seen.marks)
    if fixed_point:
        marks, unsure_point = [0] * len(marks), False
    reasons = [
        *_compare(seen, signs),
        *([Reason("point_unsure")] if unsure_point else []),
        *([Reason("gap")] if has_gap(seen.row, marks) else []),
        *([Reason("cut_off")] if is_cut_off(seen.row, size) else []),
        *_rivals(seen.row, rivals),
    ]
    text = "".join(sign + MARKS[mark] for sign, mark in zip(signs, marks, strict=True))
    score = float(probabilities.min()) * _LEFT ** len(reasons)
    return Judgement(text, signs, probabilities, score, tuple(reasons))


def mix(seen: SeenRow) -> Floats:
    """Each sign's probability (n, 11), of the locator's and the classifier's.

    Of the minus sign the classifier knows nothing; it can only stand in front.
    """
    located = np.log(seen.row.digits.signs.clip(LEAST_CHANCE))
    classified = np.log(seen.by_classifier.clip(LEAST_CHANCE))
    digits = (1 - CLASSIFIER) * located[:, :-1] + CLASSIFIER * classified
    mixed = np.exp(np.hstack([digits, located[:, -1:]]))
    mixed[1:, -1] = 0
    mixed[0, :-1] *= seen.row.digits.signs[0].argmax() < len(SIGNS) - 1
    return np.asarray(mixed / mixed.sum(axis=1, keepdims=True))


def _marks(chances: Floats) -> tuple[list[int], bool]:
    """What is behind each digit, and whether that is unsure: a number has one point at most."""
    marks = chances.argmax(axis=1)
    point = MARKS.index(".")
    points = np.flatnonzero(marks == point)
    if len(points) > 1:
        best = points[chances[points, point].argmax()]
        marks[points[points != best]] = 0
    sure = chances[np.arange(len(marks)), marks]
    return marks.tolist(), bool((sure < _SURE_POINT).any())


def _compare(seen: SeenRow, signs: str) -> list[Reason]:
    """Where looks or networks differ."""
    reasons = []
    located = seen.row.digits.text
    if seen.again != located:
        reasons.append(Reason("looks_differ", seen.again or "-"))
    classified = "".join(str(number) for number in seen.by_classifier.argmax(axis=1))
    if any(a != b for a, b in zip(located, classified, strict=True) if a != "-"):
        other = classified if classified != signs else located
        reasons.append(Reason("networks_differ", other))
    if seen.turned and seen.turned.merit > _TURNED * seen.row.merit:
        reasons.append(Reason("upside_down", seen.turned.digits.text))
    return reasons


def has_gap(row: Row, marks: list[int]) -> bool:
    """Whether two neighbours stand so far apart that a digit may be missing between them."""
    boxes = row.digits.boxes
    if len(boxes) < 2:
        return False
    along = np.array([np.cos(row.angle), np.sin(row.angle)])
    places = boxes[:, :2] @ along
    steps = np.diff(places) - 0.3 * row.height * (np.array(marks[:-1]) > 0)
    widest = steps.max()
    uneven = widest > _WIDE * np.median(steps) and widest > _WIDE_HEIGHTS * row.height
    return bool(uneven or widest > _TOO_WIDE * row.height)


def is_cut_off(row: Row, size: tuple[int, int]) -> bool:
    """Whether the row reaches the photo's left or right edge, or is cut above or below."""
    boxes, height = row.digits.boxes, row.height
    left, right = boxes[:, 0] - boxes[:, 2] / 2, boxes[:, 0] + boxes[:, 2] / 2
    top, bottom = boxes[:, 1] - boxes[:, 3] / 2, boxes[:, 1] + boxes[:, 3] / 2
    beside = left.min() < 0.1 * height or right.max() > size[0] - 0.1 * height
    over = top.min() < -_NEAR_EDGE * height or bottom.max() > size[1] + _NEAR_EDGE * height
    return bool(beside or over)


def _rivals(row: Row, rivals: list[Row]) -> list[Reason]:
    return [
        Reason("rival", other.digits.text)
        for other in rivals
        if other.merit > _RIVAL_MERIT * row.merit and other.height > _RIVAL_HEIGHT * row.height
    ][:1]
