"""The guidebook's findings as differences between combinations, on the same validation photos.

studies/results, studies/params.yaml -> studies/comparisons.csv
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from pipeline.reporting.intervals import difference_interval
from pipeline.runtime.command import make_parser, run
from pipeline.runtime.files import write_file
from studies.draw import load_trainings

_FOLDER = Path("studies")


class Combination(NamedTuple):
    """What a finding speaks of, by name, and its trainings: rows of `load_trainings`."""

    name: str
    trainings: pd.DataFrame


@dataclass(frozen=True)
class Comparison:
    """How many more of the validation digits `one` reads right than `other`, as a share of all.

    Trainings of one seed are compared, and all seeds' digits counted together. `low` and `high` are
    the 95 % interval by photo; of `seeds` pairs, `one` was better in `seeds_for`. The best rate of
    an optimizer was chosen on the same digits, which no interval knows.
    """

    figure: int
    one: str
    other: str
    difference: float
    low: float
    high: float
    seeds_for: int
    seeds: int


def main() -> None:
    """Load the trainings there are, compare, save the table."""
    make_parser("studies.compare", __doc__).parse_args()
    trainings = load_trainings(_FOLDER)
    found = find_all(trainings[trainings["part"] == "budget"])
    table = pd.DataFrame(map(asdict, found), columns=list(Comparison.__annotations__))
    content = table.to_csv(index=False, lineterminator="\n").encode("utf-8")
    write_file(_FOLDER / "comparisons.csv", content)


def find_all(grid: pd.DataFrame) -> Iterator[Comparison]:
    """Every finding of figures 24 to 26 whose trainings are there."""
    for figure, one, other in (*_optimizers(grid), *_depths(grid), *_schedules(grid)):
        if comparison := compare(figure, one, other):
            yield comparison


Pair = tuple[int, Combination, Combination]


def _optimizers(grid: pd.DataFrame) -> Iterator[Pair]:
    rows = grid[(grid["model"] == "resnet8") & (grid["scheduler"] == "cosine")]
    sgd, adam = (
        [
            Combination(f"{name} {rate}", its)
            for rate, its in rows[rows["optimizer"] == name].groupby("lr")
        ]
        for name in ("sgd", "adam")
    )
    if sgd and adam:
        yield 24, max(sgd, key=_accuracy), max(adam, key=_accuracy)
    for lower, higher in pairwise(sgd):
        yield 24, higher, lower


def _depths(grid: pd.DataFrame) -> Iterator[Pair]:
    rows = grid[
        (grid["optimizer"] == "sgd") & (grid["lr"] == 0.1) & (grid["scheduler"] == "cosine")
    ]
    by_depth = [
        Combination(name, rows[rows["model"] == name])
        for name in ("resnet8", "resnet14", "resnet20")
    ]
    for shallow, deep in pairwise(by_depth):
        yield 25, deep, shallow


def _schedules(grid: pd.DataFrame) -> Iterator[Pair]:
    rows = grid[(grid["model"] == "resnet8") & (grid["optimizer"] == "sgd")]
    for rate in (0.1, 0.01):
        cosine, poly, exponential = (
            Combination(f"{name} {rate}", rows[(rows["scheduler"] == name) & (rows["lr"] == rate)])
            for name in ("cosine", "poly", "exponential")
        )
        yield 26, cosine, poly
        yield 26, cosine, exponential


def _accuracy(combination: Combination) -> float:
    return float(combination.trainings["valid_accuracy"].mean())


def compare(figure: int, one: Combination, other: Combination) -> Comparison | None:
    """Two combinations, from what both were trained with: None where no seed is."""
    pairs = one.trainings.merge(other.trainings, on="seed")[["photos_x", "photos_y"]]
    # Half retrained after photos came, a study has results of two splits.
    pairs = pairs[[ours.keys() == theirs.keys() for ours, theirs in pairs.itertuples(index=False)]]
    if pairs.empty:
        return None
    rows = [
        (seed, photo, right - theirs[photo][0], there)
        for seed, (ours, theirs) in enumerate(pairs.itertuples(index=False))
        for photo, (right, there) in ours.items()
    ]
    gains = pd.DataFrame(rows, columns=["seed", "photo", "gain", "digits"])
    by_photo = gains.groupby("photo")[["gain", "digits"]].sum()
    low, high = difference_interval(by_photo["gain"], by_photo["digits"])
    return Comparison(
        figure, one.name, other.name, round(gains["gain"].sum() / gains["digits"].sum(), 6),
        low, high, int((gains.groupby("seed")["gain"].sum() > 0).sum()), len(pairs),
    )  # fmt: skip


if __name__ == "__main__":
    run(main)
