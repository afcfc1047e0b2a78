"""The learning rate as a pure function of how far training has come."""

from __future__ import annotations

import math
from collections.abc import Callable

from pipeline.params import TrainParams

SCHEDULES: dict[str, Callable[[float, int], float]] = {
    "cosine": lambda epoch, epochs: (1 + math.cos(math.pi * epoch / epochs)) / 2,
    "poly": lambda epoch, epochs: float((1 - epoch / epochs) ** 0.9),
    "exponential": lambda epoch, epochs: float(0.99**epoch),
}


def fit_epochs(params: TrainParams, digits: int) -> TrainParams:
    """`params` with the epochs that so many training digits get.

    None but the first begins when `params.enough_steps` are done.
    """
    if params.enough_steps is None:
        return params
    steps = math.ceil(digits / params.batch_size)
    enough = math.ceil(params.enough_steps / steps)
    return params.model_copy(update={"epochs": min(params.epochs, enough)})


def learning_rate(params: TrainParams, epoch: float) -> float:
    """The rate at `epoch`, 0 to `params.epochs`, in fractions within an epoch.

    `params.lr` times the schedule, times a linear rise over the first `params.warmup_epochs`, but
    no more than a tenth of all.
    """
    rate = params.lr * SCHEDULES[params.scheduler](epoch, params.epochs)
    warmup = min(params.warmup_epochs, params.epochs / 10)
    return rate * epoch / warmup if epoch < warmup else rate
