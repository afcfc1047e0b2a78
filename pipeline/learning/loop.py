"""The training loop: digits stay on the device, and nothing is read back within an epoch."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from tqdm import tqdm

from pipeline.command import UserError
from pipeline.learning.augment import augment
from pipeline.learning.epoch import Epoch, has_stalled
from pipeline.learning.hardware import Hardware
from pipeline.learning.inputs import Digits, Normalise, to_unit
from pipeline.learning.schedule import learning_rate
from pipeline.learning.team import ALONE, Team, without_sync
from pipeline.learning.unfinished import Unfinished
from pipeline.params import TrainParams

log = logging.getLogger(__name__)

_PREDICT_BATCH = 256


def train(
    network: nn.Module,
    training: Digits,
    validation: Digits,
    normalise: Normalise,
    params: TrainParams,
    hardware: Hardware,
    team: Team = ALONE,
    unfinished: Unfinished | None = None,
) -> Iterator[Epoch]:
    """Train `network` in place, giving each finished epoch, those of an unfinished run first.

    The order of the digits and their augmentation follow from (seed, epoch) alone. After the last
    epoch, the network has the weights that `params.keep` asks for. Raises `UserError` when a
    figure is no longer a number.
    """
    hardware.place(network)
    optimizer = make_optimizer(network, params)
    epochs, best = unfinished.restore(network, optimizer) if unfinished else ([], {})
    team.check_agreed(len(epochs), "the epochs already done")
    if epochs and team.leads:
        log.info("An earlier run was stopped: going on after its epoch %d", len(epochs))
    yield from epochs
    trainer = _Trainer(network, optimizer, normalise, params, hardware, team)
    while len(epochs) < params.epochs and not has_stalled(epochs, params.patience):
        epoch = trainer.run_epoch(training, validation, len(epochs) + 1)
        epochs.append(epoch)
        if params.keep == "best" and epoch.merit == max(each.merit for each in epochs):
            best = {name: value.clone() for name, value in network.state_dict().items()}
        if unfinished and team.leads:
            unfinished.save(epochs, network, optimizer, best)
        yield epoch
    if best:
        network.load_state_dict(best)


def make_optimizer(network: nn.Module, params: TrainParams) -> torch.optim.Optimizer:
    """SGD with momentum, or Adam; the weight decay is an L2 penalty on all parameters."""
    # One kernel for all of a weight's arithmetic: on the CPU too, Adam takes a sixth of the time.
    weights = network.parameters()
    if params.optimizer == "sgd":
        return torch.optim.SGD(
            weights, params.lr, params.momentum, weight_decay=params.weight_decay, fused=True
        )
    return torch.optim.Adam(weights, params.lr, weight_decay=params.weight_decay, fused=True)


class _Trainer:
    """A network, and all that each of its epochs needs."""

    def __init__(
        self,
        network: nn.Module,
        optimizer: torch.optim.Optimizer,
        normalise: Normalise,
        params: TrainParams,
        hardware: Hardware,
        team: Team,
    ) -> None:
        self.network, self.optimizer, self.normalise = network, optimizer, normalise
        self.params, self.hardware, self.team = params, hardware, team
        self.learner = team.wrap(network)
        if params.compile:
            self.learner.compile()

    def run_epoch(self, training: Digits, validation: Digits, number: int) -> Epoch:
        """Train on all of `training`, then validate; `number` is 1 for the first epoch."""
        start = time.perf_counter()
        learnt = self._learn(training, number)
        self.team.align(self.network)
        self.hardware.wait()
        seconds = time.perf_counter() - start
        figures = self.team.sum(torch.cat([learnt, self._validate(validation)])).tolist()
        train_loss, train_right, valid_loss, valid_right = figures
        rate = learning_rate(self.params, number - 0.5)
        _check_finite(self.network, train_loss, number, rate, self.params)
        return Epoch(
            number, rate, train_loss / len(training), train_right / len(training),
            valid_loss / len(validation), valid_right / len(validation), seconds,
        )  # fmt: skip

    def _learn(self, digits: Digits, number: int) -> Tensor:
        """One pass over `digits`; returns this process's sums of the loss and of digits right."""
        seed, team = self.params.seed, self.team
        order = torch.randperm(len(digits), generator=_generator("cpu", seed, number))
        batches = torch.split(order.to(digits.images.device), self.params.batch_size)
        generator = _generator(digits.device, seed, number, 1 + team.rank)
        sums = torch.zeros(2, dtype=torch.float64, device=digits.device)
        self.learner.train()
        bar = tqdm(
            batches, f"epoch {number}", unit=" steps", leave=False, delay=1,
            disable=None if team.leads else True,
        )  # fmt: skip
        for step, batch in enumerate(bar):
            self._set_rate(learning_rate(self.params, number - 1 + step / len(batches)))
            self.optimizer.zero_grad(set_to_none=True)
            share, weight = team.own_share(batch)
            parts = torch.tensor_split(share, min(self.params.accumulate, len(share)))
            for part in parts:
                images, classes = digits.batch(part)
                images = self._vary(images, generator, number)
                with without_sync(self.learner, skip=part is not parts[-1]):
                    sums += self._backward(images, classes, weight, len(batch))
            self.optimizer.step()
        return sums

    def _set_rate(self, rate: float) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = rate

    def _vary(self, images: Tensor, generator: torch.Generator, number: int) -> Tensor:
        """Images augmented; and of half the side in the first epochs, where it grows."""
        images = augment(images, self.params.augment, generator)
        if number <= self.params.progressive * self.params.epochs:
            images = F.interpolate(images, _smaller(self.params.input_size), mode="area")
        return images

    def _backward(self, images: Tensor, classes: Tensor, weight: int, batch_size: int) -> Tensor:
        """Add the gradients of a part of a batch; returns its sums of the loss and digits right."""
        with self.hardware.autocast():
            logits = self.learner(self.normalise(images)).float()
        loss = weight * F.cross_entropy(
            logits, classes, label_smoothing=self.params.label_smoothing, reduction="sum"
        )
        # DistributedDataParallel gives the mean over the team, the batch's mean is wanted.
        mean = loss * (self.team.size / batch_size)
        mean.backward()  # type: ignore[no-untyped-call]
        right = weight * (logits.detach().argmax(1) == classes).sum()
        return torch.stack([loss.detach(), right])

    def _validate(self, digits: Digits) -> Tensor:
        """This process's sums of the loss and of digits read right, of its share of `digits`."""
        images, weight = self.team.own_share(digits.images)
        classes, _ = self.team.own_share(digits.classes)
        logits = predict(self.network, images, self.normalise, self.hardware)
        loss = F.cross_entropy(logits, classes, reduction="sum")
        return weight * torch.stack([loss, (logits.argmax(1) == classes).sum()]).double()


@torch.inference_mode()
def predict(network: nn.Module, images: Tensor, normalise: Normalise, hardware: Hardware) -> Tensor:
    """Logits (n, classes) in fp32 of uint8 images (n, side, side, 3), on the device."""
    network.eval()
    logits = []
    for batch in torch.split(images, _PREDICT_BATCH):
        with hardware.autocast():
            logits.append(network(normalise(to_unit(batch.to(hardware.device)))).float())
    return torch.cat(logits)


def _generator(device: torch.device | str, *seeds: int) -> torch.Generator:
    """A generator that follows from some numbers, in whatever process."""
    seed = 0
    for number in seeds:
        seed = seed * 1_000_003 + number
    return torch.Generator(device).manual_seed(seed % 2**63)


def _smaller(side: int) -> int:
    """Half of a side, but 9 pixels: of fewer, four stages leave one, too few for batch norm."""
    return max(9, side // 2)


def _check_finite(
    network: nn.Module, loss: float, number: int, lr: float, params: TrainParams
) -> None:
    # Batch norm's averages can be lost in the very last step, whose loss was still a number.
    values = [value.sum() for value in network.state_dict().values() if value.is_floating_point()]
    if not (math.isfinite(loss) and torch.stack(values).isfinite().all()):
        raise UserError(
            f"the loss or a weight is not a number in epoch {number} at a rate of {lr:.4g}: "
            f"lower train.lr (it is {params.lr}) or raise train.warmup_epochs"
        )
