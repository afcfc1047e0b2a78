"""How much can go through unseen: what is accepted at a confidence, and how much of it is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from pipeline.reporting.intervals import binomial_interval, exact_upper, fewest_without_error

# Of the most confident, this share is accepted: the lines of the page's table.
_SHARES = (1.0, 0.99, 0.95, 0.9, 0.75, 0.5)
# How many counts of accepted readings are tested, at most.
_STEPS = 50


@dataclass(frozen=True)
class Acceptance:
    """What is accepted from the confidence `threshold` on: how many, and their share of all."""

    threshold: float
    accepted: int
    errors: int
    share: float

    @property
    def error(self) -> float:
        """The share of the accepted that is wrong."""
        return self.errors / self.accepted

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of `error`, for this threshold alone and not for the best of many."""
        return binomial_interval(self.errors, self.accepted)

    @property
    def one_in(self) -> int:
        """At most one wrong in so many can be promised of them, exact, one-sided, at 95 %."""
        return int(1 / exact_upper(self.errors, self.accepted))


@dataclass(frozen=True)
class Promise:
    """Whether a rate of errors can be promised, and of what, `at`.

    `kept`: of what is accepted there. `too_few`: of nothing, as there are fewer than the `needed`
    without an error; `at` accepts all. `broken`: of nothing, as the surest, which are accepted `at`
    this threshold, are too often wrong.
    """

    verdict: Literal["kept", "too_few", "broken"]
    at: Acceptance
    needed: int


@dataclass(frozen=True)
class Outcome:
    """What some readings come to, copies counted once.

    `by_threshold` is of `accept_by_threshold`, `rows` are those of it that people see, all accepted
    first; `promise` is about a rate of errors.
    """

    by_threshold: pd.DataFrame
    rows: list[Acceptance]
    promise: Promise

    @classmethod
    def of(cls, predictions: pd.DataFrame, whole_photos: set[str], rate: float) -> Outcome | None:
        """Of the photos that were read whole; None where there is none."""
        accepted = accept_by_threshold(count_copies_once(score_readings(predictions, whole_photos)))
        if not len(accepted):
            return None
        return cls(accepted, tabulate(accepted), find_promise(accepted, rate))


def score_readings(predictions: pd.DataFrame, whole_photos: set[str]) -> pd.DataFrame:
    """A row for each of `whole_photos`: whether all of its digits are right, and the confidence.

    A reading is as sure as the least sure of its digits: unlike the product, the minimum does not
    fall with the number of digits, and it does not need their errors to be independent. `group` is
    that of the photo's copies.
    """
    whole = predictions[predictions["photo"].isin(whole_photos)]
    digits = pd.DataFrame(
        {
            "photo": whole["photo"],
            "right": whole["predicted"] == whole["actual"],
            "confidence": whole["confidence"],
            "group": whole["group"],
        }
    )
    readings = digits.groupby("photo").agg({"right": "all", "confidence": "min", "group": "first"})
    return readings.astype({"right": bool})


def count_copies_once(readings: pd.DataFrame) -> pd.DataFrame:
    """One row for each group of `readings`, which are copies and no further evidence.

    It is wrong where one of them is, and as sure as the surest of those; else as the surest of all.
    """
    ordered = readings.sort_values(["right", "confidence"], ascending=[True, False], kind="stable")
    return ordered.groupby("group")[["right", "confidence"]].first()


def accept_by_threshold(scored: pd.DataFrame) -> pd.DataFrame:
    """What is accepted from each confidence on, the highest first.

    `scored` has the columns right and confidence. Returns the columns threshold, accepted, errors:
    so many have at least that confidence, and so many of them are wrong.
    """
    by_confidence = (~scored["right"].astype(bool)).groupby(scored["confidence"])
    each = by_confidence.agg(["size", "sum"]).sort_index(ascending=False).cumsum()
    return pd.DataFrame(
        {
            "threshold": each.index.to_numpy(dtype=float),
            "accepted": each["size"].to_numpy(dtype=int),
            "errors": each["sum"].to_numpy(dtype=int),
        }
    )


def find_promise(accepted: pd.DataFrame, rate: float) -> Promise:
    """From which confidence on it can be promised, at 95 %, that at most a share `rate` is wrong.

    `accepted` is of `accept_by_threshold`, of one reading at least. Learn then Test with a fixed
    sequence (Angelopoulos et al. 2021, arXiv 2110.01052): from the fewest that could show it
    without an error up to all, in 50 steps that do not depend on what is wrong, each is tested by
    `exact_upper` until one fails, so that a false promise is made in 5 % of cases at most.
    """
    counts = accepted["accepted"].to_numpy()
    needed, total = fewest_without_error(rate), int(counts[-1])
    if total < needed:
        return Promise("too_few", _at(accepted, len(counts) - 1), needed)
    steps = np.linspace(needed, total, _STEPS).round().astype(int)
    places = [int(place) for place in np.searchsorted(counts, steps)]
    kept = None
    for place in dict.fromkeys(places):
        tested = _at(accepted, place)
        if exact_upper(tested.errors, tested.accepted) > rate:
            break
        kept = tested
    if kept is None:
        return Promise("broken", _at(accepted, places[0]), needed)
    return Promise("kept", kept, needed)


def tabulate(accepted: pd.DataFrame) -> list[Acceptance]:
    """The rows of `accept_by_threshold` at which all, 99, 95, 90, 75 and 50 % are accepted."""
    counts = accepted["accepted"].to_numpy()
    if not len(counts):
        return []
    places = np.searchsorted(counts, [share * counts[-1] for share in _SHARES])
    return [_at(accepted, int(place)) for place in dict.fromkeys(places)]


def _at(accepted: pd.DataFrame, place: int) -> Acceptance:
    row = accepted.iloc[place]
    count = int(row["accepted"])
    share = count / int(accepted["accepted"].iloc[-1])
    return Acceptance(float(row["threshold"]), count, int(row["errors"]), share)
