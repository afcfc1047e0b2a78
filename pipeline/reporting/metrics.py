"""How well the digits are read, as figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.metrics import f1_score

from pipeline.reporting.acceptance import score_readings
from pipeline.reporting.score import Score

_BINS = 15


@dataclass(frozen=True)
class Figures:
    """How well digits are read.

    `digits` counts single digits, `readings` the photos whose every digit was read, right only when
    all of them are; `classes` is of each label that occurs; for `ece` see
    `expected_calibration_error`.
    """

    digits: Score
    readings: Score
    classes: Mapping[str, Score]
    macro_f1: float
    ece: float

    def as_numbers(self) -> dict[str, dict[str, float]]:
        """metrics.json: nested numbers, rounded; of nothing there is no accuracy."""
        return {
            "digits": _numbers(self.digits) | {"macro_f1": round(self.macro_f1, 6)},
            "readings": _numbers(self.readings),
            "classes": {label: round(its.share, 6) for label, its in self.classes.items()},
            "calibration": {"ece": round(self.ece, 6)},
        }


def measure(predictions: pd.DataFrame, whole_photos: set[str]) -> Figures:
    """The figures of a frame with the columns photo, actual, predicted, confidence.

    `whole_photos` are those whose every digit is in it.
    """
    right = predictions["predicted"] == predictions["actual"]
    macro_f1 = f1_score(
        predictions["actual"], predictions["predicted"], average="macro", zero_division=0
    )
    return Figures(
        digits=Score.of(right),
        readings=Score.of(score_readings(predictions, whole_photos)["right"]),
        classes={str(name): Score.of(its) for name, its in right.groupby(predictions["actual"])},
        macro_f1=float(macro_f1),
        ece=expected_calibration_error(predictions["confidence"], right),
    )


def expected_calibration_error(confidence: pd.Series, right: pd.Series) -> float:
    """Mean distance between confidence and accuracy, over 15 equal bins, weighed by count.

    Guo et al. 2017, arXiv 1706.04599, equation 3.
    """
    bins = bin_by_confidence(confidence, right)
    gap = (bins["count"] * (bins["confidence"] - bins["accuracy"]).abs()).sum()
    return float(gap) / max(len(confidence), 1)


def bin_by_confidence(confidence: pd.Series, right: pd.Series) -> pd.DataFrame:
    """Count, mean confidence and accuracy of each of 15 equal bins of confidence that has any."""
    digits = pd.DataFrame({"confidence": confidence, "accuracy": right.astype(float)})
    bins = np.minimum((confidence.to_numpy() * _BINS).astype(int), _BINS - 1)
    means = digits.groupby(bins).mean()
    return means.assign(count=digits.groupby(bins).size())


def _numbers(score: Score) -> dict[str, float]:
    numbers: dict[str, float] = {"count": score.count, "errors": score.errors}
    if score.count:
        numbers["accuracy"] = round(1 - score.errors / score.count, 6)
    return numbers
