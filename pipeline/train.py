"""Stage 5: train a ResNet on the training digits.

data/train_data.txt, data/valid_data.txt, data/digits, data/stats.json
-> models/digits.pt, reports/history.csv

Interrupted, it goes on after the last finished epoch when it is run again.
"""

from __future__ import annotations

import logging
from dataclasses import asdict
from pathlib import Path

import torch
from torch import nn

from pipeline.command import make_parser, run
from pipeline.files import LISTS, lists_md5, read_list, read_stats
from pipeline.images.digits import CLASSES
from pipeline.learning.checkpoint import Checkpoint, save_checkpoint, start_from
from pipeline.learning.epoch import Epoch
from pipeline.learning.hardware import Hardware, advise_on_memory, prepare_hardware
from pipeline.learning.inputs import Digits, Normalisation
from pipeline.learning.loop import train
from pipeline.learning.resnet import build
from pipeline.learning.team import Team, join_team
from pipeline.learning.unfinished import Unfinished
from pipeline.params import Params, TrainParams, load_params
from pipeline.stage_inputs import StageInputs
from pipeline.tables import HISTORY, write_table

log = logging.getLogger(__name__)

UNFINISHED = Path("models/.unfinished.pt")


def main() -> None:
    """Train, alone or as one of the processes that torchrun started."""
    make_parser("pipeline.train", __doc__).parse_args()
    params = load_params()
    hardware = prepare_hardware(params.train)
    with join_team(hardware.device) as team, advise_on_memory(params.train):
        log.setLevel(logging.INFO if team.leads else logging.ERROR)
        train_as(team, params, hardware)


def train_as(team: Team, all_params: Params, hardware: Hardware) -> None:
    """Load the digits of both lists, train, save the model and its history."""
    params, inputs = all_params.train, StageInputs.now()
    lists = lists_md5()
    mean, std = read_stats()
    training, validation = (
        Digits.load(read_list(path), params, hardware) for path in LISTS.values()
    )
    network = make_network(params)
    unfinished = find_unfinished(network, training, validation, mean + std, params, hardware, team)
    log.info("%s on %s: %d digits", params.model, hardware, len(training))

    normalise = Normalisation.of(mean, std, hardware.device)
    epochs = []
    for epoch in train(
        network, training, validation, normalise, params, hardware, team, unfinished
    ):
        epochs.append(epoch)
        log.info(describe(epoch, len(training)))
        if team.leads:
            inputs.check_params()  # at once, not after hours; this epoch is kept

    if team.leads:
        history = HISTORY.frame([asdict(epoch) for epoch in epochs])
        write_table(Path("reports/history.csv"), HISTORY, history)
        save_checkpoint(
            Path("models/digits.pt"),
            Checkpoint(
                model=params.model,
                classes=list(CLASSES),
                input_size=params.input_size,
                mean=mean,
                std=std,
                params=all_params.model_dump(include={"crop": {"margin", "format"}, "train": True}),
                lists_md5=lists,
                state={name: v.cpu().contiguous() for name, v in network.state_dict().items()},
            ),
        )
        inputs.check()  # while all that was learnt is still there to go on from
        unfinished.remove()


def make_network(params: TrainParams) -> nn.Module:
    """The network with fresh weights that follow from the seed, or with those of `train.init`."""
    torch.manual_seed(params.seed)
    network = build(params.model, len(CLASSES))
    if params.init:
        start_from(network, params.model, Path(params.init))
    return network


def find_unfinished(
    network: nn.Module,
    training: Digits,
    validation: Digits,
    colours: list[float],
    params: TrainParams,
    hardware: Hardware,
    team: Team,
) -> Unfinished:
    """The state of this run, which is known by all that it depends on."""
    tensors = [training.images, training.classes, validation.images, validation.classes]
    tensors += network.state_dict().values()
    settings = [params.model_dump_json(), torch.__version__, str(hardware), team.size, colours]
    return Unfinished(
        UNFINISHED,
        [str(setting).encode() for setting in settings]
        + [tensor.cpu().contiguous().numpy().data for tensor in tensors],
    )


def describe(epoch: Epoch, digits: int) -> str:
    """One line for one epoch over a number of training digits."""
    return (
        f"Epoch: {epoch.epoch:3d} | lr: {epoch.lr:.4f} | "
        f"Train loss: {epoch.train_loss:.4f} | Train Acc: {epoch.train_accuracy:.4f} | "
        f"Valid loss: {epoch.valid_loss:.4f} | Valid Acc: {epoch.valid_accuracy:.4f} | "
        f"{digits / epoch.seconds:.0f} images/s"
    )


if __name__ == "__main__":
    run(main)
