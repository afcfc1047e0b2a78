"""Train on 25, 50, 75 and 100 % of the training photos, and say what more photos would bring.

data/ -> learning_curve/curve.csv

Each share is trained with three seeds, as stages of learning_curve/dvc.yaml: what is done already
is not done again. The next `dvc repro` draws the curve into the report.
"""

from __future__ import annotations

import argparse
import json
import logging
import math
import subprocess
import sys
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
import pandas as pd
from tqdm import tqdm

from pipeline.contracts import (
    CURVE,
    DIGITS,
    LISTS,
    PHOTOS,
    PROBLEMS,
    CurveRow,
    read_list,
    read_stats,
)
from pipeline.dividing.copies import group_digits
from pipeline.images.digits import CLASSES
from pipeline.learning.checkpoint import start_from
from pipeline.learning.digit_reader import ChannelNorm, DigitReader, predict
from pipeline.learning.hardware import prepare_hardware
from pipeline.learning.inputs import Digits
from pipeline.learning.loop import train
from pipeline.learning.networks import build
from pipeline.learning.run import Run
from pipeline.learning.schedule import fit_epochs
from pipeline.messages import say
from pipeline.params import Params, load_params
from pipeline.reporting.learning_curve import LearningCurve, name_of
from pipeline.reporting.whole import find_whole
from pipeline.runtime.command import make_parser
from pipeline.runtime.errors import UserError
from pipeline.runtime.files import write_json

log = logging.getLogger(__name__)

_FOLDER = CURVE.path.parent


def main(argv: Sequence[str] | None = None) -> None:
    """Train each share that is missing, gather the results, say what they come to."""
    options = parse_arguments(argv)
    if options.share is not None:
        row = learn(load_params(), options.share, options.seed)
        wrong = row.readings - row.readings_right
        log.info(
            say("{photos} photos, seed {seed}: {wrong} of {count} readings wrong",
                photos=row.photos, seed=row.seed, wrong=wrong, count=row.readings)
        )  # fmt: skip
        write_json(_FOLDER / f"results/{options.share}-{options.seed}.json", asdict(row))
        return
    command = [sys.executable, "-m", "dvc", "repro", str(_FOLDER / "dvc.yaml")]
    if subprocess.run(command, check=False).returncode:
        raise UserError("the learning curve is not complete: see above, and run it again")
    rows = [
        CurveRow(**json.loads(path.read_text(encoding="utf-8")))
        for path in sorted((_FOLDER / "results").glob("*.json"))
    ]
    CURVE.write(rows)
    log_curve(rows)


def parse_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command's arguments: none from people, one training's from DVC."""
    parser = make_parser("digits learning-curve", __doc__)
    for name, kind in (("--share", float), ("--seed", int)):
        parser.add_argument(name, type=kind, help=argparse.SUPPRESS)
    return parser.parse_args(argv)


def learn(params: Params, share: float, seed: int) -> CurveRow:
    """Train on a share of the training photos, copies together; returns how well it reads."""
    digits = DIGITS.read_frame().set_index("file", drop=False)
    digits = digits.assign(group=group_digits(digits, PHOTOS.read_frame()))
    sides = {side: read_list(path) for side, path in LISTS.items()}
    chosen = choose(digits.loc[sides["train"]], share, seed)
    training = params.train.model_copy(update={"seed": seed})
    hardware = prepare_hardware(training, params.machine)
    learnt, judged = (
        Digits.load(files, training.input_size, hardware, params.machine)
        for files in (list(chosen["file"]), sides["valid"])
    )
    network = build(training.model, len(CLASSES), seed)
    if training.init == "base":  # another model may have learnt from all of the photos
        start_from(network, training.model, training.init)
    reader = DigitReader(network, ChannelNorm(*read_stats()))
    epochs = train(reader, learnt, judged, Run(training, hardware))
    count = fit_epochs(training, len(learnt)).epochs
    deque(tqdm(epochs, f"{share:.0%}, {seed}", count, disable=None, delay=1), maxlen=0)
    answers = predict(reader, judged.images, hardware).argmax(1).tolist()
    validation = digits.loc[sides["valid"]].reset_index(drop=True)
    right = validation["label"] == [CLASSES[answer] for answer in answers]
    whole = find_whole(digits, validation, PROBLEMS.read_frame())
    readings = right[validation["photo"].isin(whole.photos)].groupby(validation["photo"]).all()
    return CurveRow(
        curve=name_of(params), share=share, seed=seed, photos=chosen["photo"].nunique(),
        digits=len(chosen), readings=len(readings), readings_right=int(readings.sum()),
        digits_right=int(right.sum()),
    )  # fmt: skip


def choose(digits: pd.DataFrame, share: float, seed: int) -> pd.DataFrame:
    """The digits of a share of the groups of copies, drawn at random; a larger one has them too."""
    groups = np.array(sorted(digits["group"].unique()))
    drawn = np.random.default_rng(seed).permutation(groups)[: math.ceil(share * len(groups))]
    return digits[digits["group"].isin(drawn)]


def log_curve(rows: Sequence[CurveRow]) -> None:
    """Say the share of readings wrong for each number of photos, and what twice as many promise."""
    curve = LearningCurve.of(rows)
    if curve is None:
        raise UserError(
            "there is no learning curve: no photo is read whole in validation, or there are not "
            "two shares"
        )
    for point in curve.points:
        shares = ", ".join(f"{100 * wrong:.1f}" for wrong in point.wrong)
        log.info(
            say("{photos} photos: {mean} % of the readings wrong ({shares})",
                photos=point.photos, mean=f"{100 * point.mean:.1f}", shares=shares)
        )  # fmt: skip
    expected = curve.with_twice_the_photos()
    log.info(
        say("Twice as many photos can be expected to leave {share} % wrong",
            share=f"{100 * expected:.1f}")
        if expected is not None
        else say("What twice as many photos would bring cannot be told from so few errors")
    )  # fmt: skip
    log.info(say("The next `dvc repro` draws the curve into the report"))
