"""Which digits are taken for which, and how alike the two are on a seven-segment display."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pandas as pd

from pipeline.drawing.segments import LIT
from pipeline.images.digits import CLASSES


def count_confusion(predictions: pd.DataFrame) -> pd.DataFrame:
    """Counts (10, 10) of each actual digit (rows) by predicted digit (columns)."""
    counts = pd.crosstab(predictions["actual"], predictions["predicted"])
    return counts.reindex(index=list(CLASSES), columns=list(CLASSES), fill_value=0)


def segments_apart(one: str, other: str) -> int:
    """How many of the seven segments are lit in one digit and not in the other."""
    return len(set(LIT[one]) ^ set(LIT[other]))


def group_by_segments(confusion: pd.DataFrame) -> list[dict[str, Any]]:
    """Misread digits by how many segments the two are apart, the most alike first.

    Returns for each number of segments `apart` how many pairs of digits are so alike (`possible`),
    how many digits were misread so (`count`), and each actual and predicted digit that occurs with
    its count, the most frequent first (`cases`).
    """
    groups: dict[int, dict[str, Any]] = {}
    for one, other in combinations(CLASSES, 2):
        apart = segments_apart(one, other)
        group = groups.setdefault(apart, {"apart": apart, "possible": 0, "count": 0, "cases": []})
        group["possible"] += 1
        for actual, predicted in ((one, other), (other, one)):
            if count := int(confusion.loc[actual, predicted]):  # type: ignore[arg-type]
                group["count"] += count
                group["cases"].append({"actual": actual, "predicted": predicted, "count": count})
    for group in groups.values():
        group["cases"].sort(key=lambda case: -case["count"])
    return [groups[apart] for apart in sorted(groups)]
