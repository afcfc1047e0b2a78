"""Which digits are taken for which, and how alike the two are on a seven-segment display."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import combinations

import pandas as pd

from pipeline.images.digits import CLASSES
from pipeline.images.segments import LIT


@dataclass(frozen=True)
class Mistake:
    """How many digits of one label were read as another digit."""

    actual: str
    predicted: str
    count: int


@dataclass(frozen=True)
class Likeness:
    """The mistakes between digits that are so many segments `apart`, the most frequent first.

    `possible` is how many pairs of digits are so alike, whether or not they were confused.
    """

    apart: int
    possible: int
    mistakes: tuple[Mistake, ...]

    @property
    def count(self) -> int:
        """How many digits were misread so."""
        return sum(its.count for its in self.mistakes)


def count_confusion(predictions: pd.DataFrame) -> pd.DataFrame:
    """Counts (10, 10) of each actual digit (rows) by predicted digit (columns)."""
    counts = pd.crosstab(predictions["actual"], predictions["predicted"])
    return counts.reindex(index=list(CLASSES), columns=list(CLASSES), fill_value=0)


def segments_apart(one: str, other: str) -> int:
    """How many of the seven segments are lit in one digit and not in the other."""
    return len(set(LIT[one]) ^ set(LIT[other]))


def group_by_segments(confusion: pd.DataFrame) -> list[Likeness]:
    """Misread digits by how many segments the two are apart, the most alike first."""
    pairs: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for one, other in combinations(CLASSES, 2):
        pairs[segments_apart(one, other)].append((one, other))
    return [
        Likeness(apart, len(pairs[apart]), _mistakes(confusion, pairs[apart]))
        for apart in sorted(pairs)
    ]


def _mistakes(confusion: pd.DataFrame, pairs: list[tuple[str, str]]) -> tuple[Mistake, ...]:
    found = [
        Mistake(actual, predicted, int(confusion.loc[actual, predicted]))  # type: ignore[arg-type]
        for one, other in pairs
        for actual, predicted in ((one, other), (other, one))
    ]
    return tuple(sorted((its for its in found if its.count), key=lambda its: -its.count))
