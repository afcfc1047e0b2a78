"""A model measured on some digits: what it predicts, and the files that say how well."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.contracts import PREDICTIONS
from pipeline.learning.checkpoint import Checkpoint
from pipeline.learning.digit_reader import classify
from pipeline.learning.hardware import Hardware
from pipeline.messages import mark, say
from pipeline.reading.confidence import NONE_ACCEPTED
from pipeline.reporting.figures import draw_misread
from pipeline.reporting.metrics import Figures
from pipeline.reporting.misread import load_most_confident
from pipeline.reporting.page.render import render_report
from pipeline.reporting.page.report import Report
from pipeline.reporting.score import Score
from pipeline.reporting.unboxed import Unboxed
from pipeline.reporting.verdict import judge
from pipeline.reporting.whole import LEFT_OUT
from pipeline.runtime.files import write_file, write_json

log = logging.getLogger(__name__)

_MISREAD_SHOWN = 30


def predict_digits(
    checkpoint: Checkpoint, digits: pd.DataFrame, images: NDArray[np.uint8], hardware: Hardware
) -> pd.DataFrame:
    """The rows of `digits`, with what the model takes each for and its confidence in that.

    `images` are theirs: (n, size, size, 3). Adds the columns that predictions.csv has besides.
    """
    labels, confidence = classify(checkpoint, images, hardware)
    return digits.assign(actual=digits["label"], predicted=labels, confidence=confidence)


def save_measurement(out: Path, report: Report, figures: Figures) -> None:
    """Write index.html, metrics.json, details.json, misread.png, predictions.csv into `out`.

    Raises `UserError` where a photo of a misread digit can no longer be read.
    """
    misread = load_most_confident(
        report.photos.folder, report.predictions, report.margin, _MISREAD_SHOWN
    )
    PREDICTIONS.write_frame(report.predictions, out / "predictions.csv")
    write_file(out / "misread.png", draw_misread(*misread))
    write_file(out / "index.html", render_report(report))
    write_json(out / "metrics.json", figures.as_numbers())
    write_json(out / "details.json", figures.details())


def log_summary(figures: Figures, report: Report, out: Path) -> None:
    """Say how many readings and digits are right, whether that is enough, what to do next."""
    for score, text in (
        (figures.readings, mark("readings: {share} right ({errors} of {count} wrong)")),
        (figures.digits, mark("digits: {share} right ({errors} of {count} wrong)")),
    ):
        if score.count:
            log.info(tell_score(text, score))
    if figures.unboxed:
        log_unboxed(figures.unboxed)
    if figures.left_out:
        log.info(say(LEFT_OUT, count=figures.left_out))
    for caveat in report.caveats:
        log.warning(say("WARNING: {text}", text=caveat))
    verdict = judge(report)
    log.info("%s", verdict.answer)
    for number, step in enumerate(verdict.steps, 1):
        log.info(say("Next, {number}: {step}", number=number, step=step))
    log.info(say("Report: {page}", page=(out / "index.html").as_posix()))


def log_unboxed(unboxed: Unboxed) -> None:
    """Say how well whole photos are read, and how many of them no person has to look at."""
    accepted = unboxed.accepted
    whole = mark(
        "whole photos, without boxes: {share} right ({errors} of {count} wrong); {accepted} "
        "accepted, {wrong} of them wrong"
    )
    log.info(tell_score(whole, unboxed.photos, accepted=accepted.count, wrong=accepted.errors))
    if unboxed.with_point.count:
        point = mark(
            "whole photos with their decimal point: {share} right ({errors} of {count} wrong)"
        )
        log.info(tell_score(point, unboxed.with_point))
    if unboxed.photos.count and not accepted.count:
        log.warning(say("WARNING: {text}", text=say(NONE_ACCEPTED)))


def tell_score(text: str, score: Score, **more: object) -> str:
    """A text with a score's {share}, {errors} and {count}, and with `more` values."""
    share = f"{100 * score.share:.2f} %"
    return say(text, share=share, errors=score.errors, count=score.count, **more)
