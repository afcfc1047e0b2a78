"""Stage 5: train a ResNet on the training digits.

data/train_data.txt, data/valid_data.txt, data/digits, data/stats.json
-> models/digits.pt, reports/history.csv
"""

from __future__ import annotations

import argparse
import json
import logging
from dataclasses import asdict
from pathlib import Path

import torch

from pipeline.command import UserError, run
from pipeline.files import LISTS, lists_md5, read_list
from pipeline.images.digits import CLASSES, labels_of, load_digits
from pipeline.learning.checkpoint import Checkpoint, save_checkpoint
from pipeline.learning.hardware import pick_hardware
from pipeline.learning.loop import Digits, Epoch, Normalisation, train
from pipeline.learning.resnet import build
from pipeline.params import load_params
from pipeline.tables import HISTORY, write_table

log = logging.getLogger(__name__)

CHANNELS = ("red", "green", "blue")


def main() -> None:
    """Load the digits of both lists, train, save the model and its history."""
    argparse.ArgumentParser(prog="python -m pipeline.train", description=__doc__).parse_args()
    all_params = load_params()
    params = all_params.train
    hardware = pick_hardware(params.device, params.precision)
    mean, std = load_stats(Path("data/stats.json"))
    training, validation = (
        load_side(path, params.input_size, hardware.device) for path in LISTS.values()
    )
    log.info("%s on %s: %d digits", params.model, hardware, len(training))

    torch.manual_seed(params.seed)
    network = build(params.model, len(CLASSES))
    normalise = Normalisation.of(mean, std, hardware.device)
    epochs = []
    for epoch in train(network, training, validation, normalise, params, hardware):
        epochs.append(epoch)
        log.info(describe(epoch, len(training)))

    write_table(Path("reports/history.csv"), HISTORY, HISTORY.frame([asdict(e) for e in epochs]))
    save_checkpoint(
        Path("models/digits.pt"),
        Checkpoint(
            model=params.model,
            classes=list(CLASSES),
            input_size=params.input_size,
            mean=mean,
            std=std,
            params=all_params.model_dump(include={"crop": {"margin", "format"}, "train": True}),
            lists_md5=lists_md5(),
            state={name: value.cpu().contiguous() for name, value in network.state_dict().items()},
        ),
    )


def load_stats(path: Path) -> tuple[list[float], list[float]]:
    """Mean and standard deviation of the digits' red, green and blue, in 0..1."""
    try:
        stats = json.loads(path.read_text(encoding="utf-8"))
        mean, std = ([stats[name][c] for c in CHANNELS] for name in ("mean", "std"))
    except FileNotFoundError:
        raise UserError(f"{path} is missing: run `dvc repro`") from None
    except (ValueError, KeyError, TypeError):
        raise UserError(f"{path} is damaged: delete it and run `dvc repro`") from None
    return mean, std


def load_side(path: Path, input_size: int, device: torch.device) -> Digits:
    """Load the digits that a list names, onto the device; raises `UserError` if it names none."""
    files = read_list(path)
    if not files:
        raise UserError(f"{path} is empty: add photos, or change split.validation in params.yaml")
    images = load_digits(Path("data/digits"), files, input_size)
    return Digits(
        torch.from_numpy(images).to(device), torch.from_numpy(labels_of(files)).to(device)
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
