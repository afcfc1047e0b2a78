"""How well the digits are read, as figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import f1_score

from pipeline.annotations.matching import is_kind
from pipeline.reporting.acceptance import score_readings
from pipeline.reporting.score import Score
from pipeline.reporting.unboxed import Unboxed
from pipeline.reporting.whole import Whole

_BINS = 15
# Deliveries that have figures of their own, the last by name, which begins with the day.
_DELIVERIES = 10


@dataclass(frozen=True)
class Figures:
    """How well digits are read.

    `digits` counts single digits, `readings` the photos whose every digit was read, right only when
    all of them are; `left_out` are no reading, since one of their digits may have been rejected;
    `deliveries` are the digits and readings of each delivery; `classes` is of each label that
    occurs; for `ece` see `expected_calibration_error`; `unboxed` is of whole photos.
    """

    digits: Score
    readings: Score
    left_out: int
    deliveries: Mapping[str, tuple[Score, Score]]
    classes: Mapping[str, Score]
    macro_f1: float
    ece: float
    unboxed: Unboxed | None = None

    def as_numbers(self) -> dict[str, Any]:
        """metrics.json: what people ask first, in few lines; of nothing there is no accuracy."""
        return {
            "readings": _numbers(self.readings) | {"left_out": self.left_out},
            "digits": _numbers(self.digits),
            "deliveries": {
                name: {"digits": round(digits.share, 6)}
                | ({"readings": round(readings.share, 6)} if readings.count else {})
                for name, (digits, readings) in self.deliveries.items()
            },
        } | ({"unboxed": self.unboxed.as_numbers()} if self.unboxed else {})

    def details(self) -> dict[str, Any]:
        """details.json: what is behind them, the intervals above all."""
        return {
            "readings": _interval(self.readings),
            "digits": _interval(self.digits),
            "classes": {label: round(its.share, 6) for label, its in self.classes.items()},
            "macro_f1": round(self.macro_f1, 6),
            "calibration": {"ece": round(self.ece, 6)},
        }


def measure(predictions: pd.DataFrame, whole: Whole, unboxed: Unboxed | None = None) -> Figures:
    """The figures of a frame with the columns photo, group, actual, predicted, confidence.

    `whole` are the photos whose every digit is in it; `group` is that of a photo's copies.
    """
    right = predictions["predicted"] == predictions["actual"]
    readings = score_readings(predictions, whole.photos)
    classes = [
        (str(name), Score.of(right[rows.index], rows["group"]))
        for name, rows in predictions.groupby("actual")
    ]
    macro_f1 = f1_score(
        predictions["actual"], predictions["predicted"], average="macro", zero_division=0
    )
    return Figures(
        deliveries=_by_delivery(predictions, right, readings),
        digits=Score.of(right, predictions["group"]),
        readings=Score.of(readings["right"], readings["group"]),
        left_out=len(whole.left_out),
        classes=dict(classes),
        macro_f1=float(macro_f1),
        ece=expected_calibration_error(predictions["confidence"], right),
        unboxed=unboxed,
    )


def _by_delivery(
    predictions: pd.DataFrame, right: pd.Series, readings: pd.DataFrame
) -> dict[str, tuple[Score, Score]]:
    """Digits and readings of each delivery, in order; the oldest of many are one.

    So a delivery is compared with itself when others have come: `dvc metrics diff` shows the old
    photos' line and the new photos' line apart.
    """
    digits = predictions[["group"]].assign(
        right=right, delivery=predictions["photo"].map(delivery_of)
    )
    readings = readings.assign(delivery=readings.index.map(delivery_of))
    older = [its for its in sorted(digits["delivery"].unique())[:-_DELIVERIES] if its != "raw"]
    both = [its.replace({"delivery": dict.fromkeys(older, "older")}) for its in (digits, readings)]

    def score(rows: pd.DataFrame, delivery: str) -> Score:
        its = rows[rows["delivery"] == delivery]
        return Score.of(its["right"], its["group"])

    names = sorted(both[0]["delivery"].unique())
    return {name: (score(both[0], name), score(both[1], name)) for name in names}


def delivery_of(photo: str) -> str:
    """The delivery that a photo came with: the folder below raw/ that it is in, else raw itself.

    `JPEGImages` and the like are no delivery: they say what is in them.
    """
    folder = next((part for part in photo.split("/")[:-1] if not is_kind(part)), "")
    return f"raw/{folder}" if folder else "raw"


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
    bins = number_bins(confidence)
    means = digits.groupby(bins).mean()
    return means.assign(count=digits.groupby(bins).size())


def number_bins(confidence: pd.Series) -> NDArray[np.int64]:
    """Which of 15 equal bins each confidence (n,) is in, from 0 on."""
    numbers: NDArray[np.int64] = (confidence.to_numpy() * _BINS).astype(np.int64)
    return np.minimum(numbers, _BINS - 1)


def _numbers(score: Score) -> dict[str, float]:
    accuracy = {"accuracy": round(score.share, 6)} if score.count else {}
    return accuracy | {"errors": score.errors, "count": score.count}


def _interval(score: Score) -> dict[str, float]:
    """The 95 % interval of a share, and on how many photos it stands."""
    if not score.count:
        return {}
    low, high = score.interval
    return {"low": low, "high": high, "photos": score.photos}
