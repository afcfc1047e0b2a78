"""The training loop: digits stay on the device, and nothing is read back within an epoch."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from tqdm import tqdm

from pipeline.command import UserError
from pipeline.learning.augment import augment
from pipeline.learning.hardware import Hardware
from pipeline.learning.schedule import learning_rate
from pipeline.params import TrainParams

_PREDICT_BATCH = 256


@dataclass(frozen=True)
class Digits:
    """Digit images (n, side, side, 3) uint8 and their classes (n,) int64, on one device."""

    images: Tensor
    classes: Tensor

    def __len__(self) -> int:
        return len(self.classes)


@dataclass(frozen=True)
class Normalisation:
    """Mean and standard deviation of each channel, (1, 3, 1, 1), of values 0..1."""

    mean: Tensor
    std: Tensor

    @classmethod
    def of(cls, mean: list[float], std: list[float], device: torch.device) -> Normalisation:
        """From two lists [r, g, b]; a channel that never varies is left at its scale."""
        shape = (1, 3, 1, 1)
        spread = [value if value > 0 else 1.0 for value in std]
        return cls(
            torch.tensor(mean, device=device).view(shape),
            torch.tensor(spread, device=device).view(shape),
        )

    def __call__(self, images: Tensor) -> Tensor:
        return (images - self.mean) / self.std


@dataclass(frozen=True)
class Epoch:
    """What one epoch came to: a row of history.csv; `lr` is the rate at its middle."""

    epoch: int
    lr: float
    train_loss: float
    train_accuracy: float
    valid_loss: float
    valid_accuracy: float
    seconds: float


def train(
    network: nn.Module,
    training: Digits,
    validation: Digits,
    normalise: Normalisation,
    params: TrainParams,
    hardware: Hardware,
) -> Iterator[Epoch]:
    """Train `network` in place, giving each finished epoch.

    The order of the digits and their augmentation follow from (seed, epoch) alone. Raises
    `UserError` when the loss is no longer a number.
    """
    hardware.place(network)
    optimizer = make_optimizer(network, params)
    for number in range(1, params.epochs + 1):
        start = time.perf_counter()
        lr = learning_rate(params, number - 0.5)
        train_loss, train_accuracy = _train_epoch(
            network, training, normalise, optimizer, params, hardware, number
        )
        seconds = time.perf_counter() - start
        if not math.isfinite(train_loss):
            raise UserError(
                f"the loss is not a number in epoch {number} at a rate of {lr:.4g}: "
                f"lower train.lr (it is {params.lr}) or raise train.warmup_epochs"
            )
        logits = predict(network, validation.images, normalise, hardware)
        valid_loss = F.cross_entropy(logits, validation.classes).item()
        valid_accuracy = (logits.argmax(1) == validation.classes).float().mean().item()
        yield Epoch(number, lr, train_loss, train_accuracy, valid_loss, valid_accuracy, seconds)


def make_optimizer(network: nn.Module, params: TrainParams) -> torch.optim.Optimizer:
    """SGD with momentum, or Adam; the weight decay is an L2 penalty on all parameters."""
    if params.optimizer == "sgd":
        return torch.optim.SGD(
            network.parameters(), params.lr, params.momentum, weight_decay=params.weight_decay
        )
    return torch.optim.Adam(network.parameters(), params.lr, weight_decay=params.weight_decay)


def _train_epoch(
    network: nn.Module,
    digits: Digits,
    normalise: Normalisation,
    optimizer: torch.optim.Optimizer,
    params: TrainParams,
    hardware: Hardware,
    epoch: int,
) -> tuple[float, float]:
    """One pass over `digits`; returns the mean loss and the share read right, by digit."""
    device = hardware.device
    generator = torch.Generator(device).manual_seed(params.seed * 1_000_003 + epoch)
    order = torch.randperm(len(digits), generator=generator, device=device)
    batches = torch.split(order, params.batch_size)
    loss_sum = torch.zeros((), device=device)
    right_sum = torch.zeros((), device=device)
    network.train()
    bar = tqdm(batches, f"epoch {epoch}", unit=" steps", leave=False, disable=None, delay=1)
    for step, batch in enumerate(bar):
        rate = learning_rate(params, epoch - 1 + step / len(batches))
        for group in optimizer.param_groups:
            group["lr"] = rate
        classes = digits.classes[batch]
        images = augment(_to_unit(digits.images[batch]), params.augment, generator)
        with hardware.autocast():
            logits = network(normalise(images).contiguous(memory_format=torch.channels_last))
        loss = F.cross_entropy(logits.float(), classes, label_smoothing=params.label_smoothing)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        loss_sum += loss.detach() * len(batch)
        right_sum += (logits.detach().argmax(1) == classes).sum()
    return loss_sum.item() / len(digits), right_sum.item() / len(digits)


@torch.inference_mode()
def predict(
    network: nn.Module, images: Tensor, normalise: Normalisation, hardware: Hardware
) -> Tensor:
    """Logits (n, classes) in fp32 of uint8 images (n, side, side, 3), on the device."""
    network.eval()
    logits = []
    for batch in torch.split(images, _PREDICT_BATCH):
        inputs = normalise(_to_unit(batch)).contiguous(memory_format=torch.channels_last)
        with hardware.autocast():
            logits.append(network(inputs).float())
    return torch.cat(logits)


def _to_unit(images: Tensor) -> Tensor:
    """uint8 (batch, side, side, 3) to float (batch, 3, side, side) in 0..1, channels last."""
    return images.permute(0, 3, 1, 2).float() / 255
