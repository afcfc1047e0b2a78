"""Whole runs of both loops in this process: seconds, and errors at the end."""

from __future__ import annotations

import time
from typing import Any

from bench import guidebook
from bench.loops import guidebook_files, our_params
from pipeline.contracts import LISTS, read_list, read_stats
from pipeline.images.digits import CLASSES
from pipeline.learning.hardware import prepare_hardware
from pipeline.learning.inputs import Digits
from pipeline.learning.loop import train
from pipeline.learning.networks import build
from pipeline.learning.run import Run
from pipeline.params import load_params
from pipeline.train import make_reader


def guidebook_run(seed: int, stop: int) -> dict[str, Any]:
    """The guidebook's recipe in its loop, as many epochs as `stop` says."""
    recipe = guidebook.Recipe()
    network = build("resnet20", len(CLASSES), seed)
    training, validation = (guidebook_files(read_list(p), recipe.side) for p in LISTS.values())
    epochs = list(guidebook.train(network, training, validation, recipe, stop))
    return {
        "train_seconds": [epoch.train_seconds for epoch in epochs],
        "valid_seconds": [epoch.valid_seconds for epoch in epochs],
        "errors": epochs[-1].errors,
        "training": len(training),
        "validation": len(validation),
    }


def our_run(seed: int, recipe: bool, precision: str | None = None) -> dict[str, Any]:
    """A whole run of our loop, from the digit files on; seconds and errors after each epoch."""
    start = time.perf_counter()
    params = our_params(recipe, seed=seed)
    params = params.model_copy(update={"precision": precision or params.precision})
    machine = load_params().machine
    hardware = prepare_hardware(params, machine)
    training, validation = (
        Digits.load(read_list(path), params.input_size, hardware, machine)
        for path in LISTS.values()
    )
    reader = make_reader(*read_stats(), params)
    seconds, errors = [], []
    for epoch in train(reader, training, validation, Run(params, hardware)):
        seconds.append(time.perf_counter() - start)
        errors.append(round((1 - epoch.valid_accuracy) * len(validation)))
    return {
        "seconds": seconds, "errors": errors, "on": hardware.describe(),
        "training": len(training), "validation": len(validation),
    }  # fmt: skip
