"""Images a second: of the whole loop, of the bare network, and of the input side alone."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import Any

from bench.machine import make_environment
from bench.process import Processes, row
from bench.workplace import make_workplace
from pipeline.contracts import LISTS, read_list, read_stats

BATCH = {"side": 64, "batch_size": 128}
# Images a second, as a multiple of the guidebook's.
ASKED = {"resnet8": 4, "resnet20": 3}


def throughput(folder: Path, processes: Processes, options: argparse.Namespace) -> Iterator[str]:
    """Rows on images a second, memory, and how near to the bare network and the machine."""
    workplace = make_workplace(folder / "drawn", None)
    fastai = (
        None if options.no_fastai else make_environment(folder / "fastai", "fastai", on_ours=True)
    )
    for model, asked in ASKED.items():
        rounds = [
            measure(workplace, processes, fastai, model, options.digits)
            for _ in range(options.rounds)
        ]
        speed, memory, on_gpu, flops = (
            {name: median(of[name].get(figure, 0) for of in rounds) for name in rounds[0]}
            for figure in ("images_per_second", "memory", "memory_on_gpu", "flops")
        )
        what = f"{model}, 64 px, batch 128, images/s"
        for name in ("augmented", "plain"):
            yield row(f"{what}, {name}", speed[name], "guidebook", speed["guidebook"], asked)
        if fastai:
            yield row(f"{what}, plain", speed["plain"], "fastai", speed["fastai"], 2)
        bare = speed["bare"]
        yield row(f"{what}, augmented", speed["augmented"], "bare forward + backward", bare, 0.95)
        own = flops["bare"] * speed["augmented"] / 1e9
        yield row(f"{model}, GFLOP/s", own, "bf16 matrix product", flops["matrix product"] / 1e9)
        yield row(f"{model}, peak MB", memory["augmented"], "guidebook", memory["guidebook"])
        if on_gpu["augmented"]:
            what = f"{model}, peak MB on the GPU"
            yield row(what, on_gpu["augmented"], "guidebook", on_gpu["guidebook"])


def measure(
    workplace: Path, processes: Processes, fastai: Path | None, model: str, count: int
) -> dict[str, dict[str, Any]]:
    """One round: each loop on the same digits and batch, the bare network, the machine."""
    settings = {"model": model, "count": count, **BATCH}
    found = {
        "guidebook": processes.trial(workplace, "guidebook_speed", **settings),
        "augmented": processes.trial(workplace, "our_speed", augmented=True, **settings),
        "bare": processes.trial(workplace, "bare_speed", **settings),
        "plain": processes.trial(workplace, "our_speed", augmented=False, **settings),
        "matrix product": processes.trial(workplace, "matrix_product"),
    }
    if fastai:
        mean, std = read_stats(workplace / "data/stats.json")
        listed = read_list(workplace / LISTS["train"])
        files = list(islice(cycle(listed), count))
        peer = {"model": model, "files": files, "mean": mean, "std": std, **BATCH}
        found["fastai"] = processes.peer(workplace, fastai, peer)
    return found


def input_side(folder: Path, processes: Processes, rounds: int) -> Iterator[str]:
    """Rows on the input side alone, with its parts."""
    workplace = make_workplace(folder / "drawn", None)
    for side, augmented in ((64, True), (32, True), (64, False), (32, False)):
        settings = {"side": side, "batch_size": 128, "augmented": augmented}
        trials = [processes.trial(workplace, "input_speed", **settings) for _ in range(rounds)]
        for part in ("images_per_second", "index and scale", "augment", "normalise"):
            whole = part == "images_per_second"
            what = f"input side, {side} px, {'' if augmented else 'not '}augmented, images/s a core"
            value = median(trial[part] for trial in trials)
            name = what if whole else f"… {part} alone"
            if whole or part != "augment" or augmented:
                yield f"| {name} | {value:,.0f} | | | {'40,000' if whole else ''} |"
