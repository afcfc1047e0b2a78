"""Which photos are a reading: those whose every digit is known and was read."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from pipeline.annotations.reasons import EXPECTED
from pipeline.messages import mark

LEFT_OUT = mark(
    "Left out of the readings: {count} photos. A label or box on each was rejected, which may be a "
    "digit."
)
# What is rejected for these reasons is no digit that is missing: labels that nobody wants read, and
# second boxes on a digit whose first one is used.
_NO_DIGIT = EXPECTED | {"duplicate_box"}


@dataclass(frozen=True)
class Whole:
    """The photos that are a reading, and those `left_out` since an object of theirs was rejected.

    That object may have been a digit, without which what was read is not what the photo shows.
    """

    photos: set[str]
    left_out: set[str]


def find_whole(digits: pd.DataFrame, read: pd.DataFrame, problems: pd.DataFrame) -> Whole:
    """Of photos with all of their usable `digits` among those `read`, which are a reading.

    Both have the columns photo and xml; `problems` are rows of problems.csv.
    """
    there, known = digits["photo"].value_counts(), read["photo"].value_counts()
    complete = set(known.index[known == there[known.index]])
    lost = problems[
        (problems["verdict"] == "rejected")
        & (problems["object"] != "")
        & ~problems["reason"].isin(_NO_DIGIT)
    ]
    left_out = set(read["photo"][read["xml"].isin(lost["file"])]) & complete
    return Whole(complete - left_out, left_out)
