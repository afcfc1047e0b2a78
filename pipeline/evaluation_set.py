"""The digits that a model is measured on: the validation digits, or another folder's."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from itertools import compress
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.annotations.checks import Finding
from pipeline.annotations.folder import read_folder
from pipeline.annotations.messages import say
from pipeline.annotations.summary import summarise
from pipeline.command import UserError
from pipeline.files import LISTS, read_list
from pipeline.images.copies import add_readings, are_copies, photos_of
from pipeline.images.digits import load_digits, read_digits
from pipeline.images.loose_digits import cut_boxes
from pipeline.learning.checkpoint import Checkpoint
from pipeline.params import CropParams, Params
from pipeline.reporting.report import Photos, Training
from pipeline.tables import BOXES, DIGITS, PHOTOS, PROBLEMS, read_table, write_table

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class EvaluationSet:
    """Digits to be read: their images (n, side, side, 3), and the photos that they are on.

    `table` has a row each, with the columns of boxes.csv and `file`.
    """

    images: np.ndarray
    table: pd.DataFrame
    photos: Photos


def load_validation(checkpoint: Checkpoint, training: Training) -> EvaluationSet:
    """The validation digits, in the order of their list."""
    checkpoint.check_lists()
    files, digits = training.sides["valid"], training.digits
    boxes = read_table(Path("data/boxes.csv"), BOXES)
    problems_file = Path("data/problems.csv")
    per_photo = digits["photo"].value_counts()
    table = digits[["file", "photo", "object"]].merge(boxes).set_index("file", drop=False)
    if unknown := sorted(set(files) - set(table.index)):
        raise UserError(f"data/valid_data.txt lists {unknown[0]}, which is not in data/digits.csv")
    table = table.loc[files].reset_index(drop=True)
    validated = table["photo"].value_counts()
    whole = validated[validated == per_photo[validated.index]].index
    images = load_digits(training.digits_folder, files, checkpoint.input_size)
    problems = read_table(problems_file, PROBLEMS)
    return EvaluationSet(
        images, table, Photos(Path("raw"), set(whole), boxes, problems, problems_file)
    )


def load_folder(folder: Path, checkpoint: Checkpoint, params: Params, out: Path) -> EvaluationSet:
    """A folder's digits, cut as the model's training digits were; but none that it was trained on.

    Says what is left out, and writes it to problems.csv in `out`. Raises `UserError` where no digit
    is left.
    """
    ledger = read_folder(folder, params.parse)
    boxes, _ = ledger.frames()
    table, contents, photos = cut_boxes(
        folder, boxes, CropParams(cluster=None, **checkpoint.params["crop"])
    )
    known = find_trained_on(checkpoint, photos, table)
    for photo in known:
        ledger.note(photo, None, Finding("trained_on", ""))
    problems_file = out / "problems.csv"
    boxes, problems = ledger.frames()
    write_table(problems_file, PROBLEMS, problems)
    for line in [*summarise(ledger), say("where", ledger=problems_file.as_posix())]:
        log.info("%s", line)
    if table.empty:
        raise UserError(f"no usable digit in {folder}/: {problems_file} says why, file by file")
    boxes, fresh = boxes[~boxes["photo"].isin(known)], ~table["photo"].isin(known)
    if not fresh.any():
        raise UserError(f"the model was trained on all photos in {folder}/, or on copies of them")
    table = table[fresh].reset_index(drop=True)
    images = read_digits(list(compress(contents, fresh)), checkpoint.input_size)
    whole = set(table["photo"])
    return EvaluationSet(images, table, Photos(folder, whole, boxes, problems, problems_file))


def find_trained_on(checkpoint: Checkpoint, photos: pd.DataFrame, boxes: pd.DataFrame) -> list[str]:
    """Which photos (rows of photos.csv, with their boxes) the model was trained on, or copies of.

    It is known of the model of data/ alone; of any other, and of what a model started from, it is
    said that it is not.
    """
    if first := checkpoint.params["train"]["init"]:
        log.warning("WARNING: the model started from %s: it may know more of these photos", first)
    try:
        checkpoint.check_lists()
        trained_on = photos_of(
            read_list(LISTS["train"]),
            read_table(Path("data/digits.csv"), DIGITS),
            read_table(Path("data/photos.csv"), PHOTOS),
        )
    except UserError:
        log.warning("WARNING: data/ is not what the model was trained on: it may know these photos")
        return []
    return sorted(photos["photo"][are_copies(add_readings(photos, boxes), trained_on)])
