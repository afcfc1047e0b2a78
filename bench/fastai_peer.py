"""Images a second of fastai with the same network, size and batch: one JSON object in, one out.

Runs in an environment of its own, which `bench.train` makes.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import torch
from fastai.callback.core import Callback
from fastai.data.transforms import parent_label
from fastai.learner import Learner
from fastai.losses import CrossEntropyLossFlat
from fastai.optimizer import SGD
from fastai.vision.augment import Resize, ResizeMethod
from fastai.vision.data import ImageDataLoaders, Normalize

from bench.memory import peak_memory
from pipeline.learning.networks import build


class Clock(Callback):
    """Notes the seconds that each epoch's training took."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def before_train(self) -> None:
        """An epoch's training begins."""
        self.start = time.perf_counter()

    def after_train(self) -> None:
        """It has ended."""
        self.seconds.append(time.perf_counter() - self.start)


def main() -> None:
    """Train an epoch to warm up and one to be timed."""
    settings = json.loads(sys.argv[1])
    files = [Path("data/digits") / file for file in settings["files"]]
    loaders = ImageDataLoaders.from_path_func(
        Path("data/digits"), files, parent_label, valid_pct=0, seed=0, num_workers=0,
        bs=settings["batch_size"], item_tfms=Resize(settings["side"], ResizeMethod.Squish),
        batch_tfms=Normalize.from_stats(settings["mean"], settings["std"], cuda=False),
        device=torch.device("cuda" if torch.cuda.is_available() else "cpu"),
    )  # fmt: skip
    clock = Clock()
    learner = Learner(
        loaders, build(settings["model"], 10, seed=0), CrossEntropyLossFlat(), opt_func=SGD,
        lr=0.1, moms=(0.9, 0.9, 0.9), wd=5e-4, cbs=clock,
    )  # fmt: skip
    with learner.no_logging():
        learner.fit(2)
    steps = len(files) // settings["batch_size"]  # it drops the last, smaller batch
    answer = {
        "images_per_second": steps * settings["batch_size"] / clock.seconds[-1],
        "memory": peak_memory(),
    }
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
