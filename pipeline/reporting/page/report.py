"""What the report page is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pipeline.reporting.caveats import Caveat
from pipeline.reporting.learning_curve import LearningCurve
from pipeline.reporting.unboxed import Unboxed
from pipeline.reporting.whole import Whole


@dataclass(frozen=True)
class Photos:
    """A folder of photos and XML, and what was found in it.

    `digits` has a row for each usable digit, with the columns of boxes.csv and `file`; `whole` are
    the photos that are a reading; `problems` has the rows of `problems_file`; `taken` is when the
    first and the last photo were, as photos.csv has it, and None where EXIF says it of none.
    """

    folder: Path
    digits: pd.DataFrame
    whole: Whole
    problems: pd.DataFrame
    problems_file: Path
    taken: tuple[str, str] | None = None


def when_taken(photos: pd.DataFrame) -> tuple[str, str] | None:
    """When the first and last of some rows of photos.csv were taken; None if EXIF never says."""
    known = photos["taken"][photos["taken"] != ""]
    return (str(known.min()), str(known.max())) if len(known) else None


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

    `predictions` has the columns of predictions.csv and of boxes.csv, and `group`, that of the
    photo's copies; each digit was cut wider than its box by `margin`; `training` is None for the
    photos of another site; `caveats` are what makes the figures say less than they seem to;
    `limit` is the share of readings that may go wrong unseen; `curve` is that of these photos;
    `unboxed` is how whole photos are read.
    """

    model: str
    margin: float
    predictions: pd.DataFrame
    photos: Photos
    training: Training | None
    caveats: Sequence[Caveat]
    limit: float
    curve: LearningCurve | None = None
    unboxed: Unboxed | None = None

    @property
    def one_in(self) -> int:
        """The limit as people say it: at most one wrong in so many."""
        return round(1 / self.limit)

    @property
    def unseen(self) -> bool:
        """Whether it is known that the model was trained on none of the photos."""
        return self.training is not None and not any(its.denies_unseen for its in self.caveats)
