"""Find the labels that are most likely wrong, and suggest the right ones.

data/digits.csv, boxes.csv, photos.csv, data/digits -> reports/audit.csv

Every digit is judged by small networks that were trained without its photo and the copies of it.
"""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pandas as pd
from cleanlab.filter import find_label_issues
from cleanlab.rank import get_label_quality_scores
from numpy.typing import NDArray

from pipeline.command import UserError, make_parser, run
from pipeline.files import AUDIT_FILE
from pipeline.images.copies import group_digits
from pipeline.images.digits import CLASSES, labels_of
from pipeline.learning.folds import assign_folds, predict_out_of_fold
from pipeline.learning.hardware import prepare_hardware
from pipeline.learning.inputs import Digits, normalise_each
from pipeline.params import Params, load_params
from pipeline.tables import AUDIT, BOXES, DIGITS, PHOTOS, read_table, write_table

log = logging.getLogger(__name__)

# Share of the labels that the networks must read as they stand, for what they doubt to be of use.
_AGREED = 0.8


def main() -> None:
    """Load all digits, have each judged without its photo, save the doubtful, say how many."""
    make_parser("pipeline.audit", __doc__).parse_args()
    params = load_params()
    digits = load_table()
    files = list(digits["file"])
    classes = labels_of(files)
    probabilities = judge(files, digits["group"].to_numpy(), params)
    doubtful = find_doubtful(digits, classes, probabilities)
    write_table(AUDIT_FILE, AUDIT, doubtful)
    log_summary(doubtful, classes, probabilities)


def load_table() -> pd.DataFrame:
    """All digits with the columns file, photo, object, xml and group (of copies of the photo)."""
    digits = read_table(Path("data/digits.csv"), DIGITS)
    boxes = read_table(Path("data/boxes.csv"), BOXES)
    photos = read_table(Path("data/photos.csv"), PHOTOS)
    if digits["label"].nunique() < 2:
        raise UserError("data/digits.csv has digits of fewer than two labels: add photos")
    digits["group"] = group_digits(digits, photos)
    return digits.merge(boxes[["photo", "object", "xml"]], validate="1:1")


def judge(files: list[str], groups: NDArray[np.int64], params: Params) -> NDArray[np.float64]:
    """Each digit's probabilities (n, 10), by networks that were trained without its group.

    The mean of `audit.repeats` rounds, each with folds and weights of its own.
    """
    hardware = prepare_hardware(params.train)
    digits = Digits.load(files, params.train, hardware)
    log.info("%s on %s: %d digits", params.audit.model, hardware, len(digits))
    classes = digits.classes.cpu().numpy()
    total = np.zeros((len(digits), len(CLASSES)))
    for number, training in enumerate(params.audit.rounds(params.train), 1):
        log.info("round %d of %d", number, params.audit.repeats)
        folds = assign_folds(classes, groups, params.audit.folds, training.seed)
        total += predict_out_of_fold(
            digits, folds, len(CLASSES), normalise_each, training, hardware
        )
    return total / params.audit.repeats


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
            "WARNING: only %.0f %% of the digits are read as they are labelled, so the doubts are "
            "worth little: raise audit.epochs, or add photos", 100 * agreed,
        )  # fmt: skip
    log.info(
        "%d of %d labels are doubtful: see %s", len(doubtful), len(classes), AUDIT_FILE.as_posix()
    )


if __name__ == "__main__":
    run(main)
