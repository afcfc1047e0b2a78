"""The training loop: digits stay on the device, and nothing is read back within an epoch."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterator
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from tqdm import tqdm

from pipeline.contracts import EpochRow
from pipeline.learning.augmentation import augment
from pipeline.learning.digit_reader import DigitReader, predict
from pipeline.learning.inputs import Digits
from pipeline.learning.recorded import Recorded
from pipeline.learning.resume import restore
from pipeline.learning.run import Run
from pipeline.learning.schedule import fit_epochs, learning_rate
from pipeline.learning.team import without_sync
from pipeline.messages import say
from pipeline.params import TrainParams
from pipeline.runtime.errors import UserError

log = logging.getLogger(__name__)


def train(
    reader: DigitReader, training: Digits, validation: Digits, run: Run
) -> Iterator[EpochRow]:
    """Train `reader` in place, giving each finished epoch, those of an unfinished run first.

    The order of the digits and their augmentation follow from (seed, epoch) alone. After the last
    epoch, the reader has the weights that `params.keep` asks for. Raises `UserError` when a
    figure is no longer a number.
    """
    run = replace(run, params=fit_epochs(run.params, len(training)))
    params, team, unfinished = run.params, run.team, run.unfinished
    run.hardware.place(reader)
    optimizer = make_optimizer(reader, params)
    # What only the first process finds, the others must hear of.
    state = team.broadcast(unfinished.read() if unfinished and team.leads else None)
    epochs, best = restore(state, reader, optimizer) if state else ([], {})
    if epochs and team.leads:
        log.info(
            say("An earlier run was stopped: going on after its epoch {epoch}", epoch=len(epochs))
        )
    yield from epochs
    trainer = _Trainer(reader, optimizer, training, run)
    while len(epochs) < params.epochs and not has_stalled(epochs, params.patience):
        epoch = trainer.run_epoch(validation, len(epochs) + 1)
        epochs.append(epoch)
        if params.keep == "best" and _merit(epoch) == max(map(_merit, epochs)):
            best = {name: value.clone() for name, value in reader.state_dict().items()}
        if unfinished and team.leads:
            unfinished.save(epochs, reader, optimizer, best)
        yield epoch
    if best:
        reader.load_state_dict(best)


def has_stalled(epochs: list[EpochRow], patience: int) -> bool:
    """Whether none of the last `patience` epochs was better than the best before; 0: never."""
    merits = list(map(_merit, epochs))
    return bool(patience and len(merits) > patience) and (
        max(merits[-patience:]) <= max(merits[:-patience])
    )


def _merit(epoch: EpochRow) -> tuple[float, float]:
    """What makes an epoch better than another: the accuracy, then the loss, on validation."""
    return epoch.valid_accuracy, -epoch.valid_loss


def make_optimizer(reader: nn.Module, params: TrainParams) -> torch.optim.Optimizer:
    """SGD with momentum, or Adam; the weight decay is an L2 penalty on all parameters."""
    # One kernel for all of a weight's arithmetic: on the CPU too, Adam takes a sixth of the time.
    weights = reader.parameters()
    if params.optimizer == "sgd":
        return torch.optim.SGD(
            weights, params.lr, params.momentum, weight_decay=params.weight_decay, fused=True
        )
    return torch.optim.Adam(weights, params.lr, weight_decay=params.weight_decay, fused=True)


class _Trainer:
    """A digit reader, its training digits, and all that each of its epochs needs."""

    def __init__(
        self, reader: DigitReader, optimizer: torch.optim.Optimizer, training: Digits, run: Run
    ) -> None:
        self.reader, self.optimizer, self.training = reader, optimizer, training
        self.params, self.hardware, self.team = run.params, run.hardware, run.team
        self.learner = run.team.wrap(reader)
        if run.compiled:
            self.learner.compile()
        self.generator = torch.Generator(training.device)
        # This process's sums of the loss and of digits right, in an epoch.
        self.sums = torch.zeros(2, dtype=torch.float64, device=training.device)
        self.rate: Tensor | None = None
        self.recorded: Recorded | None = None
        if training.device.type == "cuda" and training.on_device and run.team.size == 1:
            self._record_steps()

    def _record_steps(self) -> None:
        self.rate = torch.zeros((), device=self.training.device)
        for group in self.optimizer.param_groups:
            group["capturable"] = True  # Adam refuses to be recorded otherwise
        self.recorded = Recorded(self._step, self.params.batch_size, self.generator)

    def run_epoch(self, validation: Digits, number: int) -> EpochRow:
        """Train on all training digits, then validate; `number` is 1 for the first epoch."""
        start = time.perf_counter()
        self._learn(number)
        self.team.align(self.reader)
        self.hardware.wait()
        seconds = time.perf_counter() - start
        figures = self.team.sum(torch.cat([self.sums, self._validate(validation)])).tolist()
        train_loss, train_right, valid_loss, valid_right = figures
        rate = learning_rate(self.params, number - 0.5)
        _check_finite(self.reader, train_loss, number, rate, self.params)
        return EpochRow(
            number, rate, train_loss / len(self.training), train_right / len(self.training),
            valid_loss / len(validation), valid_right / len(validation), seconds,
        )  # fmt: skip

    def _learn(self, number: int) -> None:
        """One pass over the training digits."""
        digits, seed, team = self.training, self.params.seed, self.team
        shuffle = torch.Generator().manual_seed(_seed(seed, number))
        order = torch.randperm(len(digits), generator=shuffle)
        batches = torch.split(order.to(digits.images.device), self.params.batch_size)
        self.generator.manual_seed(_seed(seed, number, 1 + team.rank))
        self.sums.zero_()
        self.learner.train()
        take_step = self.recorded or self._step
        bar = tqdm(
            batches, f"epoch {number}", unit=" steps", leave=False, delay=1,
            disable=None if team.leads else True,
        )  # fmt: skip
        for step, batch in enumerate(bar):
            self._set_rate(learning_rate(self.params, number - 1 + step / len(batches)))
            take_step(batch)

    def _set_rate(self, rate: float) -> None:
        """Set the rate: on a GPU where a recorded step finds it."""
        for group in self.optimizer.param_groups:
            group["lr"] = rate if self.rate is None else self.rate.fill_(rate)

    def _step(self, batch: Tensor) -> None:
        """Learn from the batch of an index."""
        self.optimizer.zero_grad(set_to_none=True)
        share, weight = self.team.own_share(batch)
        parts = torch.tensor_split(share, min(self.params.accumulate, len(share)))
        for part in parts:
            images, classes = self.training.batch(part)
            images = augment(images, self.params.augment, self.generator)
            with without_sync(self.learner, skip=part is not parts[-1]):
                self.sums += self._backward(images, classes, weight, len(batch))
        self.optimizer.step()

    def _backward(self, images: Tensor, classes: Tensor, weight: int, batch_size: int) -> Tensor:
        """Add the gradients of a part of a batch; returns its sums of the loss and digits right."""
        with self.hardware.autocast():
            logits = self.learner(images).float()
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
        logits = predict(self.reader, images, self.hardware)
        loss = F.cross_entropy(logits, classes, reduction="sum")
        return weight * torch.stack([loss, (logits.argmax(1) == classes).sum()]).double()


def _seed(*seeds: int) -> int:
    """A seed that follows from some numbers, in whatever process."""
    seed = 0
    for number in seeds:
        seed = seed * 1_000_003 + number
    return seed % 2**63


def _check_finite(
    reader: nn.Module, loss: float, number: int, lr: float, params: TrainParams
) -> None:
    # Batch norm's averages can be lost in the very last step, whose loss was still a number.
    values = [value.sum() for value in reader.state_dict().values() if value.is_floating_point()]
    if not (math.isfinite(loss) and torch.stack(values).isfinite().all()):
        raise UserError(
            "the loss or a weight is not a number in epoch {epoch} at a rate of {rate}: lower "
            "train.lr (it is {lr}) or raise train.warmup_epochs",
            epoch=number,
            rate=f"{lr:.4g}",
            lr=params.lr,
        )
