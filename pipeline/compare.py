"""Compare today's model with that of a git revision, on digits that neither was trained on.

The revision's model comes from DVC's cache or remote. Both read those of today's validation digits
whose photos, and copies of them, the revision's model was not trained on.
"""

from __future__ import annotations

import argparse
import logging
import sys
from dataclasses import asdict
from functools import lru_cache
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
from dvc.api import DVCFileSystem
from dvc.exceptions import DvcException
from dvc.scm import RevError
from scmrepo.exceptions import SCMError

from pipeline.command import UserError, make_parser, run
from pipeline.files import LISTS, read_list, write_file, write_json
from pipeline.images.copies import add_readings, are_copies, photos_of
from pipeline.images.digits import read_digits
from pipeline.images.loose_digits import cut_boxes
from pipeline.learning.checkpoint import Checkpoint, decode_checkpoint, load_checkpoint
from pipeline.learning.hardware import Hardware, pick_hardware
from pipeline.learning.reader import read
from pipeline.params import CropParams, load_params
from pipeline.reporting.figures import draw_misread
from pipeline.reporting.misread import load_misread
from pipeline.reporting.pairing import FEWEST_DISCORDANT, Pairing
from pipeline.tables import BOXES, DIGITS, PHOTOS, Table, read_table

log = logging.getLogger(__name__)

RAW = Path("raw")
MODEL = "models/digits.pt"

_SHOWN = 30


def main() -> None:
    """Load both models, let them read the same digits, report; fail where the drop is too large."""
    arguments = parse_arguments()
    params = load_params().train
    hardware = pick_hardware(params.device, params.precision)
    old = decode_checkpoint(read_at(arguments.rev, MODEL), f"{MODEL} at {arguments.rev}")
    new = load_checkpoint(Path(MODEL))
    new.check_lists()
    boxes = unseen_boxes(arguments.rev)
    if boxes.empty:
        raise UserError(
            f"the model at {arguments.rev} was trained on the photos of all of today's validation "
            "digits: no digit is left on which the two can be compared"
        )
    answers = pd.DataFrame(
        {"old": read_boxes(old, boxes, hardware), "new": read_boxes(new, boxes, hardware)}
    )
    right = answers.eq(boxes["label"], axis=0)
    pairing = Pairing.of(right["old"].to_numpy(), right["new"].to_numpy())
    log_report(pairing, arguments.rev)
    save_report(arguments.out, arguments.rev, pairing, boxes, answers, right)
    if arguments.max_drop is not None and -pairing.difference > arguments.max_drop:
        log.error("FAILED: the accuracy fell by more than %g", arguments.max_drop)
        sys.exit(1)


def parse_arguments() -> argparse.Namespace:
    """The command's arguments."""
    parser = make_parser("pipeline.compare", __doc__)
    parser.add_argument("rev", metavar="REV", help="a git revision: HEAD~1, main, a tag, a commit")
    parser.add_argument(
        "--max-drop", type=share, metavar="SHARE",
        help="exit with 1 if accuracy fell by more; 0.002 is 0.2 %%",
    )  # fmt: skip
    parser.add_argument(
        "--out", type=Path, metavar="FOLDER", default=Path("reports/compare"),
        help="default: %(default)s",
    )  # fmt: skip
    return parser.parse_args()


def share(text: str) -> float:
    """A share from 0 up to 1 given as an argument; raises `ArgumentTypeError` for other numbers."""
    value = float(text)
    if not 0 <= value < 1:
        raise argparse.ArgumentTypeError(f"{text} is no share from 0 up to 1; 2 % is 0.02")
    return value


def read_at(rev: str, path: str) -> bytes:
    """The bytes of a DVC-tracked file at a git revision; raises `UserError` where it has none."""
    try:
        content: bytes = _files_at(rev).read_bytes(path)
    except RevError:
        raise UserError(f"{rev} is no git revision: `git log --oneline` lists them") from None
    except (DvcException, SCMError, OSError) as error:
        raise UserError(
            f"{path} of {rev} is neither in DVC's cache nor in a remote ({error}). Where another "
            "machine ran it, as all that a fresh clone came with: `dvc push` there, then "
            "`dvc fetch --all-commits` here; where none did, compare with a version that was run"
        ) from None
    return content


@lru_cache(maxsize=1)
def _files_at(rev: str) -> DVCFileSystem:
    return DVCFileSystem(rev=rev)


def table_at(rev: str, path: str, table: Table) -> pd.DataFrame:
    """A table at a git revision; raises `UserError` where it is of another version of this code."""
    try:
        return read_table(BytesIO(read_at(rev, path)), table)
    except UserError:
        raise UserError(f"{path} at {rev} has other columns than today's code writes") from None


def unseen_boxes(rev: str) -> pd.DataFrame:
    """Today's validation digits, as rows of boxes.csv, that the model at `rev` was not trained on.

    A photo counts as trained on if one of its copies was, under whatever name.
    """
    digits = read_table(Path("data/digits.csv"), DIGITS)
    photos = read_table(Path("data/photos.csv"), PHOTOS)
    old_digits = table_at(rev, "data/digits.csv", DIGITS)
    old_photos = table_at(rev, "data/photos.csv", PHOTOS)
    old_list = read_at(rev, "data/train_data.txt").decode("utf-8").splitlines()
    seen = are_copies(add_readings(photos, digits), photos_of(old_list, old_digits, old_photos))
    validation = digits[digits["file"].isin(read_list(LISTS["valid"]))]
    unseen = validation[validation["photo"].isin(photos["photo"][~seen])]
    boxes = read_table(Path("data/boxes.csv"), BOXES)
    return boxes.merge(unseen[["photo", "object"]]).reset_index(drop=True)


def read_boxes(checkpoint: Checkpoint, boxes: pd.DataFrame, hardware: Hardware) -> list[str]:
    """What a model reads in each box, cut as its training digits were."""
    params = CropParams(cluster=None, **checkpoint.params["crop"])
    found, contents, _ = cut_boxes(RAW, boxes, params)
    if len(found) < len(boxes):
        raise UserError("raw/ has changed since the last run: run `dvc repro` first")
    labels, _ = read(checkpoint, read_digits(contents, checkpoint.input_size), hardware)
    return labels


def log_report(pairing: Pairing, rev: str) -> None:
    """Say how both did, what changed, and whether that can be told from chance."""
    count = pairing.count
    low, high = pairing.interval
    log.info("%d validation digits that neither was trained on", count)
    log.info("%-12s %8.2f %% right", rev, 100 * pairing.old_right / count)
    log.info("%-12s %8.2f %% right", "today", 100 * pairing.new_right / count)
    log.info(
        "difference   %+8.2f points, 95 %% interval %+.2f to %+.2f; gained %d, lost %d; p = %.3g",
        100 * pairing.difference, 100 * low, 100 * high,
        pairing.gained, pairing.lost, pairing.p_value,
    )  # fmt: skip
    if not pairing.can_tell:
        log.info(
            "Too few to tell: %d digits are read differently, and under %d no difference can be "
            "told from chance", pairing.gained + pairing.lost, FEWEST_DISCORDANT,
        )  # fmt: skip


def save_report(
    out: Path,
    rev: str,
    pairing: Pairing,
    boxes: pd.DataFrame,
    answers: pd.DataFrame,
    right: pd.DataFrame,
) -> None:
    """Save the figures, and pictures of the digits gained and lost."""
    low, high = pairing.interval
    figures = asdict(pairing) | {
        "difference": pairing.difference,
        "interval": [low, high],
        "p_value": pairing.p_value,
    }
    write_json(out / "compare.json", figures)
    for name, better, worse, what in (
        ("gained", "new", "old", f"digits that {rev} misreads and today's model reads right"),
        ("lost", "old", "new", f"digits that today's model misreads and {rev} reads right"),
    ):
        chosen = np.flatnonzero(right[better] & ~right[worse])
        cases = [
            load_misread(RAW, boxes.iloc[i], 0, answers[worse].iloc[i]) for i in chosen[:_SHOWN]
        ]
        write_file(out / f"{name}.png", draw_misread(cases, len(chosen), what))
    log.info("Pictures: %s", ", ".join(str(out / f"{name}.png") for name in ("gained", "lost")))


if __name__ == "__main__":
    run(main)
