"""How well whole photos are read, where no box is given: readings beside what people labelled."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from pipeline.contracts import BoxRow, ObjectRow, WholeRow
from pipeline.learning.hardware import map_alone
from pipeline.reading.confidence import Calibration
from pipeline.reading.labelled import gather
from pipeline.reading.marks import MARKS
from pipeline.reading.reader import Reader
from pipeline.reading.reading import Reading
from pipeline.reporting.score import Score


@dataclass(frozen=True)
class Unboxed:
    """How many whole photos are read right, of those whose every digit is labelled.

    `photos`: all displays of a photo are read, and nothing else, the point aside; `with_point`: the
    point too, of the photos on which one is labelled; `digits`: what of the labelled ones was read
    in its place; `accepted`: of the photos that no person would have to look at. `misread` are the
    photos that are not right, those first that would be accepted, then the surest.
    """

    photos: Score
    with_point: Score
    digits: Score
    accepted: Score
    misread: Sequence[WholeRow] = ()

    def as_numbers(self) -> dict[str, dict[str, float]]:
        """As in metrics.json; of nothing there is no accuracy."""
        return {
            name: ({"accuracy": round(its.share, 6)} if its.count else {})
            | {"errors": its.errors, "count": its.count}
            for name, its in vars(self).items()
            if isinstance(its, Score)
        }


def label_photos(
    digits: Sequence[BoxRow], others: Sequence[ObjectRow], points: Sequence[str]
) -> dict[str, tuple[list[str], bool]]:
    """What each photo shows as people labelled it: its displays' texts, from the top.

    And whether a point is labelled on it.
    """
    labelled = {}
    for its in sorted(gather(digits, others, [], points), key=lambda its: its.photo):
        rows: dict[int, list[tuple[int, str]]] = defaultdict(list)
        for digit, mark in zip(its.digits, its.after, strict=True):
            rows[digit.row].append((digit.column, digit.label + MARKS[max(mark, 0)]))
        texts = ["".join(sign for _, sign in sorted(row)) for _, row in sorted(rows.items())]
        labelled[its.photo] = texts, max(its.after) > 0
    return labelled


def read_whole(
    reader: Reader, folder: Path, labelled: Mapping[str, tuple[list[str], bool]],
    cores: int | None = None,
) -> list[WholeRow]:  # fmt: skip
    """Read photos, and put beside each what is labelled; the verdict is the reader's own."""
    photos = [folder / photo for photo in labelled]
    readings = map_alone(reader.read, photos, reader.device, cores)
    bar = tqdm(readings, "read", len(labelled), unit=" photos", disable=None, delay=1)
    return [
        _compare(photo, its, texts, point)
        for (photo, (texts, point)), its in zip(labelled.items(), bar, strict=True)
    ]


def _compare(photo: str, readings: Sequence[Reading], texts: list[str], point: bool) -> WholeRow:
    read = [reading.text for reading in readings]
    return WholeRow(
        photo,
        " ".join(texts),
        " ".join(read),
        int(plain(read) == plain(texts)),
        int(point),
        int(_tidy(read) == texts),
        min(reading.confidence for reading in readings),
        " ".join(reason.code for its in readings for reason in its.reasons),
    )


def plain(texts: Iterable[str]) -> list[str]:
    """Texts without what is not a digit."""
    return ["".join(sign for sign in text if sign in "0123456789") for text in texts]


def _tidy(texts: Iterable[str]) -> list[str]:
    return [text.replace(":", "").removeprefix("-") for text in texts]


def accept(rows: Iterable[WholeRow], calibration: Calibration) -> list[WholeRow]:
    """The same rows, their raw scores as confidences, and `unsure` where that is too little."""
    accepted = []
    for row in rows:
        confidence = calibration.confidence(row.confidence)
        unsure = ["unsure"] if confidence < calibration.threshold else []
        reasons = " ".join([*row.reasons.split(), *unsure])
        accepted.append(replace(row, confidence=confidence, reasons=reasons))
    return accepted


def measure_whole(rows: Sequence[WholeRow], groups: Mapping[str, int]) -> Unboxed:
    """The figures of photos; `groups` are those of their copies, which count as one."""
    frame = pd.DataFrame(
        {
            "right": [bool(row.right) for row in rows],
            "point": [bool(row.point) for row in rows],
            "with_point": [bool(row.with_point) for row in rows],
            "accepted": [not row.reasons for row in rows],
            "group": [groups[row.photo] for row in rows],
        }
    )
    score = partial(_score, frame)
    digits = [(groups[row.photo], hit) for row in rows for hit in _hits(row)]
    every = pd.DataFrame(digits, columns=["group", "right"])
    misread = [row for row in rows if not row.right]
    return Unboxed(
        photos=Score.of(frame["right"], frame["group"]),
        with_point=score("with_point", frame["point"]),
        digits=Score.of(every["right"], every["group"]),
        accepted=score("right", frame["accepted"]),
        misread=sorted(misread, key=lambda row: (bool(row.reasons), -row.confidence, row.photo)),
    )


def _score(frame: pd.DataFrame, column: str, chosen: pd.Series) -> Score:
    its = frame[chosen.astype(bool)]
    return Score.of(its[column], its["group"])


def _hits(row: WholeRow) -> list[bool]:
    """For each labelled digit whether it was read in its place, in the closest alignment."""
    (truth,), (read,) = plain([row.labelled]), plain([row.read])
    distance = _edit_distance(truth, read)
    missed = min(distance, len(truth))
    return [False] * missed + [True] * (len(truth) - missed)


def _edit_distance(one: str, other: str) -> int:
    before = list(range(len(other) + 1))
    for i, sign in enumerate(one, 1):
        now = [i]
        for j, its in enumerate(other, 1):
            now.append(min(before[j] + 1, now[-1] + 1, before[j - 1] + (sign != its)))
        before = now
    return before[-1]
