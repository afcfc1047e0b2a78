"""Stage 5: train a ResNet on the training digits.

data/train_data.txt, data/valid_data.txt, data/digits, data/stats.json
-> models/digits.pt, reports/history.csv

Interrupted, it goes on after the last finished epoch when it is run again.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import torch

from pipeline.contracts import HISTORY, LISTS, MODEL, EpochRow, lists_md5, read_list, read_stats
from pipeline.images.digits import CLASSES
from pipeline.learning.checkpoint import Checkpoint, save_checkpoint, start_from
from pipeline.learning.digit_reader import ChannelNorm, DigitReader
from pipeline.learning.hardware import advise_on_memory, prepare_hardware
from pipeline.learning.inputs import Digits
from pipeline.learning.loop import train
from pipeline.learning.networks import build
from pipeline.learning.resume import Unfinished
from pipeline.learning.run import Run
from pipeline.learning.schedule import fit_epochs
from pipeline.learning.team import join_as_stage, launch_team
from pipeline.messages import say
from pipeline.messages.duration import tell_duration
from pipeline.params import Params, TrainParams, load_params
from pipeline.runtime.command import parse_no_options, run
from pipeline.runtime.stage_inputs import StageInputs
from pipeline.runtime.start import stopped

log = logging.getLogger(__name__)

UNFINISHED = Path("models/.unfinished.pt")
# Where DVC keeps its own locks: no output, and not in git.
LOCK = Path(".dvc/tmp/training.lock")


def main() -> None:
    """Train, alone or as one of the processes that torchrun starts."""
    parse_no_options("train", __doc__)
    params = load_params()
    launch_team(params.machine.launcher, "pipeline.train")
    hardware = prepare_hardware(params.train, params.machine)
    with join_as_stage(hardware.device, LOCK, log) as team, advise_on_memory(params.train):
        train_as_part(Run(params.train, hardware, team, params.machine.compile), params)


def train_as_part(run: Run, params: Params) -> None:
    """Load the digits of both lists, train, save the model and its history."""
    inputs, lists, (mean, std) = StageInputs.now(), lists_md5(), read_stats()
    training, validation = (
        Digits.load(read_list(path), params.train.input_size, run.hardware, params.machine)
        for path in LISTS.values()
    )
    run = replace(run, params=fit_epochs(run.params, len(training)))
    reader = make_reader(mean, std, params.train)
    unfinished = find_unfinished(reader, training, validation, run)
    log.info(
        say(
            "{model} on {hardware}: {digits} digits",
            model=params.train.model, hardware=run.hardware.describe(), digits=len(training),
        )
    )  # fmt: skip
    epochs: list[EpochRow] = []
    with tell_where_it_stopped(epochs, run.params):
        for epoch in train(reader, training, validation, replace(run, unfinished=unfinished)):
            epochs.append(epoch)
            log.info("%s | %s", describe(epoch, len(training)), tell_rest(epochs, run.params))
            if run.team.leads:
                inputs.check_params()  # at once, not after hours; this epoch is kept

    if run.team.leads:
        HISTORY.write(epochs)
        save_checkpoint(MODEL, make_checkpoint(reader, mean, std, params, lists))
        inputs.check()  # while all that was learnt is still there to go on from
        unfinished.remove()


@contextmanager
def tell_where_it_stopped(epochs: list[EpochRow], params: TrainParams) -> Iterator[None]:
    """Have Ctrl-C say which of the `epochs` is kept."""
    try:
        yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            say(
                "Stopped after epoch {done} of {all}: the same command goes on there",
                done=len(epochs), all=params.epochs,
            )
            if epochs
            else stopped()
        ) from None  # fmt: skip


def tell_rest(epochs: list[EpochRow], params: TrainParams) -> str:
    """Of how many epochs, and how long those that are left take at the last five's speed."""
    recent = [epoch.seconds for epoch in epochs[-5:]]
    seconds = (params.epochs - len(epochs)) * sum(recent) / len(recent)
    return say(
        "of {all}, about {duration} left", all=params.epochs, duration=tell_duration(seconds)
    )  # fmt: skip


def make_reader(mean: list[float], std: list[float], params: TrainParams) -> DigitReader:
    """The reader with fresh weights that follow from the seed, or with those of `train.init`."""
    network = build(params.model, len(CLASSES), params.seed)
    if params.init:
        start_from(network, params.model, params.init)
    return DigitReader(network, ChannelNorm(mean, std))


def find_unfinished(
    reader: DigitReader, training: Digits, validation: Digits, run: Run
) -> Unfinished:
    """The state of this run, which is known by all that it depends on."""
    tensors = [training.images, training.classes, validation.images, validation.classes]
    tensors += reader.state_dict().values()
    settings = (
        run.params.model_dump_json(), torch.__version__, run.hardware, run.team.size, run.compiled,
    )  # fmt: skip
    return Unfinished(
        UNFINISHED,
        [str(setting).encode() for setting in settings]
        + [tensor.cpu().contiguous().numpy().data for tensor in tensors],
    )


def make_checkpoint(
    reader: DigitReader,
    mean: list[float],
    std: list[float],
    params: Params,
    lists: dict[str, str],
) -> Checkpoint:
    """The trained reader, with what it was trained with and on."""
    return Checkpoint(
        model=params.train.model,
        classes=list(CLASSES),
        input_size=params.train.input_size,
        mean=mean,
        std=std,
        params=params.model_dump(include={"crop", "train"}),
        lists_md5=lists,
        state={name: v.cpu().contiguous() for name, v in reader.network.state_dict().items()},
    )


def describe(epoch: EpochRow, digits: int) -> str:
    """One line for one epoch over a number of training digits."""
    return (
        f"Epoch: {epoch.epoch:3d} | lr: {epoch.lr:.4f} | "
        f"Train loss: {epoch.train_loss:.4f} | Train Acc: {epoch.train_accuracy:.4f} | "
        f"Valid loss: {epoch.valid_loss:.4f} | Valid Acc: {epoch.valid_accuracy:.4f} | "
        f"{digits / epoch.seconds:.0f} images/s"
    )


if __name__ == "__main__":
    run(main)
