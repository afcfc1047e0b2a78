"""How the locator and the mark reader learn from photos; the same photos, the same weights."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from pipeline.learning.hardware import Hardware
from pipeline.learning.resume import KeptState
from pipeline.learning.team import ALONE, Team

Batch = TypeVar("Batch")
# Draws so many examples.
Draw = Callable[[np.random.Generator, int], Batch]

# A moving average of the weights reads better than the last ones; at first it follows fast.
_AVERAGE, _AVERAGE_START = 0.998, 20
_MOST_GRADIENT = 10.0
# The share of the steps over which the rate rises.
_RISE = 0.05
_WEIGHT_DECAY = 0.01
# Steps after which the state of a run is kept, to go on from.
_KEPT_EVERY = 50


@dataclass(frozen=True)
class Lessons:
    """What a network's training is called, how long it is, how fast, and from which seed."""

    name: str
    steps: int
    batch_size: int
    rate: float
    seed: int

    def rate_at(self, step: int) -> float:
        """The rate of a step: a linear rise, then a cosine's fall to 0."""
        rise = min(1.0, (step + 1) / max(1.0, _RISE * self.steps))
        return self.rate * rise * (1 + math.cos(math.pi * step / self.steps)) / 2


@dataclass(frozen=True)
class Classroom:
    """Where a network learns: on what, and beside whom; `kept` has what an earlier run came to."""

    hardware: Hardware
    team: Team = ALONE
    kept: KeptState | None = None


def learn(
    network: nn.Module,
    draw: Draw[Batch],
    loss: Callable[[nn.Module, Batch], Tensor],
    lessons: Lessons,
    room: Classroom,
) -> nn.Module:
    """Train `network` by AdamW on batches that are drawn; returns the average of its weights.

    Each step's batch follows from the seed and its number, so that a run that was interrupted goes
    on from what is kept as if nothing had been. Of a team, each process draws its own share; what
    counts is the first one's average, with batch norm's figures of its own share.
    """
    team, kept = room.team, room.kept if room.team.leads else None
    learner = team.wrap(room.hardware.place(network).train())
    optimizer = torch.optim.AdamW(
        network.parameters(), lessons.rate, weight_decay=_WEIGHT_DECAY, fused=True
    )
    average, done = copy.deepcopy(network).eval(), 0
    if state := team.broadcast(kept.read() if kept else None):
        done = _restore(state, network, average, optimizer)
    count = len(range(team.rank, lessons.batch_size, team.size))
    # The mean over the team is to be that over the batch; where a process has no share, an example
    # of weight 0 stands in.
    weight = count * team.size / lessons.batch_size
    batches = _drawn_ahead(draw, max(1, count), lessons.seed, team, range(done, lessons.steps))
    bar = tqdm(
        batches, lessons.name, lessons.steps, initial=done, unit=" steps", delay=1,
        disable=None if team.leads else True,
    )  # fmt: skip
    for step, batch in enumerate(bar, start=done):
        for group in optimizer.param_groups:
            group["lr"] = lessons.rate_at(step)
        optimizer.zero_grad(set_to_none=True)
        (weight * loss(learner, batch)).backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), _MOST_GRADIENT)
        optimizer.step()
        _follow(average, network, step)
        if kept and (step + 1) % _KEPT_EVERY == 0:
            kept.write(_state(step + 1, network, average, optimizer))
    return average


def _drawn_ahead(
    draw: Draw[Batch], count: int, seed: int, team: Team, steps: Sequence[int]
) -> Iterator[Batch]:
    """This process's share of each step's batch, drawn while the step before is learnt from."""

    def draw_for(step: int) -> Batch:
        seeds = (seed, step) if team.leads else (seed, step, team.rank)
        return draw(np.random.default_rng(seeds), count)

    with ThreadPoolExecutor(1) as thread:
        ahead = [thread.submit(draw_for, step) for step in steps[:1]]
        for step in steps:
            batch = ahead.pop().result()
            if step + 1 in steps:
                ahead.append(thread.submit(draw_for, step + 1))
            yield batch


@torch.no_grad()
def _follow(average: nn.Module, network: nn.Module, step: int) -> None:
    """Move the average towards the network's weights and batch norm's figures."""
    share = 1 - min(_AVERAGE, (step + 1) / (step + _AVERAGE_START))
    ours, its = average.state_dict().values(), network.state_dict().values()
    floats = [pair for pair in zip(ours, its, strict=True) if pair[0].is_floating_point()]
    torch._foreach_lerp_([one for one, _ in floats], [other for _, other in floats], share)


def _state(
    done: int, network: nn.Module, average: nn.Module, optimizer: torch.optim.Optimizer
) -> dict[str, Any]:
    return {
        "done": done, "network": network.state_dict(), "average": average.state_dict(),
        "optimizer": optimizer.state_dict(),
    }  # fmt: skip


def _restore(
    state: dict[str, Any], network: nn.Module, average: nn.Module, optimizer: torch.optim.Optimizer
) -> int:
    """Set all to a state; returns the steps that are done."""
    network.load_state_dict(state["network"])
    average.load_state_dict(state["average"])
    optimizer.load_state_dict(state["optimizer"])
    return int(state["done"])
