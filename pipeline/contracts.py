"""The files between the stages: where each is, what a row of it is, how it is read and written.

Every CSV file is UTF-8, ends its lines with `\\n`, and has its rows in a fixed order, so that the
same rows are the same bytes. Paths in it are relative, with `/`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from pipeline.images.box import Box
from pipeline.runtime.errors import UserError
from pipeline.runtime.files import md5, write_file
from pipeline.runtime.table import Table, damaged, read_file

# The digits of each side of the split, one `<label>/<file>` a line.
LISTS = {"train": Path("data/train_data.txt"), "valid": Path("data/valid_data.txt")}
STATS = Path("data/stats.json")
# What `parse` counted: boxes, files, problems, the tools that wrote the XML.
ANNOTATIONS = Path("data/annotations.json")
# The models of the first day, from drawn photos alone, named as the stages name theirs.
BASE = Path("models/base")
# What `train`, `locate` and `evaluate` make of the plant's own photos.
MODEL = Path("models/digits.pt")
LOCATOR = Path("models/locator.pt")
CALIBRATION = Path("models/reading.json")
# A folder of photos that somebody chose because they are hard, or rare: to learn from, and never to
# measure by. Its neighbour has those that were drawn at random.
PICKED, DRAWN = "picked", "random"
CHANNELS = ("red", "green", "blue")


@dataclass(frozen=True, slots=True)
class ObjectRow:
    """An object's box, in pixels of the upright photo: 0-based edges, half-open.

    `object` is its number in the XML from 1 on.
    """

    photo: str
    xml: str
    object: int
    label: str
    xmin: int
    ymin: int
    xmax: int
    ymax: int

    @property
    def box(self) -> Box:
        """Where it is."""
        return Box(self.xmin, self.ymin, self.xmax, self.ymax)


@dataclass(frozen=True, slots=True)
class BoxRow(ObjectRow):
    """A digit's box; `row` and `column` are its place in reading order."""

    row: int
    column: int


@dataclass(frozen=True, slots=True)
class ProblemRow:
    """What became of a file, or of one of its objects, that was not simply used."""

    file: str
    object: str
    verdict: str
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class PhotoRow:
    """A photo's content: its MD5, its looks as `perceptual_hash` has them, its upright size.

    `taken` is when, by the phone's clock, as EXIF has it (2026:11:26 08:30:00); empty if nowhere.
    """

    photo: str
    md5: str
    perceptual_hash: str
    width: int
    height: int
    taken: str


@dataclass(frozen=True, slots=True)
class DigitRow(BoxRow):
    """A digit image: its box, its file below data/digits, and what its pixels come to.

    `key` stands for all that its bytes depend on; of each channel there are the sum of its values
    (0 to 255) over the `pixels`, and the sum of their squares.
    """

    file: str
    key: str
    md5: str
    pixels: int
    red: int
    green: int
    blue: int
    red_squared: int
    green_squared: int
    blue_squared: int


@dataclass(frozen=True, slots=True)
class EpochRow:
    """What an epoch came to; `lr` is the rate at its middle, `seconds` are those of training."""

    epoch: int
    lr: float
    train_loss: float
    train_accuracy: float
    valid_loss: float
    valid_accuracy: float
    seconds: float


@dataclass(frozen=True, slots=True)
class PredictionRow:
    """What a model took a digit for, and its confidence in it, 0 to 1."""

    file: str
    photo: str
    actual: str
    predicted: str
    confidence: float


@dataclass(frozen=True, slots=True)
class ReadingRow:
    """What `digits read` read of a display; of a photo that it could not read, that.

    `value` is a number, empty where the reading means none; `verdict` is accepted, doubtful, none
    or error; `reason` has codes, with spaces between. The edges are those of the whole reading, in
    pixels of the upright photo; empty where nothing was found.
    """

    photo: str
    display: int
    reading: str
    value: str
    confidence: float
    verdict: str
    reason: str
    xmin: str
    ymin: str
    xmax: str
    ymax: str


@dataclass(frozen=True, slots=True)
class WholeRow:
    """A whole photo that was read without its boxes: what is labelled on it, and what was read.

    Displays are from the top, with a space between. 1 for yes: `right`, the digits are; `point`,
    one is labelled; `with_point`, points are right too. `reasons` are the codes of why a person
    should look.
    """

    photo: str
    labelled: str
    read: str
    right: int
    point: int
    with_point: int
    confidence: float
    reasons: str


@dataclass(frozen=True, slots=True)
class DoubtRow:
    """A label that is likely wrong, what is suggested instead, and its quality, 0 to 0.5."""

    file: str
    photo: str
    xml: str
    object: int
    actual: str
    suggested: str
    quality: float


@dataclass(frozen=True, slots=True)
class CurveRow:
    """A reader trained on a share of the training photos, and what it read of validation.

    `curve` names what it was of, as `learning_curve.name_of` does; `photos` and `digits` are those
    it learnt from.
    """

    curve: str
    share: float
    seed: int
    photos: int
    digits: int
    readings: int
    readings_right: int
    digits_right: int


BOXES = Table(Path("data/boxes.csv"), BoxRow)
# Boxes of used photos whose label is no digit, as of a decimal point.
OTHERS = Table(Path("data/others.csv"), ObjectRow)
PROBLEMS = Table(Path("data/problems.csv"), ProblemRow, for_excel=True)
PHOTOS = Table(Path("data/photos.csv"), PhotoRow, sealed=True)
DIGITS = Table(Path("data/digits.csv"), DigitRow, sealed=True)
HISTORY = Table(Path("reports/history.csv"), EpochRow)
PREDICTIONS = Table(Path("reports/predictions.csv"), PredictionRow)
WHOLE = Table(Path("reports/readings.csv"), WholeRow, for_excel=True)
READINGS = Table(Path("readings.csv"), ReadingRow, for_excel=True)
DOUBTS = Table(Path("reports/audit.csv"), DoubtRow, for_excel=True)
CURVE = Table(Path("learning_curve/curve.csv"), CurveRow)


def read_list(path: Path) -> list[str]:
    """The lines of a list, one `<label>/<file>` each.

    Raises `UserError` where the file is missing or empty.
    """
    text = read_file(path).decode("utf-8").replace("\r\n", "\n").removesuffix("\n")
    if not text:
        raise UserError(
            "{path} is empty: add photos, or change split.validation in params.yaml", path=path
        )
    # Not `splitlines`: a photo's name may hold what Unicode takes for the end of a line.
    return text.split("\n")


def write_list(path: Path, lines: list[str]) -> None:
    """Write a list, one line an entry."""
    write_file(path, "".join(f"{line}\n" for line in lines).encode("utf-8"))


def lists_md5() -> dict[str, str]:
    """MD5 of each side's list: tells which digits a model was trained on.

    Raises `UserError` where a list is missing.
    """
    return {side: md5(read_file(path)) for side, path in LISTS.items()}


def read_dialects(path: Path = ANNOTATIONS) -> dict[str, int]:
    """How many XML each tool wrote; raises `UserError` where the file is missing or damaged."""
    try:
        dialects: dict[str, int] = json.loads(read_file(path))["dialects"]
    except (ValueError, KeyError, TypeError) as error:
        raise damaged(path, error) from None
    return dialects


def read_stats(path: Path = STATS) -> tuple[list[float], list[float]]:
    """Mean and standard deviation of the digits' red, green and blue, in 0..1.

    Raises `UserError` where the file is missing or damaged.
    """
    try:
        stats = json.loads(read_file(path))
        mean, std = ([stats[name][c] for c in CHANNELS] for name in ("mean", "std"))
    except (ValueError, KeyError, TypeError) as error:
        raise damaged(path, error) from None
    return mean, std
