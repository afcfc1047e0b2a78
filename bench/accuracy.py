"""Seconds to the final accuracy of the guidebook's recipe, and errors at the end, over seeds."""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.guidebook import Recipe
from bench.process import Processes, row
from bench.workplace import make_workplace
from pipeline.contracts import LISTS, read_list


def accuracy(folder: Path, processes: Processes, options: argparse.Namespace) -> Iterator[str]:
    """Rows on the seconds to the recipe's final accuracy, and on the errors at the end."""
    name = options.photos.resolve().name if options.photos else "drawn"
    theirs: list[float] = []
    ours: list[float] = []
    errors: dict[str, list[int]] = {"ours": [], "recipe": []}
    for seed in range(options.seeds):
        own = make_workplace(folder / name, options.photos, seed=seed)
        # The recipe cuts to the box itself.
        tight = make_workplace(folder / f"{name}-tight", own / "raw", margin=0, seed=seed)
        assert read_list(own / LISTS["valid"]) == read_list(tight / LISTS["valid"])
        stop = Recipe.epochs if options.full else options.epochs
        timed = processes.trial(tight, "guidebook_run", seed=seed, stop=stop)
        default = processes.trial(own, "our_run", seed=seed, recipe=False)
        final = timed["errors"]
        if not options.full:
            precision = options.recipe_precision
            recipe = processes.trial(tight, "our_run", seed=seed, recipe=True, precision=precision)
            final = recipe["errors"][-1]
        theirs.append(whole_seconds(timed))
        ours.append(seconds_to(final, default))
        errors["recipe"].append(final)
        errors["ours"].append(default["errors"][-1])
        validation = default["validation"]
    how = "run" if options.full else f"computed from {options.epochs} epochs"
    yield row(
        f"{name}: seconds to the recipe's final accuracy, median of {options.seeds} seeds",
        statistics.median(ours), f"its 100 epochs, {how}", statistics.median(theirs), 15,
        fewer=True,
    )  # fmt: skip
    shown = {
        side: f"{statistics.mean(of):.1f} ({min(of)} to {max(of)})" for side, of in errors.items()
    }
    where = "the guidebook's loop" if options.full else f"our loop, {options.recipe_precision}"
    yield (
        f"| {name}: errors of {validation} validation digits at the end, mean (range) of "
        f"{options.seeds} seeds | {shown['ours']} | the recipe in {where}: {shown['recipe']} | | "
        "no more |"
    )


def whole_seconds(timed: dict[str, Any]) -> float:
    """Seconds of all epochs of the recipe in the guidebook's loop, from those that were timed."""
    epochs = Recipe.epochs
    epoch = [sum(pair) for pair in zip(timed["train_seconds"], timed["valid_seconds"], strict=True)]
    return float(sum(epoch) if len(epoch) == epochs else epochs * statistics.median(epoch))


def seconds_to(errors: int, run: dict[str, Any]) -> float:
    """Seconds until a run makes no more than so many errors for good; infinite if it never does."""
    reached = float("inf")
    for seconds, found in zip(reversed(run["seconds"]), reversed(run["errors"]), strict=True):
        if found > errors:
            break
        reached = seconds
    return reached
