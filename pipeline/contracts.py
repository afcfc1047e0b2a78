"""The files between the stages: where each is, what a row of it is, how it is read and written.

Every CSV file is UTF-8, ends its lines with `\\n`, and has its rows in a fixed order, so that the
same rows are the same bytes. Paths in it are relative, with `/`.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from dataclasses import dataclass, fields
from io import BytesIO, StringIO
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Generic, Literal, TypeVar, get_type_hints

from pipeline.images.box import Box
from pipeline.messages import say
from pipeline.runtime.errors import UserError
from pipeline.runtime.files import md5, write_file

if TYPE_CHECKING:
    import pandas as pd

Row = TypeVar("Row")

# The digits of each side of the split, one `<label>/<file>` a line.
LISTS = {"train": Path("data/train_data.txt"), "valid": Path("data/valid_data.txt")}
STATS = Path("data/stats.json")
CHANNELS = ("red", "green", "blue")
_NUMPY_TYPES = {str: "str", int: "int64", float: "float64"}


@dataclass(frozen=True, slots=True)
class BoxRow:
    """A digit's box, in pixels of the upright photo: 0-based edges, half-open.

    `object` is its number in the XML from 1 on; `row` and `column` are its place in reading order.
    """

    photo: str
    xml: str
    object: int
    label: str
    xmin: int
    ymin: int
    xmax: int
    ymax: int
    row: int
    column: int

    @property
    def box(self) -> Box:
        """Where the digit is."""
        return Box(self.xmin, self.ymin, self.xmax, self.ymax)


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
    """A photo's content; `problem` says why it could not be cut, and is empty where it was."""

    photo: str
    md5: str = ""
    perceptual_hash: str = ""
    problem: str = ""


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
class DoubtRow:
    """A label that is likely wrong, what is suggested instead, and its quality, 0 to 0.5."""

    file: str
    photo: str
    xml: str
    object: int
    actual: str
    suggested: str
    quality: float


@dataclass(frozen=True)
class Table(Generic[Row]):
    """A CSV file: its place, and the type of its rows, whose fields are its columns."""

    path: Path
    row: type[Row]

    @property
    def columns(self) -> list[str]:
        """The columns, in order."""
        return [its.name for its in fields(self.row)]  # type: ignore[arg-type]

    def read(self, path: Path | None = None) -> list[Row]:
        """The rows of the file, or of one elsewhere.

        Raises `UserError` where it is missing, damaged, or has other columns.
        """
        path = path or self.path
        types = get_type_hints(self.row)
        convert = [types[name] for name in self.columns]
        try:
            text = StringIO(_read(path).decode("utf-8"), newline="")
            columns, *lines = csv.reader(text, strict=True)
            self._check(columns, path)
            return [
                self.row(*(make(text) for make, text in zip(convert, line, strict=True)))
                for line in lines
            ]
        except (ValueError, csv.Error) as error:
            raise UserError(_damaged(path, error)) from None

    def read_frame(self, path: Path | None = None, content: bytes | None = None) -> pd.DataFrame:
        """The file as a data frame, or one elsewhere, or its bytes; a label `NaN` stays a text.

        Raises `UserError` where it is missing, damaged, or has other columns.
        """
        import pandas as pd  # noqa: PLC0415 - half a second, for those who need frames

        path = path or self.path
        types = get_type_hints(self.row)
        try:
            frame = pd.read_csv(
                BytesIO(_read(path) if content is None else content),
                dtype={name: _NUMPY_TYPES[types[name]] for name in self.columns},
                keep_default_na=False,
                na_filter=False,
                lineterminator="\n",
            )
        except ValueError as error:
            raise UserError(_damaged(path, error)) from None
        self._check(list(frame.columns), path)
        return frame

    def frame(self, rows: Iterable[Row]) -> pd.DataFrame:
        """Rows as a data frame with the file's columns and types."""
        import pandas as pd  # noqa: PLC0415

        types = get_type_hints(self.row)
        return pd.DataFrame(map(self._values, rows), columns=self.columns).astype(
            {name: _NUMPY_TYPES[types[name]] for name in self.columns}
        )

    def write(self, rows: Iterable[Row], path: Path | None = None) -> None:
        """Write the rows, in the order given, all at once."""
        self._write(map(self._values, rows), path)

    def write_frame(self, frame: pd.DataFrame, path: Path | None = None) -> None:
        """Write the file's columns of a data frame, all at once."""
        self._write(frame[self.columns].itertuples(index=False), path)

    def _write(self, lines: Iterable[Iterable[object]], path: Path | None) -> None:
        lines = [self.columns, *lines]
        text = _to_csv(lines, csv.QUOTE_MINIMAL)
        if "\r" in text:
            # Before Python 3.13 the writer leaves it bare; the reader takes it for a line's end.
            text = _to_csv(lines, csv.QUOTE_NONNUMERIC)
        write_file(path or self.path, text.encode("utf-8"))

    def _values(self, row: Row) -> tuple[object, ...]:
        values: tuple[object, ...] = attrgetter(*self.columns)(row)
        return values

    def _check(self, columns: list[str], path: Path) -> None:
        if columns != self.columns:
            raise UserError(
                "{path} has other columns than expected: delete it and run `dvc repro`", path=path
            )


BOXES = Table(Path("data/boxes.csv"), BoxRow)
PROBLEMS = Table(Path("data/problems.csv"), ProblemRow)
PHOTOS = Table(Path("data/photos.csv"), PhotoRow)
DIGITS = Table(Path("data/digits.csv"), DigitRow)
HISTORY = Table(Path("reports/history.csv"), EpochRow)
PREDICTIONS = Table(Path("reports/predictions.csv"), PredictionRow)
DOUBTS = Table(Path("reports/audit.csv"), DoubtRow)


def read_list(path: Path) -> list[str]:
    """The lines of a list, one `<label>/<file>` each.

    Raises `UserError` where the file is missing or empty.
    """
    lines = _read(path).decode("utf-8").splitlines()
    if not lines:
        raise UserError(
            "{path} is empty: add photos, or change split.validation in params.yaml", path=path
        )
    return lines


def write_list(path: Path, lines: list[str]) -> None:
    """Write a list, one line an entry."""
    write_file(path, "".join(f"{line}\n" for line in lines).encode("utf-8"))


def lists_md5() -> dict[str, str]:
    """MD5 of each side's list: tells which digits a model was trained on.

    Raises `UserError` where a list is missing.
    """
    return {side: md5(_read(path)) for side, path in LISTS.items()}


def read_stats(path: Path = STATS) -> tuple[list[float], list[float]]:
    """Mean and standard deviation of the digits' red, green and blue, in 0..1.

    Raises `UserError` where the file is missing or damaged.
    """
    try:
        stats = json.loads(_read(path))
        mean, std = ([stats[name][c] for c in CHANNELS] for name in ("mean", "std"))
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(_damaged(path, error)) from None
    return mean, std


def _to_csv(lines: Iterable[Iterable[object]], quoting: Literal[0, 2]) -> str:
    text = StringIO(newline="")
    csv.writer(text, lineterminator="\n", quoting=quoting).writerows(lines)
    return text.getvalue()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise UserError("{path} is missing: run `dvc repro`", path=path) from None


def _damaged(path: Path, error: Exception) -> str:
    return say("{path} is damaged ({error}): delete it and run `dvc repro`", path=path, error=error)
