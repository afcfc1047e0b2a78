"""Train one combination of a study as the guidebook does, and write down how well it reads.

data/train_data.txt, data/valid_data.txt, data/digits, data/digits.csv, data/stats.json
-> studies/results/*.json
"""

from __future__ import annotations

import argparse
import logging
import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.contracts import DIGITS, LISTS, read_list, read_stats
from pipeline.images.digits import CLASSES
from pipeline.learning.digit_reader import ChannelNorm, DigitReader, predict
from pipeline.learning.hardware import prepare_hardware
from pipeline.learning.inputs import Digits
from pipeline.learning.loop import train
from pipeline.learning.networks import ARCHITECTURES, build
from pipeline.learning.run import Run
from pipeline.learning.schedule import SCHEDULES
from pipeline.params import MachineParams, TrainParams, load_params
from pipeline.runtime.command import make_parser, run
from pipeline.runtime.errors import UserError
from pipeline.runtime.files import write_json

log = logging.getLogger(__name__)

# What the guidebook holds fixed in all of its experiments.
_GUIDEBOOK = {
    "batch_size": 128, "momentum": 0.9, "weight_decay": 5e-4, "warmup_epochs": 0,
    "label_smoothing": 0.0, "keep": "last", "patience": 0, "init": None,
    "accumulate": 1, "enough_steps": None,
}  # fmt: skip


def main() -> None:
    """Train on a share of the training digits, save the last epoch's figures."""
    arguments = vars(parse_arguments())
    out, share = arguments.pop("out"), arguments.pop("share")
    params = load_params()
    recipe = guidebook_params(params.train, **arguments)
    result = {**arguments, "share": share, **measure(recipe, params.machine, share)}
    log.info("%s: %.2f %%", out.stem, 100 * result["valid_accuracy"])
    write_json(out, result)


def parse_arguments() -> argparse.Namespace:
    """The command's arguments: where to, the combination, the budget."""
    parser = make_parser("studies.run", __doc__)
    parser.add_argument("out", type=Path, help="the JSON file to write")
    parser.add_argument("--model", required=True, choices=ARCHITECTURES)
    parser.add_argument("--optimizer", required=True, choices=("sgd", "adam"))
    parser.add_argument("--scheduler", required=True, choices=SCHEDULES)
    parser.add_argument("--lr", required=True, type=float)
    parser.add_argument("--seed", required=True, type=int)
    parser.add_argument("--share", required=True, type=float, help="of the training digits")
    parser.add_argument("--input_size", required=True, type=int)
    parser.add_argument("--epochs", required=True, type=int)
    parser.add_argument("--precision", required=True, choices=("auto", "fp32", "bf16"))
    return parser.parse_args()


def guidebook_params(params: TrainParams, **combination: object) -> TrainParams:
    """`params` with all that the guidebook holds fixed, no augmentation, and a combination."""
    plain = params.augment.model_copy(update={"strength": 0.0})
    return params.model_copy(update={**_GUIDEBOOK, "augment": plain, **combination})


def measure(params: TrainParams, machine: MachineParams, share: float) -> dict[str, Any]:
    """Train on a share of the digits, and read the validation digits after the last epoch.

    Returns how many digits there were, the shares read right, and of each validation photo how many
    of its digits were [read right, there]. Training whose loss is no longer a number has read
    nothing.
    """
    hardware = prepare_hardware(params, machine)
    files = {side: read_list(path) for side, path in LISTS.items()}
    # The list is sorted by class, so that every n-th is as stratified as the list.
    kept = math.ceil(share * len(files["train"]))
    files["train"] = [files["train"][i * len(files["train"]) // kept] for i in range(kept)]
    training, validation = (
        Digits.load(its, params.input_size, hardware, machine) for its in files.values()
    )
    reader = DigitReader(build(params.model, len(CLASSES), params.seed), ChannelNorm(*read_stats()))
    train_accuracy, right = 0.0, np.zeros(len(validation), dtype=bool)
    try:
        for epoch in train(reader, training, validation, Run(params, hardware)):
            train_accuracy = epoch.train_accuracy
        classes = predict(reader, validation.images, hardware).argmax(1)
        right = (classes == validation.classes).cpu().numpy()
    except UserError as error:
        log.warning("%s", error)
        train_accuracy = 0.0
    return {
        "train_digits": len(training),
        "valid_digits": len(validation),
        "train_accuracy": round(train_accuracy, 6),
        "valid_accuracy": round(float(right.mean()), 6),
        "photos": count_by_photo(files["valid"], right),
    }


def count_by_photo(files: list[str], right: NDArray[np.bool_]) -> dict[str, list[int]]:
    """Of each photo, how many of its digits (n,) are [right, there]."""
    photo_of = {row.file: row.photo for row in DIGITS.read()}
    counts: dict[str, list[int]] = {}
    for file, is_right in zip(files, right, strict=True):
        count = counts.setdefault(photo_of[file], [0, 0])
        count[0] += int(is_right)
        count[1] += 1
    return dict(sorted(counts.items()))


if __name__ == "__main__":
    run(main)
