"""Stage 7: measure the models on the validation digits and photos, and show what they misread.

models/, the lists, data/, raw/ -> reports/, models/reading.json
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from pipeline.contracts import (
    BASE,
    BOXES,
    CALIBRATION,
    CURVE,
    DIGITS,
    HISTORY,
    LISTS,
    MODEL,
    OTHERS,
    PHOTOS,
    PROBLEMS,
    WHOLE,
    BoxRow,
    read_dialects,
    read_list,
)
from pipeline.dividing.copies import group_digits
from pipeline.images.digits import load_digits
from pipeline.learning.checkpoint import Checkpoint, load_checkpoint
from pipeline.learning.hardware import use_hardware
from pipeline.params import Params, load_params
from pipeline.reading.confidence import RAW, Calibration, Trial, calibrate
from pipeline.reading.reader import Reader
from pipeline.reporting.caveats import (
    Caveat,
    doubt_choice,
    doubt_drawn,
    doubt_split,
    doubt_start,
)
from pipeline.reporting.figures import draw_digits
from pipeline.reporting.learning_curve import LearningCurve, name_of
from pipeline.reporting.measurement import log_summary, predict_digits, save_measurement
from pipeline.reporting.metrics import measure
from pipeline.reporting.model_card import gather_facts, model_card
from pipeline.reporting.page.report import Photos, Report, Training, when_taken
from pipeline.reporting.unboxed import Unboxed, accept, label_photos, measure_whole, read_whole
from pipeline.reporting.whole import find_whole
from pipeline.runtime.command import parse_no_options, run
from pipeline.runtime.errors import UserError
from pipeline.runtime.files import write_file

_RAW, _DIGITS, _REPORTS = Path("raw"), Path("data/digits"), Path("reports")
# Training digits in the picture that shows what the model learnt from.
_SHOWN = 32


def main() -> None:
    """Load the model and the validation digits, predict, measure, save."""
    parse_no_options("evaluate", __doc__)
    params = load_params()
    checkpoint = load_checkpoint(MODEL)
    checkpoint.check_lists()
    training = load_training(checkpoint)
    table = PHOTOS.read_frame()
    digits = DIGITS.read_frame()
    digits = digits.assign(group=group_digits(digits, table))
    validation = choose(digits, training.sides["valid"])
    images = load_digits(_DIGITS, training.sides["valid"], checkpoint.input_size, params.machine)
    hardware = use_hardware(params.machine, params.train.precision)
    predictions = predict_digits(checkpoint, validation, images, hardware)
    photos = describe_photos(digits, validation, table)
    unboxed = read_unboxed(photos, params)
    figures = measure(predictions, photos.whole, unboxed)
    margin = checkpoint.params["crop"]["margin"]
    caveats = find_caveats(checkpoint, training, digits)
    report = Report(
        checkpoint.model, margin, predictions, photos, training, caveats, params.evaluate.limit,
        load_curve(params), unboxed,
    )  # fmt: skip
    save_measurement(_REPORTS, report, figures)
    facts = gather_facts(MODEL, checkpoint, params.split, report, training, figures)
    write_file(_REPORTS / "model_card.md", model_card(facts).encode("utf-8"))
    write_file(_REPORTS / "digits.png", draw_training_digits(training, checkpoint.input_size))
    log_summary(figures, report, _REPORTS)


def load_training(checkpoint: Checkpoint) -> Training:
    """How the model was trained, and the digits of each side."""
    return Training(
        history=HISTORY.read_frame(),
        sides={side: read_list(path) for side, path in LISTS.items()},
        mean=checkpoint.mean,
        std=checkpoint.std,
    )


def find_caveats(checkpoint: Checkpoint, training: Training, digits: pd.DataFrame) -> list[Caveat]:
    """What makes the figures of the validation digits say less than they seem to."""
    train = checkpoint.params["train"]
    seen, measured = (
        set(digits["group"][digits["file"].isin(training.sides[side])])
        for side in ("train", "valid")
    )
    return [
        *doubt_drawn(read_dialects()),
        *doubt_split(seen, measured),
        *doubt_start(train),
        *doubt_choice(train),
    ]


def choose(digits: pd.DataFrame, files: list[str]) -> pd.DataFrame:
    """Rows of digits.csv in the order of `files`; raises `UserError` where one has no row."""
    rows = digits.set_index("file", drop=False)
    if unknown := sorted(set(files) - set(rows.index)):
        raise UserError(
            "{list} names {file}, which is not in {table}: run `dvc repro`",
            list=LISTS["valid"], file=unknown[0], table=DIGITS.path,
        )  # fmt: skip
    return rows.loc[files].reset_index(drop=True)


def describe_photos(digits: pd.DataFrame, validation: pd.DataFrame, table: pd.DataFrame) -> Photos:
    """All of raw/, whose photos.csv is `table`, and which photos of `validation` are a reading."""
    problems = PROBLEMS.read_frame()
    whole = find_whole(digits, validation, problems)
    return Photos(_RAW, digits, whole, problems, PROBLEMS.path, when_taken(table))


def read_unboxed(photos: Photos, params: Params) -> Unboxed | None:
    """How well validation's whole photos are read; from them, what a confidence comes to is set."""
    chosen = photos.digits[photos.digits["photo"].isin(photos.whole.photos)]
    prior = Calibration.load(BASE / CALIBRATION.name)
    if not len(chosen):
        prior.save()
        return None
    rows = [BoxRow(*its) for its in chosen[BOXES.columns].itertuples(index=False)]
    labelled = label_photos(rows, OTHERS.read(), params.read.point)
    hardware = use_hardware(params.machine, "fp32")
    reader = Reader.load("models", params.read, hardware, RAW)
    read = read_whole(reader, _RAW, labelled, params.machine.threads)
    trials = [Trial(row.confidence, bool(row.right), not row.reasons) for row in read]
    calibration = calibrate(trials, prior, params.read.wrong)
    calibration.save()
    read = accept(read, calibration)
    WHOLE.write(read)
    groups = dict(zip(chosen["photo"], chosen["group"], strict=True))
    return measure_whole(read, groups)


def load_curve(params: Params) -> LearningCurve | None:
    """The learning curve of today's digits and settings; None where there is none."""
    if not CURVE.path.exists():
        return None
    today = name_of(params)
    return LearningCurve.of([row for row in CURVE.read() if row.curve == today])


def draw_training_digits(training: Training, size: int) -> bytes:
    """A picture of training digits, spread evenly over their list, with their labels."""
    files = training.sides["train"]
    chosen = [files[i * len(files) // _SHOWN] for i in range(min(_SHOWN, len(files)))]
    images = load_digits(_DIGITS, chosen, size)
    return draw_digits(images, [file.split("/")[0] for file in chosen])


if __name__ == "__main__":
    run(main)
