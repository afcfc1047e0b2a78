"""The findings of the guidebook's figures, each as a difference between two combinations.

studies/results -> studies/comparisons.csv
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import pandas as pd

from pipeline.reporting.intervals import difference_interval

# What a result has, as studies/results/*.json holds it.
Result = Mapping[str, Any]


@dataclass(frozen=True)
class Comparison:
    """How many more validation digits `one` reads right than `other`, as a share of all.

    Both were trained from the same seeds, whose means are compared. `low` and `high` are the 95 %
    interval by photo; in `seeds_for` of `seeds` pairs of trainings, `one` was better.
    """

    figure: int
    one: str
    other: str
    difference: float
    low: float
    high: float
    seeds_for: int
    seeds: int


def compare_all(results: Sequence[Result]) -> pd.DataFrame:
    """Each finding of figures 24 to 26 whose trainings are there."""
    return pd.DataFrame(map(asdict, _findings(results)), columns=list(Comparison.__annotations__))


def _findings(results: Sequence[Result]) -> Iterator[Comparison]:
    small = [its for its in results if its["model"] == "resnet8"]
    cosine = [its for its in small if its["scheduler"] == "cosine"]
    sgd, adam = ([its for its in cosine if its["optimizer"] == name] for name in ("sgd", "adam"))
    by_rate = _by(sgd, "lr")
    yield from _compare(24, {"sgd": _best(sgd)}, {"adam": _best(adam)})
    rates = sorted(by_rate, reverse=True)
    for higher, lower in pairwise(rates):
        yield from _compare(
            24, {f"sgd {higher}": by_rate[higher]}, {f"sgd {lower}": by_rate[lower]}
        )
    depth = _by(
        [i for i in results if (i["optimizer"], i["lr"], i["scheduler"]) == _FIXED], "model"
    )
    for deep, shallow in (("resnet14", "resnet8"), ("resnet20", "resnet14")):
        if deep in depth and shallow in depth:
            yield from _compare(25, {deep: depth[deep]}, {shallow: depth[shallow]})
    schedules = _by([its for its in small if its["optimizer"] == "sgd"], "scheduler")
    for rate in rates[:2]:
        at = {name: _by(its, "lr").get(rate, []) for name, its in schedules.items()}
        for other in ("poly", "exponential"):
            one = {f"cosine {rate}": at.get("cosine", [])}
            yield from _compare(26, one, {f"{other} {rate}": at.get(other, [])})


_FIXED = ("sgd", 0.1, "cosine")


def _by(results: Sequence[Result], key: str) -> dict[Any, list[Result]]:
    """Results by the value of one of their settings."""
    found: dict[Any, list[Result]] = {}
    for its in results:
        found.setdefault(its[key], []).append(its)
    return found


def _best(results: Sequence[Result]) -> list[Result]:
    """Those at the rate that reads best."""
    by_rate = _by(results, "lr").values()
    return max(by_rate, key=_accuracy, default=[])


def _accuracy(results: Sequence[Result]) -> float:
    return sum(float(its["valid_accuracy"]) for its in results) / len(results)


def _compare(
    figure: int, one: Mapping[str, Sequence[Result]], other: Mapping[str, Sequence[Result]]
) -> Iterator[Comparison]:
    """The comparison of two named combinations, where seeds of both are there."""
    (name, ours), (its_name, theirs) = *one.items(), *other.items()
    seeds = {its["seed"]: its for its in theirs}
    pairs = [(its, seeds[its["seed"]]) for its in ours if its["seed"] in seeds]
    if not pairs:
        return
    counts = (
        pd.DataFrame(
            [
                (photo, right - its["photos"][photo][0], there)
                for ours_, its in pairs
                for photo, (right, there) in ours_["photos"].items()
            ],
            columns=["photo", "gain", "digits"],
        )
        .groupby("photo")
        .sum()
    )
    low, high = difference_interval(counts["gain"], counts["digits"])
    gains = [
        sum(r - its["photos"][p][0] for p, (r, _) in ours_["photos"].items())
        for ours_, its in pairs
    ]
    yield Comparison(
        figure,
        name,
        its_name,
        round(counts["gain"].sum() / counts["digits"].sum(), 6),
        low,
        high,
        sum(gain > 0 for gain in gains),
        len(gains),
    )
