"""How well the digits are read, as nested numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import f1_score

from pipeline.reporting.acceptance import score_readings

_BINS = 15


def measure(predictions: pd.DataFrame, whole_photos: set[str]) -> dict[str, Any]:
    """Figures of a frame with the columns photo, actual, predicted, confidence.

    `digits` counts single digits; `readings` counts the photos in `whole_photos`, those whose
    every digit is in `predictions`, right only when all of their digits are; neither has an
    accuracy where it counts none; `classes` is the
    accuracy of each class that occurs; `calibration.ece` see `expected_calibration_error`.
    """
    right = predictions["predicted"] == predictions["actual"]
    readings = score_readings(predictions, whole_photos)["right"]
    macro_f1 = f1_score(
        predictions["actual"], predictions["predicted"], average="macro", zero_division=0
    )
    classes = right.groupby(predictions["actual"]).mean()
    return {
        "digits": _score(right) | {"macro_f1": round(float(macro_f1), 6)},
        "readings": _score(readings),
        "classes": {str(name): round(float(share), 6) for name, share in classes.items()},
        "calibration": {
            "ece": round(expected_calibration_error(predictions["confidence"], right), 6)
        },
    }


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


def _score(right: pd.Series) -> dict[str, float]:
    count, errors = len(right), int((~right.astype(bool)).sum())
    score: dict[str, float] = {"count": count, "errors": errors}
    return score | {"accuracy": round(1 - errors / count, 6)} if count else score
