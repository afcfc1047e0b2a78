"""Find the labels that are most likely wrong, and suggest the right ones.

data/digits.csv, photos.csv, data/digits -> reports/audit.csv, audit.html

Every digit is judged by small networks that were trained without its photo and the copies of it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from cleanlab.filter import find_label_issues
from cleanlab.rank import get_label_quality_scores
from numpy.typing import NDArray

from pipeline.contracts import DIGITS, DOUBTS, PHOTOS
from pipeline.dividing.copies import group_digits
from pipeline.dividing.folds import assign_folds
from pipeline.images.digits import CLASSES, labels_of
from pipeline.learning.cross_validation import predict_out_of_fold
from pipeline.learning.hardware import prepare_hardware
from pipeline.learning.inputs import Digits
from pipeline.learning.run import Run
from pipeline.messages import say
from pipeline.params import Params, load_params
from pipeline.reporting.page.render import render_audit
from pipeline.runtime.command import make_parser, run
from pipeline.runtime.errors import UserError
from pipeline.runtime.files import write_file

log = logging.getLogger(__name__)

# Share of the labels that the networks must read as they stand, for what they doubt to be of use.
_AGREED = 0.8
PAGE = Path("reports/audit.html")


def main(argv: Sequence[str] | None = None) -> None:
    """Load all digits, have each judged without its photo, save the doubtful, say how many."""
    make_parser("digits audit", __doc__).parse_args(argv)
    params = load_params()
    digits = load_digits()
    files = list(digits["file"])
    classes = labels_of(files)
    probabilities = judge(files, digits["group"].to_numpy(), params)
    doubtful = find_doubtful(digits, classes, probabilities)
    DOUBTS.write_frame(doubtful)
    write_file(PAGE, render_audit(DOUBTS.read(), Path("data/digits"), Path("raw")))
    log_summary(doubtful, classes, probabilities)


def load_digits() -> pd.DataFrame:
    """All digits, as rows of digits.csv with the column `group` (of copies of the photo)."""
    digits = DIGITS.read_frame()
    if digits["label"].nunique() < 2:
        raise UserError("data/digits.csv has digits of fewer than two labels: add photos")
    return digits.assign(group=group_digits(digits, PHOTOS.read_frame()))


def judge(files: list[str], groups: NDArray[np.object_], params: Params) -> NDArray[np.float64]:
    """Each digit's probabilities (n, 10), by networks that were trained without its group.

    The mean of `audit.repeats` rounds, each with folds and weights of its own.
    """
    hardware = prepare_hardware(params.train, params.machine)
    digits = Digits.load(files, params.train.input_size, hardware, params.machine)
    model, repeats = params.audit.model, params.audit.repeats
    log.info(
        say(
            "{model} on {hardware}: {digits} digits",
            model=model, hardware=hardware.describe(), digits=len(digits),
        )
    )  # fmt: skip
    classes = digits.classes.cpu().numpy()
    total = np.zeros((len(digits), len(CLASSES)))
    for number, training in enumerate(params.audit.rounds(params.train), 1):
        log.info(say("round {number} of {count}", number=number, count=repeats))
        folds = assign_folds(classes, groups, params.audit.folds, training.seed)
        total += predict_out_of_fold(
            digits, folds, Run(training, hardware, compiled=params.machine.compile)
        )
    return total / repeats


def find_doubtful(
    digits: pd.DataFrame, classes: NDArray[np.int64], probabilities: NDArray[np.float64]
) -> pd.DataFrame:
    """Rows of audit.csv: the digits whose labels are likely wrong, the worst first.

    Confident learning, Northcutt et al. 2021, arXiv 1911.00068; `quality` is 0.5 plus half of the
    "margin" there, what the label's probability has over the suggestion's, times how surely the
    photo is read.
    """
    # Every digit that is read otherwise: of wrong labels that are few of their kind, cleanlab's
    # other filters leave out some as chance.
    wrong: NDArray[np.bool_] = find_label_issues(
        classes, probabilities, filter_by="predicted_neq_given", n_jobs=1
    )
    # The label of a misread digit is as improbable as a wrong one; what is suggested for it is less
    # sure. And of a blurred photo's digits, some are misread with confidence.
    margin: NDArray[np.float64] = get_label_quality_scores(
        classes, probabilities, method="normalized_margin"
    )
    quality = 0.5 + (margin - 0.5) * certainty_of_photos(digits["photo"], probabilities)
    table = digits.rename(columns={"label": "actual"}).assign(
        suggested=[CLASSES[answer] for answer in probabilities.argmax(1)],
        quality=quality.round(6),
    )
    return table[wrong].sort_values(["quality", "file"], ignore_index=True)


def certainty_of_photos(photos: pd.Series, probabilities: NDArray[np.float64]) -> pd.Series:
    """How surely each digit's photo is read, 0 to 1 (n,).

    The mean, over the photo's digits, of what the likeliest class has over the next. It tells a
    blurred photo from one with another's labels, whose digits are read otherwise, but surely.
    """
    second, first = np.partition(probabilities, -2)[:, -2:].T
    lead = pd.Series(first - second, index=photos.index)
    return lead.groupby(photos).transform("mean")


def log_summary(
    doubtful: pd.DataFrame, classes: NDArray[np.int64], probabilities: NDArray[np.float64]
) -> None:
    """Say how many labels are doubtful and where they are, and warn of poor judges."""
    agreed = float((probabilities.argmax(1) == classes).mean())
    if agreed < _AGREED:
        log.warning(
            say(
                "WARNING: only {share} % of the digits are read as they are labelled, so the "
                "doubts are worth little: raise audit.epochs, or add photos",
                share=f"{100 * agreed:.0f}",
            )
        )
    log.info(
        say(
            "{doubtful} of {count} labels are doubtful: see {file}",
            doubtful=len(doubtful), count=len(classes), file=DOUBTS.path.as_posix(),
        )
    )  # fmt: skip


if __name__ == "__main__":
    run(main)
