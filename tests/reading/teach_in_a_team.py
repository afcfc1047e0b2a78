"""What torchrun starts in test_teaching_in_a_team.py: learn a sum, write down what was drawn.

torchrun --nproc-per-node 2 tests/reading/teach_in_a_team.py FOLDER NAME [STEPS]

With STEPS, both processes stop after so many steps; a later run of the same NAME goes on.
"""

from __future__ import annotations

import itertools
import json
import sys
from pathlib import Path

import torch
from torch import nn

from pipeline.learning.hardware import pick_hardware
from pipeline.learning.resume import KeptState
from pipeline.learning.team import join_team
from pipeline.reading.training import Classroom, Lessons, learn

LESSONS = Lessons("sum", 120, 9, 0.05, 3)


def main(folder: Path, name: str, stop_at: int | None = None) -> None:
    """Learn in batches of nine, of which no two processes can have the same share."""
    hardware = pick_hardware("cpu", "fp32")
    torch.manual_seed(0)
    network = nn.Linear(4, 1)
    drawn: list[list[float]] = []
    steps_begun = itertools.count()

    def draw(rng, count):
        inputs = torch.from_numpy(rng.normal(size=(count, 4)).astype("float32"))
        drawn.append(inputs.flatten().tolist())
        return inputs

    def loss(learner, inputs):
        # Not by what is drawn, which runs ahead in a thread: both must stop at the same step.
        if next(steps_begun) == stop_at:
            sys.exit()
        return (learner(inputs) - inputs.sum(1, keepdim=True)).square().mean()

    with join_team(hardware.device) as team:
        # A file each: what only one of them finds, the other must hear of.
        kept = KeptState(folder / f"{name} {team.rank}.pt", [b"sum"])
        learn(network, draw, loss, LESSONS, Classroom(hardware, team, kept))
    record = {"drawn": drawn, "weights": network.weight.flatten().tolist()}
    (folder / f"{name} {team.rank}.json").write_text(json.dumps(record))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], *map(int, sys.argv[3:]))
