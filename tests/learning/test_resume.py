"""The state of an interrupted run: taken up by the same run, and by no other."""

from __future__ import annotations

import pytest
import torch
from helpers import write
from torch import nn

from pipeline.contracts import EpochRow
from pipeline.learning.resume import Unfinished, restore

EPOCHS = [EpochRow(1, 0.1, 2.0, 0.3, 1.5, 0.4, 1.0), EpochRow(2, 0.05, 1.0, 0.6, 0.9, 0.7, 1.0)]


def make(seed):
    """A network with an optimizer that has taken a step, so that it has momentum."""
    torch.manual_seed(seed)
    network = nn.Linear(3, 2)
    optimizer = torch.optim.SGD(network.parameters(), 0.1, 0.9)
    network(torch.rand(4, 3)).sum().backward()
    optimizer.step()
    return network, optimizer


def save(path, parts=(b"params", b"digits")):
    network, optimizer = make(seed=0)
    best = {"weight": torch.ones(2)}
    Unfinished(path, parts).save(EPOCHS, network, optimizer, best)
    return network, optimizer


def test_a_state_comes_back_whole(tmp_path):
    """Epochs, best weights, weights and momentum are those that were saved."""
    saved, its_optimizer = save(tmp_path / "models/.unfinished.pt")
    network, optimizer = make(seed=1)
    state = Unfinished(tmp_path / "models/.unfinished.pt", [b"params", b"digits"]).read()
    epochs, best = restore(state, network, optimizer)
    assert epochs == EPOCHS
    assert torch.equal(best["weight"], torch.ones(2))
    assert torch.equal(network.weight, saved.weight)
    momentum = optimizer.state[network.weight]["momentum_buffer"]
    assert torch.equal(momentum, its_optimizer.state[saved.weight]["momentum_buffer"])


@pytest.mark.parametrize(
    "parts",
    [[b"params", b"others"], [b"params"], [b"paramsdigits"], [b"param", b"sdigits"],
     [b"digits", b"params"]],
    ids=repr,
)  # fmt: skip
def test_the_state_of_another_run_is_left_alone(tmp_path, parts):
    """A run with other parts, or with the same bytes in other parts, begins anew."""
    save(tmp_path / "state.pt")
    assert Unfinished(tmp_path / "state.pt", parts).read() is None


@pytest.mark.parametrize("content", [None, b"", b"half of a file", b"PK\x05\x06" + bytes(18)])
def test_a_missing_or_damaged_state_is_none(tmp_path, content):
    """The run begins anew, without a message."""
    if content is not None:
        write(tmp_path / "state.pt", content)
    assert Unfinished(tmp_path / "state.pt", [b"params"]).read() is None


def test_the_state_goes_when_the_run_is_finished(tmp_path):
    """It goes whether or not there was one."""
    save(tmp_path / "state.pt")
    for _ in range(2):
        Unfinished(tmp_path / "state.pt", []).remove()
        assert not (tmp_path / "state.pt").exists()
