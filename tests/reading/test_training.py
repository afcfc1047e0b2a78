"""Training goes on after it was stopped as if nothing had been."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from pipeline.learning.hardware import Hardware
from pipeline.learning.resume import KeptState
from pipeline.reading.training import Classroom, Lessons, learn

CPU = Hardware(torch.device("cpu"), torch.float32)
LESSONS = Lessons("test", 120, 8, 0.05, 3)


class Stopped(Exception):  # noqa: N818 - it is no defect
    """As a killed process."""


def network():
    """A network with batch norm, whose figures are kept too."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 1))


def draw(rng, count):
    """A batch whose targets follow from its inputs."""
    inputs = torch.from_numpy(rng.normal(size=(count, 4)).astype("float32"))
    return inputs, inputs.sum(1, keepdim=True)


def run(kept=None, stop_at=None):
    """Weights after training, which is stopped before a step if asked to."""
    steps = iter(range(10**6))

    def loss(learner, batch):
        if next(steps) == stop_at:
            raise Stopped
        return (learner(batch[0]) - batch[1]).square().mean()

    average = learn(network(), draw, loss, LESSONS, Classroom(CPU, kept=kept))
    return average.state_dict()


@pytest.mark.parametrize("stop_at", [0, 49, 50, 75, 119])
def test_a_stopped_run_ends_as_an_undisturbed_one(tmp_path, stop_at):
    """To the last bit, wherever it was stopped."""
    kept = KeptState(tmp_path / "state.pt", [b"test"])
    with pytest.raises(Stopped):
        run(kept, stop_at)
    again, undisturbed = run(kept), run()
    assert all(torch.equal(value, undisturbed[name]) for name, value in again.items())


def test_it_learns():
    """A sum is learnt in 120 steps."""
    learnt = network()
    learnt.load_state_dict(run())
    inputs = torch.randn(200, 4, generator=torch.Generator().manual_seed(1))
    wanted = inputs.sum(1, keepdim=True)
    error = (learnt.eval()(inputs) - wanted).square().mean()
    assert error < 0.25 * wanted.var()


def test_the_state_of_another_run_is_left_alone(tmp_path):
    """A run that depends on something else begins anew."""
    with pytest.raises(Stopped):
        run(KeptState(tmp_path / "state.pt", [b"test"]), 75)
    other = KeptState(tmp_path / "state.pt", [b"another"])
    assert other.read() is None
