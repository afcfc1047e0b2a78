"""The CSV contracts between the stages."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import pandas as pd

from pipeline.command import UserError
from pipeline.files import write_file


@dataclass(frozen=True)
class Table:
    """The columns of a CSV file, in order, each `str` or a numpy number type's name."""

    columns: dict[str, str]

    def row(self, **values: str) -> dict[str, Any]:
        """A row with these values, and an empty text in every other column."""
        return dict.fromkeys(self.columns, "") | values

    def frame(self, rows: list[dict[str, object]]) -> pd.DataFrame:
        """Rows as a data frame with this table's columns and types."""
        return pd.DataFrame(rows, columns=list(self.columns)).astype(self.columns)


BOXES = Table(
    {
        "photo": "str", "xml": "str", "object": "int64", "label": "str",
        "xmin": "int64", "ymin": "int64", "xmax": "int64", "ymax": "int64",
        "row": "int64", "column": "int64",
    }
)  # fmt: skip
PROBLEMS = Table(
    {"file": "str", "object": "str", "verdict": "str", "reason": "str", "detail": "str"}
)
PHOTOS = Table({"photo": "str", "md5": "str", "perceptual_hash": "str", "problem": "str"})
DIGITS = Table(
    {
        "file": "str", "label": "str", "photo": "str", "object": "int64",
        "row": "int64", "column": "int64", "key": "str", "md5": "str", "pixels": "int64",
        "red": "int64", "green": "int64", "blue": "int64",
        "red_squared": "int64", "green_squared": "int64", "blue_squared": "int64",
    }
)  # fmt: skip
STAMPS = Table({"file": "str", "md5": "str", "stamp": "str"})
HISTORY = Table(
    {
        "epoch": "int64", "lr": "float64", "train_loss": "float64", "train_accuracy": "float64",
        "valid_loss": "float64", "valid_accuracy": "float64", "seconds": "float64",
    }
)  # fmt: skip
PREDICTIONS = Table(
    {"file": "str", "photo": "str", "actual": "str", "predicted": "str", "confidence": "float64"}
)
AUDIT = Table(
    {
        "file": "str", "photo": "str", "xml": "str", "object": "int64",
        "actual": "str", "suggested": "str", "quality": "float64",
    }
)  # fmt: skip


def read_table(path: Path | IO[bytes], table: Table) -> pd.DataFrame:
    """Read a CSV of the given contract; a label `NaN` stays the text it is.

    Raises `UserError` where the file is missing or has other columns.
    """
    try:
        frame = pd.read_csv(
            path,
            dtype=table.columns,
            keep_default_na=False,
            na_filter=False,
            lineterminator="\n",
        )
    except FileNotFoundError:
        raise UserError(f"{path} is missing: run `dvc repro`") from None
    except ValueError as error:
        raise UserError(f"{path} is damaged ({error}): delete it and run `dvc repro`") from None
    if list(frame.columns) != list(table.columns):
        raise UserError(f"{path} has other columns than expected: delete it and run `dvc repro`")
    return frame


def rows_of(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """A frame's rows, as dictionaries by column."""
    return cast("list[dict[str, Any]]", frame.to_dict("records"))


def write_table(path: Path, table: Table, frame: pd.DataFrame) -> None:
    """Write a CSV of the given contract: UTF-8, `\\n`, columns in the contract's order."""
    text = frame[list(table.columns)].to_csv(index=False, lineterminator="\n")
    write_file(path, text.encode("utf-8"))
