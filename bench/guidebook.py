"""The guidebook's training loop, as its `main.py` has it: the baseline that ours is held to.

Every epoch opens, decodes, resizes and normalises each JPEG anew in a `DataLoader`; fp32; the loss
and the number of right answers are read back each step; the rate changes once an epoch.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset


@dataclass(frozen=True)
class Recipe:
    """The guidebook's options, at the values of its final result."""

    side: int = 64
    batch_size: int = 128
    epochs: int = 100
    lr: float = 0.1
    momentum: float = 0.9
    weight_decay: float = 5e-4


@dataclass(frozen=True)
class Epoch:
    """Seconds of an epoch's training and of its validation, and the digits then misread."""

    train_seconds: float
    valid_seconds: float
    errors: int


class DigitFiles(Dataset[tuple[Tensor, int]]):
    """Digit images by file name, `<label>/<file>`: resized, 0 to 1, normalised."""

    def __init__(
        self, folder: Path, files: list[str], side: int, mean: list[float], std: list[float]
    ) -> None:
        self.folder, self.files, self.side = folder, files, side
        self.mean, self.std = (torch.tensor(v).view(3, 1, 1) for v in (mean, std))

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        file = self.files[index]
        image = Image.open(self.folder / file).convert("RGB")
        image = image.resize((self.side, self.side), Image.Resampling.BILINEAR)
        values = torch.from_numpy(np.array(image)).permute(2, 0, 1).contiguous().float().div(255)
        return values.sub_(self.mean).div_(self.std), int(file.split("/")[0])


def train(
    network: nn.Module, training: DigitFiles, validation: DigitFiles, recipe: Recipe, stop: int
) -> Iterator[Epoch]:
    """Train `network` by the recipe, giving each epoch, and no more than `stop` of them."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network.to(device)
    loader = DataLoader(training, recipe.batch_size, shuffle=True)
    valid_loader = DataLoader(validation, recipe.batch_size)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(
        network.parameters(), recipe.lr, recipe.momentum, weight_decay=recipe.weight_decay
    )
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, recipe.epochs)
    for _ in range(stop):
        start = time.perf_counter()
        network.train()
        total_loss, right = 0.0, 0
        for batch, answers in loader:
            images, labels = batch.to(device), answers.to(device)
            outputs = network(images)
            loss = criterion(outputs, labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total_loss += loss.item() * len(labels)
            right += (outputs.argmax(1) == labels).sum().item()
        scheduler.step()
        trained = time.perf_counter()
        network.eval()
        errors = 0
        with torch.no_grad():
            for batch, answers in valid_loader:
                outputs = network(batch.to(device))
                errors += int((outputs.argmax(1) != answers.to(device)).sum().item())
        yield Epoch(trained - start, time.perf_counter() - trained, errors)
