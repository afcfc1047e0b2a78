"""How much can go through unseen: what is accepted at a confidence, and how much of it is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from pipeline.reporting.intervals import fewest_without_error, wilson

# Of the most confident, this share is accepted: the lines of the page's table.
_SHARES = (1.0, 0.99, 0.95, 0.9, 0.75, 0.5)


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
        """The 95 % interval of `error`."""
        return wilson(self.errors, self.accepted)


@dataclass(frozen=True)
class Decision:
    """Which threshold keeps the errors within a rate, and how sure that is.

    `proven`: the whole interval of the error is within the rate. `too_few`: only the error seen is;
    `needed` without any would prove it. `none`: not even that, and there is no threshold `at`.
    """

    verdict: Literal["proven", "too_few", "none"]
    at: Acceptance | None
    needed: int


def score_readings(predictions: pd.DataFrame, whole_photos: set[str]) -> pd.DataFrame:
    """A row for each of `whole_photos`: whether all of its digits are right, and the confidence.

    A reading is as sure as the least sure of its digits: unlike the product, the minimum does not
    fall with the number of digits, and it does not need their errors to be independent.
    """
    whole = predictions[predictions["photo"].isin(whole_photos)]
    digits = pd.DataFrame(
        {
            "photo": whole["photo"],
            "right": whole["predicted"] == whole["actual"],
            "confidence": whole["confidence"],
        }
    )
    readings = digits.groupby("photo").agg({"right": "all", "confidence": "min"})
    return readings.astype({"right": bool})


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


def find_threshold(accepted: pd.DataFrame, rate: float) -> Decision:
    """The lowest confidence from which on at most a share of `rate` is wrong.

    `accepted` is of `accept_by_threshold`.
    """
    needed = fewest_without_error(rate)
    errors, counts = accepted["errors"].to_numpy(), accepted["accepted"].to_numpy()
    highs = np.array([wilson(*pair)[1] for pair in zip(errors, counts, strict=True)])
    if (proven := highs <= rate).any():
        return Decision("proven", _at(accepted, int(np.flatnonzero(proven)[-1])), needed)
    if (seen := errors <= rate * counts).any():
        return Decision("too_few", _at(accepted, int(np.flatnonzero(seen)[-1])), needed)
    return Decision("none", None, needed)


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
