"""How much can go through unseen: what is accepted at a confidence, and how much of it is wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from pipeline.reporting.intervals import fewest_without_error, wilson

# Of the most confident, this share is accepted: the lines of the page's table.
_SHARES = (1.0, 0.99, 0.95, 0.9, 0.75, 0.5)


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
    return digits.groupby("photo").agg({"right": "all", "confidence": "min"})


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


def find_threshold(accepted: pd.DataFrame, rate: float) -> dict[str, Any]:
    """The lowest confidence from which on at most a share of `rate` is wrong.

    `accepted` is of `accept_by_threshold`. Returns the verdict, and where there is a threshold its
    row with the error's interval: `proven` where the whole interval is within `rate`; `too_few`
    where only what was seen is, with the number `needed` to tell; `none` where not even that is.
    """
    errors, counts = accepted["errors"].to_numpy(), accepted["accepted"].to_numpy()
    highs = np.array([wilson(*pair)[1] for pair in zip(errors, counts, strict=True)])
    for verdict, within in (("proven", highs <= rate), ("too_few", errors <= rate * counts)):
        if within.any():
            place = int(np.flatnonzero(within)[-1])
            return {"verdict": verdict, "needed": fewest_without_error(rate)} | _row(
                accepted, place
            )
    return {"verdict": "none"}


def tabulate(accepted: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of `accept_by_threshold` at which all, 99, 95, 90, 75 and 50 % are accepted."""
    counts = accepted["accepted"].to_numpy()
    if not len(counts):
        return []
    places = np.searchsorted(counts, [share * counts[-1] for share in _SHARES])
    return [_row(accepted, int(place)) for place in dict.fromkeys(places)]


def _row(accepted: pd.DataFrame, place: int) -> dict[str, Any]:
    row = accepted.iloc[place]
    count, errors = int(row["accepted"]), int(row["errors"])
    low, high = wilson(errors, count)
    return {
        "threshold": float(row["threshold"]), "accepted": count, "errors": errors,
        "share": count / int(accepted["accepted"].iloc[-1]),
        "error": errors / count, "low": low, "high": high,
    }  # fmt: skip
