"""Errors against steps of training: python -m bench.budget FOLDER OUT.csv [--sizes …] [--seeds …]

FOLDER is a workplace whose data stages have run (`digits sample raw --photos 3894 --digits 27237`).
Of its training digits, photo after photo, the first ones are taken; all of its validation digits
are read after each training. Every training is a whole one of its own, its rate down to 0 at
its end. A row is written as soon as it is known, and one that is there already is not run again.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import torch
from matplotlib.figure import Figure

from pipeline.contracts import DIGITS, LISTS, read_list, read_stats
from pipeline.learning.digit_reader import predict
from pipeline.learning.hardware import Hardware, prepare_hardware
from pipeline.learning.inputs import Digits
from pipeline.learning.loop import train
from pipeline.learning.run import Run
from pipeline.params import Params, load_params
from pipeline.runtime.command import make_parser
from pipeline.train import make_reader


class Trial(NamedTuple):
    """A training: on so many digits, from the base model or from nothing, so many epochs."""

    digits: int
    init: str
    epochs: int
    seed: int


# From nothing, as params.yaml says: a higher rate.
RATES = {"base": 0.001, "nothing": 0.002}
COLUMNS = [*Trial._fields, "steps", "wrong", "wrong_photos", "seconds"]


def main() -> None:
    """Run what is asked for and not yet there, a row each."""
    options = parse_options()
    if options.draw:
        draw(pd.read_csv(options.out), options.draw)
        return
    os.chdir(options.folder)
    params = load_params()
    hardware = prepare_hardware(params.train, params.machine)
    every = {side: load(path, params, hardware) for side, path in LISTS.items()}
    for trial in trials(options):
        if trial not in finished(options.out):
            row = run(trial, every, params, hardware)
            with options.out.open("a", newline="") as file:
                csv.writer(file).writerow(row)
            sys.stderr.write(f"{dict(zip(COLUMNS, row, strict=True))}\n")


def parse_options() -> argparse.Namespace:
    """The command's options."""
    parser = make_parser("bench.budget", __doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1365, 5000, 21789])
    parser.add_argument("--init", choices=RATES, nargs="+", default=list(RATES))
    parser.add_argument("--epochs", type=int, nargs="+", default=[1, 2, 3, 5, 10])
    parser.add_argument("--draw", type=Path, metavar="PNG", help="train nothing, draw the table")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    options = parser.parse_args()
    options.out = options.out.absolute()
    return options


def trials(options: argparse.Namespace) -> Iterator[Trial]:
    """Every combination that is asked for, by the number of digits."""
    for size in options.sizes:
        for seed in options.seeds:
            for init in options.init:
                for epochs in options.epochs:
                    yield Trial(size, init, epochs, seed)


def finished(out: Path) -> set[Trial]:
    """What has a row already."""
    if not out.exists():
        out.write_text(",".join(COLUMNS) + "\n")
    with out.open(newline="") as file:
        return {
            Trial(int(row["digits"]), row["init"], int(row["epochs"]), int(row["seed"]))
            for row in csv.DictReader(file)
        }


class Side(NamedTuple):
    """The digits of a side, and the photo of each."""

    digits: Digits
    photos: list[str]


def load(path: Path, params: Params, hardware: Hardware) -> Side:
    """The digits of a list, photo after photo."""
    photo_of = {row.file: row.photo for row in DIGITS.read()}
    files = sorted(read_list(path), key=photo_of.__getitem__)
    digits = Digits.load(files, params.train.input_size, hardware, params.machine)
    return Side(digits, [photo_of[file] for file in files])


def run(trial: Trial, every: dict[str, Side], params: Params, hardware: Hardware) -> list[object]:
    """A row: the trial, its steps, digits read wrong, photos with such, seconds."""
    training = every["train"].digits.subset(torch.arange(len(every["train"].photos)) < trial.digits)
    validation, photos = every["valid"]
    few = Digits(validation.images[:1], validation.classes[:1])
    its = params.train.model_copy(
        update={
            "epochs": trial.epochs, "enough_steps": None, "seed": trial.seed,
            "lr": RATES[trial.init], "init": "base" if trial.init == "base" else None,
        }
    )  # fmt: skip
    reader = make_reader(*read_stats(), its)
    start = time.perf_counter()
    steps = sum(
        -(-len(training) // its.batch_size)
        for _ in train(reader, training, few, Run(its, hardware))
    )
    seconds = time.perf_counter() - start
    wrong = predict(reader, validation.images, hardware).argmax(1) != validation.classes
    where = sorted({photos[i] for i in wrong.nonzero().flatten().tolist()})
    return [*trial, steps, int(wrong.sum()), " ".join(where), round(seconds, 1)]


def draw(table: pd.DataFrame, path: Path) -> None:
    """Digits read wrong by steps: a dot a training, a line through the means of a size."""
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    starts = [start for start in RATES if start in set(table["init"])]
    for axes, start in zip(figure.subplots(1, len(starts), squeeze=False)[0], starts, strict=True):
        for number, (digits, rows) in enumerate(table[table["init"] == start].groupby("digits")):
            means = rows.groupby("steps")["wrong"].mean()
            axes.plot(means.index, means, color=f"C{number}", label=f"{digits:,} digits")
            axes.plot(rows["steps"], rows["wrong"], ".", color=f"C{number}", alpha=0.5)
        axes.set(xscale="log", xlabel="steps of 32 digits", title=f"from {start}", ylim=0)
        axes.set_ylabel("validation digits read wrong")
        axes.grid(alpha=0.3, which="both")
        axes.legend()
    figure.savefig(path, dpi=110, metadata={"Software": None})


if __name__ == "__main__":
    main()
