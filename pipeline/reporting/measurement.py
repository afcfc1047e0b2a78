"""A model measured on some digits: what it predicts, and the files that say how well."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.contracts import PREDICTIONS
from pipeline.learning.checkpoint import Checkpoint
from pipeline.learning.digit_reader import classify
from pipeline.learning.hardware import Hardware
from pipeline.messages import mark, say
from pipeline.reporting.caveats import Caveat
from pipeline.reporting.figures import draw_misread
from pipeline.reporting.metrics import Figures
from pipeline.reporting.misread import load_most_confident
from pipeline.reporting.page.render import render_report
from pipeline.reporting.page.report import Report
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
    """Write index.html, metrics.json, misread.png and predictions.csv into the folder `out`.

    Raises `UserError` where a photo of a misread digit can no longer be read.
    """
    misread = load_most_confident(
        report.photos.folder, report.predictions, report.margin, _MISREAD_SHOWN
    )
    PREDICTIONS.write_frame(report.predictions, out / "predictions.csv")
    write_file(out / "misread.png", draw_misread(*misread))
    write_file(out / "index.html", render_report(report))
    write_json(out / "metrics.json", figures.as_numbers())


def log_summary(figures: Figures, caveats: Sequence[Caveat], out: Path) -> None:
    """Say how many digits and readings are right, what to hold against that, where the page is."""
    for score, text in (
        (figures.digits, mark("digits: {share} right ({errors} of {count} wrong)")),
        (figures.readings, mark("readings: {share} right ({errors} of {count} wrong)")),
    ):
        if score.count:
            share = f"{100 * score.share:.2f} %"
            log.info(say(text, share=share, errors=score.errors, count=score.count))
    if figures.left_out:
        log.info(say(LEFT_OUT, count=figures.left_out))
    for caveat in caveats:
        log.warning(say("WARNING: {text}", text=say(caveat.text, **caveat.values)))
    log.info(say("Report: {page}", page=(out / "index.html").as_posix()))
