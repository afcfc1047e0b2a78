"""What torchrun starts in learning/test_team.py: train a linear network, write down what it saw.

torchrun --nproc-per-node 2 tests/train_in_a_team.py FOLDER [EPOCHS]

Each process keeps its state in a file of its own; after EPOCHS, where given, all of them stop.
"""

from __future__ import annotations

import json
import sys
from itertools import islice
from pathlib import Path

import torch
from helpers import TRAIN
from torch import nn

from pipeline.learning.digit_reader import ChannelNorm, DigitReader
from pipeline.learning.hardware import pick_hardware
from pipeline.learning.inputs import Digits
from pipeline.learning.loop import train
from pipeline.learning.resume import Unfinished
from pipeline.learning.run import Run
from pipeline.learning.team import join_team


class Witness(nn.Module):
    """Logits linear in the pixels; remembers the first pixel of every training image."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.head = nn.Linear(3 * 16 * 16, 10)
        self.steps = []

    def forward(self, images):
        if self.training:
            self.steps.append([round(255 * value) for value in images[:, 0, 0, 0].tolist()])
        return self.head(images.flatten(1))


def main(folder: Path, stop_after: int = 2) -> None:
    """Train for two epochs on 41 digits in batches of 8: the last holds one digit for all."""
    hardware = pick_hardware("cpu", "fp32")
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (41, 16, 16, 3), generator=generator, dtype=torch.uint8)
    images[:, 0, 0, 0] = torch.arange(41)
    digits = Digits(images, torch.arange(41) % 10)
    params = TRAIN.model_copy(update={"batch_size": 8, "lr": 0.01})
    network = Witness()
    reader = DigitReader(network, ChannelNorm([0.0, 0.0, 0.0], [1.0, 1.0, 1.0]))
    with join_team(hardware.device) as team:
        # What only one of them finds, the others must hear of.
        kept = Unfinished(folder / f"{team.rank} of {team.size}.pt", [b"team"])
        run = Run(params, hardware, team, unfinished=kept)
        epochs = list(islice(train(reader, digits, digits, run), stop_after))
    record = {
        "steps": network.steps,
        "weights": network.head.weight.tolist(),
        "figures": [[e.train_loss, e.train_accuracy, e.valid_loss, e.valid_accuracy]
                    for e in epochs],
    }  # fmt: skip
    (folder / f"{team.rank} of {team.size}.json").write_text(json.dumps(record))


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
