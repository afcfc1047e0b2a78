"""Measure the model on another folder of photos and XML, none of which it was trained on.

FOLDER, models/digits.pt -> reports/<FOLDER>: index.html, metrics.json, predictions.csv,
problems.csv, misread.png

What the model was trained on, and copies of it, is left out.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Sequence
from itertools import compress
from pathlib import Path

import pandas as pd

from pipeline.annotations.folder import read_folder
from pipeline.annotations.ledger import Ledger
from pipeline.annotations.rules import Finding
from pipeline.annotations.summary import summarise
from pipeline.contracts import BOXES, DIGITS, LISTS, MODEL, PHOTOS, PROBLEMS, read_list
from pipeline.dividing.copies import add_readings, are_copies, group_digits, photos_of
from pipeline.images.cropper import cut_boxes
from pipeline.images.digits import read_digits
from pipeline.learning.checkpoint import Checkpoint, load_checkpoint
from pipeline.learning.hardware import use_hardware
from pipeline.messages import say
from pipeline.params import CropParams, Params, ParseParams, load_params
from pipeline.reporting.caveats import UNKNOWN, Caveat, doubt_choice, doubt_drawn, doubt_start
from pipeline.reporting.measurement import log_summary, predict_digits, save_measurement
from pipeline.reporting.metrics import measure
from pipeline.reporting.page.report import Photos, Report, when_taken
from pipeline.reporting.whole import find_whole
from pipeline.runtime.command import make_parser
from pipeline.runtime.errors import UserError

log = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> None:
    """Load the model and the digits that it does not know, predict, measure, save."""
    options = parse_arguments(argv)
    out = options.out or Path("reports") / options.folder.resolve().name
    params = load_params()
    checkpoint = load_checkpoint(options.model)
    photos, contents, caveats = load_unknown(options.folder, checkpoint, params, out)
    images = read_digits(contents, checkpoint.input_size, params.machine)
    hardware = use_hardware(params.machine, params.train.precision)
    predictions = predict_digits(checkpoint, photos.digits, images, hardware)
    figures = measure(predictions, photos.whole)
    margin = checkpoint.params["crop"]["margin"]
    report = Report(
        checkpoint.model, margin, predictions, photos, None, caveats, params.evaluate.limit
    )
    save_measurement(out, report, figures)
    log_summary(figures, report, out)


def parse_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command's arguments."""
    parser = make_parser("digits measure", __doc__)
    parser.add_argument("folder", type=Path, metavar="FOLDER", help=say("photos and their XML"))
    parser.add_argument(
        "--model", type=Path, metavar="FILE", default=MODEL, help=say("default: %(default)s")
    )
    parser.add_argument(
        "--out", type=Path, metavar="FOLDER", help=say("default: reports/ and FOLDER's name")
    )
    return parser.parse_args(argv)


def load_unknown(
    folder: Path, checkpoint: Checkpoint, params: Params, out: Path
) -> tuple[Photos, list[bytes], list[Caveat]]:
    """The folder's digits, but for those of photos that the model was trained on, and their images.

    Each is cut as the model's training digits were. What is left out is said, and written to
    problems.csv in `out`. Beside them, what makes figures of them say less than they seem to.
    Raises `UserError` where no digit is left.
    """
    ledger = read_folder(folder, params.parse, params.machine.threads)
    crop = CropParams(**checkpoint.params["crop"])
    digits, contents, photos = cut_boxes(folder, BOXES.frame(ledger.tables()[0]), crop)
    known, caveats = find_known(checkpoint, photos, digits)
    for photo in known:
        ledger.note(photo, None, Finding("trained_on", ""))
    problems_file = out / PROBLEMS.path.name
    save_problems(ledger, problems_file, params.parse)
    unknown = ~digits["photo"].isin(known)
    _check_any(digits, unknown, folder, problems_file)
    digits = digits.assign(group=group_digits(digits, photos))[unknown].reset_index(drop=True)
    problems = PROBLEMS.frame(ledger.tables()[1])
    whole = find_whole(digits, digits, problems)
    found = Photos(folder, digits, whole, problems, problems_file, when_taken(photos))
    return found, list(compress(contents, unknown)), [*doubt_drawn(ledger.dialects), *caveats]


def _check_any(digits: pd.DataFrame, unknown: pd.Series, folder: Path, problems_file: Path) -> None:
    if digits.empty:
        raise UserError(
            "no usable digit in {folder}/: {ledger} says why, file by file",
            folder=folder, ledger=problems_file.as_posix(),
        )  # fmt: skip
    if not unknown.any():
        raise UserError(
            "the model was trained on all photos in {folder}/, or on copies of them",
            folder=folder,
        )


def find_known(
    checkpoint: Checkpoint, photos: pd.DataFrame, digits: pd.DataFrame
) -> tuple[list[str], list[Caveat]]:
    """Which photos (rows of photos.csv, with their digits) the model was trained on, or copies of.

    This is known of the model of data/ alone. Beside them, what is not known, and whether the
    others had a part in choosing the model.
    """
    train = checkpoint.params["train"]
    try:
        checkpoint.check_lists()
        tables = DIGITS.read_frame(), PHOTOS.read_frame()
        sides = [photos_of(read_list(path), *tables) for path in LISTS.values()]
    except UserError:
        return [], [UNKNOWN, *doubt_start(train)]
    trained_on, chosen_by = (are_copies(add_readings(photos, digits), side) for side in sides)
    choice = doubt_choice(train) if (chosen_by & ~trained_on).any() else []
    return sorted(photos["photo"][trained_on]), [*doubt_start(train), *choice]


def save_problems(ledger: Ledger, file: Path, params: ParseParams) -> None:
    """Write problems.csv, and say what was found."""
    PROBLEMS.write(ledger.tables()[1], file)
    for line in [
        *summarise(ledger, params),
        say("Each is listed in {ledger}", ledger=file.as_posix()),
    ]:
        log.info("%s", line)
