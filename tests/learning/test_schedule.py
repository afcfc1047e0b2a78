"""The learning rate by epoch."""

from __future__ import annotations

import pytest
from helpers import TRAIN
from hypothesis import given
from hypothesis import strategies as st

from pipeline.learning.schedule import fit_epochs, learning_rate


def rate(epoch, scheduler, lr=0.1, epochs=100, warmup_epochs=0):
    params = TRAIN.model_copy(
        update={
            "scheduler": scheduler, "lr": lr, "epochs": epochs, "warmup_epochs": warmup_epochs,
        }
    )  # fmt: skip
    return learning_rate(params, epoch)


@pytest.mark.parametrize(
    ("epoch", "expected"),
    [(0, 0.1), (25, 0.0853553), (50, 0.05), (75, 0.0146447), (99, 2.46720e-5), (100, 0)],
)
def test_cosine_falls_to_zero_along_half_a_wave(epoch, expected):
    """It is lr (1 + cos(pi e / E)) / 2, here worked out for 100 epochs from 0.1."""
    assert rate(epoch, "cosine") == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("epoch", "expected"),
    [(0, 0.1), (25, 0.0771891), (50, 0.0535887), (90, 0.0125893), (100, 0)],
)
def test_poly_falls_to_zero_with_power_0_9(epoch, expected):
    """It is lr (1 - e / E) ** 0.9, here worked out for 100 epochs from 0.1."""
    assert rate(epoch, "poly") == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("epoch", "expected"), [(0, 0.1), (1, 0.099), (2, 0.09801), (50, 0.0605006), (100, 0.0366032)]
)
def test_exponential_keeps_99_per_cent_an_epoch(epoch, expected):
    """It is lr 0.99 ** e, whatever the number of epochs."""
    assert rate(epoch, "exponential") == pytest.approx(expected, rel=1e-5)
    assert rate(epoch, "exponential", epochs=200) == rate(epoch, "exponential")


@pytest.mark.parametrize("scheduler", ["cosine", "poly", "exponential"])
def test_every_schedule_is_in_proportion_to_lr(scheduler):
    """The rate enters once: a tenth of it is a tenth throughout, also in `poly`."""
    assert rate(50, scheduler, lr=0.01) == pytest.approx(rate(50, scheduler) / 10)


@pytest.mark.parametrize("scheduler", ["cosine", "poly", "exponential"])
def test_the_rate_begins_at_lr_and_never_rises(scheduler):
    """Without a warm-up, it only falls."""
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


def test_a_warm_up_takes_no_more_than_a_tenth_of_the_run():
    """So a short run is not all at a rate near zero: of two epochs, 0.2 are."""
    assert rate(0.1, "exponential", epochs=2, warmup_epochs=100) == pytest.approx(0.05, rel=0.01)
    assert rate(0.2, "exponential", epochs=2, warmup_epochs=100) == rate(0.2, "exponential")


@given(
    st.integers(1, 10**6), st.integers(1, 512), st.integers(1, 100),
    st.none() | st.integers(1, 10**5),
)  # fmt: skip
def test_no_epoch_begins_after_enough_steps(digits, batch_size, epochs, enough_steps):
    """Counted one by one: but for the first, each begins before that many steps are done."""
    params = TRAIN.model_copy(
        update={"batch_size": batch_size, "epochs": epochs, "enough_steps": enough_steps}
    )
    begun, steps = 0, 0
    while begun < epochs and (not begun or enough_steps is None or steps < enough_steps):
        begun += 1
        steps += len(range(0, digits, batch_size))
    assert fit_epochs(params, digits).epochs == begun
