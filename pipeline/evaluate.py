"""Stage 6: measure the model on the validation digits, and draw what it does.

models/digits.pt, data/valid_data.txt, data/digits -> reports/metrics.json, predictions.csv, *.png

With --photos, measures it on another folder of photos and XML instead.
"""

from __future__ import annotations

import argparse
import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.annotations.folder import read_folder
from pipeline.command import UserError, run
from pipeline.files import LISTS, read_list, write_file, write_json
from pipeline.images.digits import load_digits, read_digits
from pipeline.images.loose_digits import cut_boxes
from pipeline.learning.checkpoint import Checkpoint, load_checkpoint
from pipeline.learning.hardware import pick_hardware
from pipeline.learning.reader import read
from pipeline.params import CropParams, Params, load_params
from pipeline.reporting.figures import (
    draw_confusion,
    draw_curves,
    draw_digits,
    draw_misread,
)
from pipeline.reporting.metrics import measure
from pipeline.reporting.misread import Misread, load_misread
from pipeline.tables import (
    BOXES,
    DIGITS,
    HISTORY,
    PREDICTIONS,
    PROBLEMS,
    read_table,
    write_table,
)

log = logging.getLogger(__name__)

_SHOWN = 32
_MISREAD_SHOWN = 30


@dataclass(frozen=True)
class Digits:
    """Digits to be read: their images (n, side, side, 3), and where each was cut.

    `table` has the columns file, label, photo, object and the box's; `whole_photos` are the photos
    whose every digit is among them.
    """

    images: np.ndarray
    table: pd.DataFrame
    photos: Path
    whole_photos: set[str]


def main() -> None:
    """Load the model and the digits, predict, save the figures and the pictures."""
    arguments = parse_arguments()
    params = load_params()
    checkpoint = load_checkpoint(arguments.model)
    if arguments.photos:
        out = arguments.out or Path("reports") / arguments.photos.resolve().name
        digits = load_folder(arguments.photos, checkpoint, params, out)
    else:
        out = arguments.out or Path("reports")
        digits = load_validation(checkpoint)
        history = read_table(Path("reports/history.csv"), HISTORY)
        write_file(out / "curves.png", draw_curves(history))
        write_file(out / "digits.png", draw_digits(*load_some_training_digits(checkpoint)))
    predictions = predict_digits(checkpoint, digits, params)
    metrics = measure(predictions, digits.whole_photos)
    write_table(out / "predictions.csv", PREDICTIONS, predictions)
    write_file(out / "confusion.png", draw_confusion(predictions))
    write_file(out / "misread.png", draw_misread(*find_misread(checkpoint, predictions, digits)))
    write_json(out / "metrics.json", metrics)
    log_summary(metrics, out)


def parse_arguments() -> argparse.Namespace:
    """The command's arguments."""
    parser = argparse.ArgumentParser(
        prog="python -m pipeline.evaluate",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
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


def load_validation(checkpoint: Checkpoint) -> Digits:
    """The validation digits, in the order of their list."""
    checkpoint.check_lists()
    files = read_list(LISTS["valid"])
    digits = read_table(Path("data/digits.csv"), DIGITS)
    boxes = read_table(Path("data/boxes.csv"), BOXES)
    per_photo = digits["photo"].value_counts()
    table = digits.merge(boxes[["photo", "object", "xmin", "ymin", "xmax", "ymax"]])
    table = table.set_index("file", drop=False)
    if unknown := sorted(set(files) - set(table.index)):
        raise UserError(f"data/valid_data.txt lists {unknown[0]}, which is not in data/digits.csv")
    table = table.loc[files]
    validated = table["photo"].value_counts()
    whole = validated[validated == per_photo[validated.index]].index
    images = load_digits(Path("data/digits"), files, checkpoint.input_size)
    return Digits(images, table, Path("raw"), set(whole))


def load_folder(folder: Path, checkpoint: Checkpoint, params: Params, out: Path) -> Digits:
    """All digits of a folder of photos and XML, cut as the model's training digits were.

    Writes what could not be used to problems.csv in `out`. Raises `UserError` if nothing can.
    """
    boxes, problems = read_folder(folder, params.parse).frames()
    write_table(out / "problems.csv", PROBLEMS, problems)
    table, contents = cut_boxes(
        folder, boxes, CropParams(cluster=None, **checkpoint.params["crop"])
    )
    if table.empty:
        raise UserError(f"no usable digit in {folder}/: {out}/problems.csv says why, file by file")
    images = read_digits(contents, checkpoint.input_size)
    return Digits(images, table, folder, set(table["photo"]))


def load_some_training_digits(checkpoint: Checkpoint) -> tuple[np.ndarray, list[str]]:
    """Training digits for the picture, spread evenly over the list, with their labels."""
    files = read_list(LISTS["train"])
    chosen = [files[i * len(files) // _SHOWN] for i in range(min(_SHOWN, len(files)))]
    images = load_digits(Path("data/digits"), chosen, checkpoint.input_size)
    return images, [file.split("/")[0] for file in chosen]


def predict_digits(checkpoint: Checkpoint, digits: Digits, params: Params) -> pd.DataFrame:
    """The model's answer to each digit and its confidence: rows of predictions.csv."""
    hardware = pick_hardware(params.train.device, params.train.precision)
    labels, confidence = read(checkpoint, digits.images, hardware)
    return pd.DataFrame(
        {
            "file": digits.table["file"].to_numpy(),
            "photo": digits.table["photo"].to_numpy(),
            "actual": digits.table["label"].to_numpy(),
            "predicted": labels,
            "confidence": confidence,
        }
    )


def find_misread(
    checkpoint: Checkpoint, predictions: pd.DataFrame, digits: Digits
) -> tuple[list[Misread], int]:
    """The misread digits for a picture, the most confident first, and how many there are in all."""
    wrong = np.flatnonzero(predictions["predicted"] != predictions["actual"])
    order = wrong[np.argsort(-predictions["confidence"].to_numpy()[wrong], kind="stable")]
    margin = checkpoint.params["crop"]["margin"]
    shown = [
        load_misread(
            digits.photos,
            digits.table.iloc[i],
            margin,
            predictions["predicted"].iloc[i],
            float(predictions["confidence"].iloc[i]),
        )
        for i in order[:_MISREAD_SHOWN]
    ]
    return shown, len(wrong)


def log_summary(metrics: dict[str, dict[str, float]], out: Path) -> None:
    """Say how many digits and readings are right, and where the pictures are."""
    for name in ("digits", "readings"):
        score = metrics[name]
        if score["count"]:
            share = 100 * score["accuracy"]
            log.info(
                "%s: %.2f %% right (%d of %d wrong)", name, share, score["errors"], score["count"]
            )
    log.info("Pictures: %s", ", ".join(str(path) for path in sorted(out.glob("*.png"))))


if __name__ == "__main__":
    run(main)
