"""The training loop: digits stay on the device, and nothing is read back within an epoch."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from tqdm import tqdm

from pipeline.command import UserError
from pipeline.learning.augment import augment
from pipeline.learning.epoch import Epoch
from pipeline.learning.hardware import Hardware
from pipeline.learning.inputs import Digits, Normalisation, to_unit
from pipeline.learning.schedule import learning_rate
from pipeline.learning.team import ALONE, Team, without_sync
from pipeline.learning.unfinished import State, Unfinished
from pipeline.params import TrainParams

_PREDICT_BATCH = 256


def train(
    network: nn.Module,
    training: Digits,
    validation: Digits,
    normalise: Normalisation,
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
    optimizer = make_optimizer(network, params, hardware)
    epochs: list[Epoch] = []
    best: State = {}
    if unfinished:
        epochs, best = unfinished.restore(network, optimizer)
    team.check_agreed(len(epochs), "the epochs already done")
    yield from epochs
    learner = team.wrap(network)
    if params.compile:
        learner.compile()
    while len(epochs) < params.epochs and not _has_stalled(epochs, params.patience):
        number = len(epochs) + 1
        start = time.perf_counter()
        figures = _train_epoch(
            learner, training, normalise, optimizer, params, hardware, team, number
        )
        team.align(network)
        hardware.wait()
        seconds = time.perf_counter() - start
        figures = torch.cat([figures, _validate(network, validation, normalise, hardware, team)])
        train_loss, train_right, valid_loss, valid_right = team.sum(figures).tolist()
        lr = learning_rate(params, number - 0.5)
        _check_finite(network, train_loss, number, lr, params)
        epochs.append(
            Epoch(
                number,
                lr,
                train_loss / len(training),
                train_right / len(training),
                valid_loss / len(validation),
                valid_right / len(validation),
                seconds,
            )
        )
        if params.keep == "best" and epochs[-1].merit == max(epoch.merit for epoch in epochs):
            best = {name: value.clone() for name, value in network.state_dict().items()}
        if unfinished and team.leads:
            unfinished.save(epochs, network, optimizer, best)
        yield epochs[-1]
    if best:
        network.load_state_dict(best)


def make_optimizer(
    network: nn.Module, params: TrainParams, hardware: Hardware
) -> torch.optim.Optimizer:
    """SGD with momentum, or Adam; the weight decay is an L2 penalty on all parameters."""
    # One kernel for all of a weight's arithmetic: on the CPU too, Adam takes a sixth of the time.
    weights = network.parameters()
    if params.optimizer == "sgd":
        return torch.optim.SGD(
            weights, params.lr, params.momentum, weight_decay=params.weight_decay, fused=True
        )
    return torch.optim.Adam(weights, params.lr, weight_decay=params.weight_decay, fused=True)


def _train_epoch(
    learner: nn.Module,
    digits: Digits,
    normalise: Normalisation,
    optimizer: torch.optim.Optimizer,
    params: TrainParams,
    hardware: Hardware,
    team: Team,
    epoch: int,
) -> Tensor:
    """One pass over `digits`; returns this process's sums of the loss and of digits read right."""
    order = torch.randperm(len(digits), generator=_generator("cpu", params.seed, epoch))
    batches = torch.split(order.to(digits.images.device), params.batch_size)
    generator = _generator(digits.device, params.seed, epoch, 1 + team.rank)
    sums = torch.zeros(2, dtype=torch.float64, device=digits.device)
    learner.train()
    bar = tqdm(
        batches, f"epoch {epoch}", unit=" steps", leave=False, delay=1,
        disable=None if team.leads else True,
    )  # fmt: skip
    for step, batch in enumerate(bar):
        rate = learning_rate(params, epoch - 1 + step / len(batches))
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.zero_grad(set_to_none=True)
        share, weight = team.own_share(batch)
        parts = torch.tensor_split(share, min(params.accumulate, len(share)))
        for part in parts:
            images, classes = digits.batch(part)
            images = augment(images, params.augment, generator)
            if epoch <= params.progressive * params.epochs:
                images = F.interpolate(images, _smaller(params.input_size), mode="area")
            with without_sync(learner, skip=part is not parts[-1]):
                with hardware.autocast():
                    logits = learner(normalise(images)).float()
                loss = weight * F.cross_entropy(
                    logits, classes, label_smoothing=params.label_smoothing, reduction="sum"
                )
                # DistributedDataParallel gives the mean over the team, the batch's mean is wanted.
                mean = loss * (team.size / len(batch))
                mean.backward()  # type: ignore[no-untyped-call]
            right = weight * (logits.detach().argmax(1) == classes).sum()
            sums += torch.stack([loss.detach(), right])
        optimizer.step()
    return sums


def _validate(
    network: nn.Module,
    digits: Digits,
    normalise: Normalisation,
    hardware: Hardware,
    team: Team,
) -> Tensor:
    """This process's sums of the loss and of digits read right, of its share of `digits`."""
    images, weight = team.own_share(digits.images)
    classes, _ = team.own_share(digits.classes)
    logits = predict(network, images, normalise, hardware)
    loss = F.cross_entropy(logits, classes, reduction="sum")
    return weight * torch.stack([loss, (logits.argmax(1) == classes).sum()]).double()


@torch.inference_mode()
def predict(
    network: nn.Module, images: Tensor, normalise: Normalisation, hardware: Hardware
) -> Tensor:
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


def _has_stalled(epochs: list[Epoch], patience: int) -> bool:
    """Whether none of the last `patience` epochs was better than the best before; 0: never."""
    merits = [epoch.merit for epoch in epochs]
    return bool(patience and len(merits) > patience) and (
        max(merits[-patience:]) <= max(merits[:-patience])
    )


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
