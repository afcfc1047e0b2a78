"""Stage 6: measure the model on the validation digits, and draw what it does.

models/digits.pt, data/valid_data.txt, data/digits -> reports/index.html, metrics.json,
predictions.csv, *.png

With --photos, measures it on another folder of photos and XML instead, but for the photos that it
was trained on.
"""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

import pandas as pd

from pipeline.command import make_parser, run
from pipeline.evaluation_set import EvaluationSet, load_folder, load_validation
from pipeline.files import AUDIT_FILE, LISTS, read_list, write_file, write_json
from pipeline.images.digits import load_digits
from pipeline.learning.checkpoint import Checkpoint, load_checkpoint
from pipeline.learning.hardware import pick_hardware
from pipeline.learning.reader import read
from pipeline.params import Params, load_params
from pipeline.reporting.card import model_card
from pipeline.reporting.committed_run import load_committed_run
from pipeline.reporting.facts import gather_facts
from pipeline.reporting.figures import (
    draw_confusion,
    draw_curves,
    draw_digits,
    draw_misread,
)
from pipeline.reporting.metrics import measure
from pipeline.reporting.misread import load_most_confident
from pipeline.reporting.page import render_page
from pipeline.reporting.report import Report, Training
from pipeline.tables import AUDIT, DIGITS, HISTORY, PREDICTIONS, read_table, write_table

log = logging.getLogger(__name__)

_SHOWN = 32
_MISREAD_SHOWN = 30


def main() -> None:
    """Load the model and the digits, predict, save the figures, the pictures and the page."""
    arguments = parse_arguments()
    params = load_params()
    checkpoint = load_checkpoint(arguments.model)
    if arguments.photos:
        out = arguments.out or Path("reports") / arguments.photos.resolve().name
        digits, training = load_folder(arguments.photos, checkpoint, params, out), None
    else:
        out = arguments.out or Path("reports")
        training = load_training(checkpoint)
        digits = load_validation(checkpoint, training)
        write_file(out / "curves.png", draw_curves(training.history))
        write_file(out / "digits.png", draw_training_digits(training, checkpoint))
    answers = predict_digits(checkpoint, digits, params)
    photos, margin = digits.photos, checkpoint.params["crop"]["margin"]
    misread = load_most_confident(photos.folder, answers, margin, _MISREAD_SHOWN)
    report = Report(checkpoint.model, margin, answers, photos, training)
    metrics = measure(answers, photos.whole)
    write_table(out / "predictions.csv", PREDICTIONS, answers)
    write_file(out / "confusion.png", draw_confusion(answers))
    write_file(out / "misread.png", draw_misread(*misread))
    write_file(out / "index.html", render_page(report))
    write_json(out / "metrics.json", metrics)
    if training:
        facts = gather_facts(arguments.model, checkpoint, params.split, report, training, metrics)
        write_file(out / "model_card.md", model_card(facts).encode("utf-8"))
    log_summary(metrics, out)


def parse_arguments() -> argparse.Namespace:
    """The command's arguments."""
    parser = make_parser("pipeline.evaluate", __doc__)
    parser.add_argument(
        "--photos", type=Path, metavar="FOLDER", help="photos and XML to measure on instead"
    )
    parser.add_argument(
        "--model", type=Path, default=Path("models/digits.pt"), help="default: %(default)s"
    )
    parser.add_argument(
        "--out", type=Path, metavar="FOLDER", help="default: reports, or reports/FOLDER's name"
    )
    return parser.parse_args()


def load_training(checkpoint: Checkpoint) -> Training:
    """How the model was trained, the label audit where there is one, and the last run's figures."""
    return Training(
        history=read_table(Path("reports/history.csv"), HISTORY),
        digits=read_table(Path("data/digits.csv"), DIGITS),
        digits_folder=Path("data/digits"),
        sides={side: read_list(path) for side, path in LISTS.items()},
        mean=checkpoint.mean,
        std=checkpoint.std,
        audit=read_table(AUDIT_FILE, AUDIT) if AUDIT_FILE.exists() else None,
        last=load_committed_run(),
    )


def predict_digits(checkpoint: Checkpoint, digits: EvaluationSet, params: Params) -> pd.DataFrame:
    """The digits' table with the model's answer to each and its confidence: predictions.csv."""
    hardware = pick_hardware(params.train.device, params.train.precision)
    labels, confidence = read(checkpoint, digits.images, hardware)
    return digits.table.assign(
        actual=digits.table["label"], predicted=labels, confidence=confidence
    )


def draw_training_digits(training: Training, checkpoint: Checkpoint) -> bytes:
    """A picture of training digits, spread evenly over their list, with their labels."""
    files = training.sides["train"]
    chosen = [files[i * len(files) // _SHOWN] for i in range(min(_SHOWN, len(files)))]
    images = load_digits(training.digits_folder, chosen, checkpoint.input_size)
    return draw_digits(images, [file.split("/")[0] for file in chosen])


def log_summary(metrics: dict[str, dict[str, float]], out: Path) -> None:
    """Say how many digits and readings are right, and where the pictures are."""
    for name in ("digits", "readings"):
        score = metrics[name]
        if score["count"]:
            share = 100 * score["accuracy"]
            log.info(
                "%s: %.2f %% right (%d of %d wrong)", name, share, score["errors"], score["count"]
            )
    log.info("Report: %s", out / "index.html")


if __name__ == "__main__":
    run(main)
