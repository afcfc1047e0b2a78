"""What the report page is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd


@dataclass(frozen=True)
class Photos:
    """A folder of photos and XML, and what was found in it.

    `digits` has a row for each usable digit, with the columns of boxes.csv and `file`; `whole` are
    the photos whose every digit was predicted; `problems` has the rows of `problems_file`.
    """

    folder: Path
    digits: pd.DataFrame
    whole: set[str]
    problems: pd.DataFrame
    problems_file: Path


@dataclass(frozen=True)
class Training:
    """How the model was trained.

    `history` has the columns of history.csv; `sides` has the files of each side of the split;
    `mean` and `std` are of red, green and blue, in 0..1.
    """

    history: pd.DataFrame
    sides: Mapping[str, list[str]]
    mean: list[float]
    std: list[float]


@dataclass(frozen=True)
class Report:
    """A model and what it predicted.

    `predictions` has the columns of predictions.csv and of boxes.csv; each digit was cut wider than
    its box by `margin`; `training` is None for the photos of another site.
    """

    model: str
    margin: float
    predictions: pd.DataFrame
    photos: Photos
    training: Training | None
