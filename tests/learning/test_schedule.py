"""The learning rate by epoch."""

from __future__ import annotations

import math

import pytest
from helpers import TRAIN

from pipeline.learning.schedule import learning_rate


def rate(epoch, scheduler, lr=0.1, epochs=100, warmup_epochs=0):
    params = TRAIN.model_copy(
        update={
            "scheduler": scheduler, "lr": lr, "epochs": epochs, "warmup_epochs": warmup_epochs,
        }
    )  # fmt: skip
    return learning_rate(params, epoch)


@pytest.mark.parametrize("epoch", [0, 1, 25, 50, 75.5, 99, 100])
@pytest.mark.parametrize("lr", [0.1, 0.001])
def test_cosine_falls_to_zero_along_half_a_wave(epoch, lr):
    """lr (1 + cos(pi e / E)) / 2."""
    expected = lr * (1 + math.cos(math.pi * epoch / 100)) / 2
    assert rate(epoch, "cosine", lr) == pytest.approx(expected)


@pytest.mark.parametrize("epoch", [0, 1, 25, 50, 75.5, 99, 100])
@pytest.mark.parametrize("lr", [0.1, 0.001])
def test_poly_falls_to_zero_with_power_0_9(epoch, lr):
    """lr (1 - e / E) ** 0.9: the rate enters once."""
    assert rate(epoch, "poly", lr) == pytest.approx(lr * (1 - epoch / 100) ** 0.9)


@pytest.mark.parametrize("epoch", [0, 1, 50, 75.5, 100])
def test_exponential_keeps_99_per_cent_an_epoch(epoch):
    """lr 0.99 ** e, whatever the number of epochs."""
    assert rate(epoch, "exponential") == pytest.approx(0.1 * 0.99**epoch)
    assert rate(epoch, "exponential", epochs=200) == rate(epoch, "exponential")


@pytest.mark.parametrize("scheduler", ["cosine", "poly", "exponential"])
def test_the_rate_begins_at_lr_and_never_rises(scheduler):
    """Without a warm-up."""
    rates = [rate(epoch / 4, scheduler, epochs=10) for epoch in range(41)]
    assert rates[0] == 0.1
    assert rates == sorted(rates, reverse=True)
    assert min(rates) >= 0


@pytest.mark.parametrize("scheduler", ["cosine", "poly", "exponential"])
def test_a_warm_up_rises_in_a_line_from_zero_to_the_schedule(scheduler):
    """Half way up the rate is half of the schedule's; after it, it is the schedule's."""
    assert rate(0, scheduler, warmup_epochs=4) == 0
    assert rate(2, scheduler, warmup_epochs=4) == pytest.approx(rate(2, scheduler) / 2)
    for epoch in (4, 5, 50):
        assert rate(epoch, scheduler, warmup_epochs=4) == rate(epoch, scheduler)


def test_a_warm_up_longer_than_the_run_ends_with_it():
    """So a short trial run is not all at a rate near zero."""
    assert rate(1, "exponential", epochs=2, warmup_epochs=100) == pytest.approx(0.1 * 0.99 / 2)
