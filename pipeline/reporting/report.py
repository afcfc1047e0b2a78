"""What the report page is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pipeline.reporting.committed_run import CommittedRun


@dataclass(frozen=True)
class Photos:
    """A folder of photos and XML: its usable `boxes`, and its `problems`, listed in a file too.

    `whole` are the photos whose every digit is read.
    """

    folder: Path
    whole: set[str]
    boxes: pd.DataFrame
    problems: pd.DataFrame
    problems_file: Path


@dataclass(frozen=True)
class Training:
    """What is known of the photos that the model was trained on, and of the last run.

    `history` and `audit` have the columns of history.csv and audit.csv, `audit` being None where
    the labels were not audited; `digits` has those of digits.csv, its files lie below
    `digits_folder`, and `sides` has each side's list of them; `mean` and `std` are of red, green
    and blue, in 0..1.
    """

    history: pd.DataFrame
    digits: pd.DataFrame
    digits_folder: Path
    sides: Mapping[str, list[str]]
    mean: list[float]
    std: list[float]
    audit: pd.DataFrame | None
    last: CommittedRun | None


@dataclass(frozen=True)
class Report:
    """A model and the digits that it read.

    `answers` has the columns of predictions.csv and boxes.csv for each of them; each was cut wider
    than its box by `margin`; `training` is None for the photos of another site.
    """

    model: str
    margin: float
    answers: pd.DataFrame
    photos: Photos
    training: Training | None
