"""Compare today's models with those of a git revision, on what neither was trained on.

The revision's digit model comes from DVC's cache or remote. Both read those of today's validation
digits whose photos, and copies of them, the revision's model was not trained on. Whole photos are
compared by what each `dvc repro` read of those that it kept for measuring, then and now.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
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

from pipeline.contracts import DIGITS, LISTS, MODEL, PHOTOS, WHOLE, read_list
from pipeline.dividing.copies import add_readings, are_copies, group_digits, photos_of
from pipeline.images.cropper import cut_boxes
from pipeline.images.digits import read_digits
from pipeline.learning.checkpoint import Checkpoint, decode_checkpoint, load_checkpoint
from pipeline.learning.digit_reader import classify
from pipeline.learning.hardware import Hardware, use_hardware
from pipeline.messages import mark, say
from pipeline.params import CropParams, load_params
from pipeline.reporting.figures import draw_misread
from pipeline.reporting.metrics import delivery_of
from pipeline.reporting.misread import load_misread
from pipeline.reporting.pairing import Pairing
from pipeline.runtime.command import make_parser
from pipeline.runtime.errors import UserError
from pipeline.runtime.files import write_file, write_json
from pipeline.runtime.table import Row, Table

log = logging.getLogger(__name__)

RAW = Path("raw")

_SHOWN = 30
_NOTHING_YET = mark(
    "Nothing to compare with yet: none of the photos of {rev} is in raw/ today. Commit today's "
    "version, and compare the next one with it"
)
# What the comparison needs of the tables of another version of this code.
_OF_DIGITS = ("file", "photo", "label", "row", "column")
_OF_PHOTOS = ("photo", "md5", "perceptual_hash")
# Never numbers, however they look.
_TEXTS = ("file", "photo", "label", "md5", "perceptual_hash", "taken")


def main(argv: Sequence[str] | None = None) -> None:
    """Load both models, let them read the same digits, report; fail where the drop is too large."""
    arguments = parse_arguments(argv)
    params = load_params()
    hardware = use_hardware(params.machine, params.train.precision)
    model = MODEL.as_posix()
    old = decode_checkpoint(read_at(arguments.rev, model), f"{model} at {arguments.rev}")
    new = load_checkpoint()
    new.check_lists()
    if not shares_photos(arguments.rev):
        log.info(say(_NOTHING_YET, rev=arguments.rev))
        if arguments.max_drop is None:
            return
    digits = unseen_digits(arguments.rev)
    predicted = pd.DataFrame(
        {"old": read_boxes(old, digits, hardware), "new": read_boxes(new, digits, hardware)}
    )
    right = predicted.eq(digits["label"], axis=0)
    pairing = Pairing.of(right["old"].to_numpy(), right["new"].to_numpy(), digits["group"])
    log_report(pairing, arguments.rev)
    log_deliveries(right, digits["photo"].map(delivery_of), arguments.rev)
    whole = compare_whole(arguments.rev, digits)
    save_report(arguments.out, arguments.rev, pairing, digits, predicted, whole)
    log.info(say("Digits in their boxes: {verdict}", verdict=pairing.verdict))
    if whole:
        log_whole(whole, arguments.rev)
    if arguments.max_drop is not None and -pairing.difference > arguments.max_drop:
        log.error(
            say("FAILED: the accuracy fell by more than {share}", share=f"{arguments.max_drop:g}")
        )
        sys.exit(1)


def parse_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command's arguments."""
    parser = make_parser("digits compare", __doc__)
    parser.add_argument(
        "rev", metavar="REV", help=say("a git revision: HEAD~1, main, a tag, a commit")
    )
    parser.add_argument(
        "--max-drop", type=share, metavar="SHARE",
        help=say("exit with 1 if accuracy fell by more; 0.002 is 0.2 %%"),
    )  # fmt: skip
    parser.add_argument(
        "--out", type=Path, metavar="FOLDER", default=Path("reports/compare"),
        help=say("default: %(default)s"),
    )  # fmt: skip
    return parser.parse_args(argv)


def share(text: str) -> float:
    """A share from 0 up to 1 given as an argument; raises `ArgumentTypeError` for other numbers."""
    value = float(text)
    if not 0 <= value < 1:
        raise argparse.ArgumentTypeError(
            say("{text} is no share from 0 up to 1; 2 % is 0.02", text=text)
        )
    return value


@lru_cache
def read_at(rev: str, path: str) -> bytes:
    """The bytes of a DVC-tracked file at a git revision; raises `UserError` where it has none."""
    try:
        content: bytes = _files_at(rev).read_bytes(path)
    except RevError:
        raise UserError(
            "{rev} is no git revision: `git log --oneline` lists them", rev=rev
        ) from None
    except (DvcException, SCMError, OSError) as error:
        raise UserError(
            "nothing to compare with: {path} of {rev} is neither in DVC's cache nor in a remote "
            "({error}). Where another machine ran it, as all that a fresh clone came with: `dvc "
            "push` there, then `dvc fetch --all-commits` here; where none did, commit today's "
            "version, and compare the next one with it",
            path=path,
            rev=rev,
            error=error,
        ) from None
    return content


@lru_cache(maxsize=1)
def _files_at(rev: str) -> DVCFileSystem:
    return DVCFileSystem(rev=rev)


def table_at(rev: str, table: Table[Row], needed: Sequence[str]) -> pd.DataFrame:
    """A table at a git revision, with those of today's columns that it has.

    Earlier versions of this code wrote fewer, and others beside these. Raises `UserError` where one
    that is `needed` is not there.
    """
    content = read_at(rev, table.path.as_posix())
    try:
        frame = pd.read_csv(
            BytesIO(content), usecols=lambda name: name in table.columns,
            dtype=dict.fromkeys(_TEXTS, str), keep_default_na=False, na_filter=False,
            lineterminator="\n",
        )  # fmt: skip
    except ValueError:
        frame = pd.DataFrame()
    if not {*needed} <= {*frame.columns}:
        raise UserError(
            "{path} at {rev} has other columns than today's code writes", path=table.path, rev=rev
        )
    return frame


def shares_photos(rev: str) -> bool:
    """Whether a photo of today's was there at a git revision."""
    return bool(PHOTOS.read_frame()["md5"].isin(table_at(rev, PHOTOS, _OF_PHOTOS)["md5"]).any())


def unseen_digits(rev: str) -> pd.DataFrame:
    """Today's validation digits, rows of digits.csv, that the model at `rev` was not trained on.

    A photo counts as trained on if one of its copies was, under whatever name. `group` is that of
    the photo's copies. Raises `UserError` where there is none.
    """
    digits, photos = DIGITS.read_frame(), PHOTOS.read_frame()
    digits = digits.assign(group=group_digits(digits, photos))
    old_digits = table_at(rev, DIGITS, _OF_DIGITS)
    old_photos = table_at(rev, PHOTOS, _OF_PHOTOS)
    old_list = read_at(rev, LISTS["train"].as_posix()).decode("utf-8").splitlines()
    seen = are_copies(add_readings(photos, digits), photos_of(old_list, old_digits, old_photos))
    validation = digits[digits["file"].isin(read_list(LISTS["valid"]))]
    unseen = validation["photo"].isin(photos["photo"][~seen])
    if not unseen.any():
        raise UserError(
            "the model at {rev} was trained on the photos of all of today's validation "
            "digits: no digit is left on which the two can be compared",
            rev=rev,
        )
    return validation[unseen].reset_index(drop=True)


def compare_whole(rev: str, digits: pd.DataFrame) -> Pairing | None:
    """How whole photos were read at a revision and today, of those that neither was trained on.

    `digits` are those of today's validation that the revision was not trained on. None where the
    revision has no such readings, or of none of these photos.
    """
    try:
        before = table_at(rev, WHOLE, ("photo", "right"))
        now = WHOLE.read_frame()
    except UserError:
        return None
    content = table_at(rev, PHOTOS, _OF_PHOTOS).set_index("photo")["md5"]
    old = before.assign(md5=before["photo"].map(content)).set_index("md5")["right"]
    new = now.merge(PHOTOS.read_frame()[["photo", "md5"]], on="photo")
    groups = digits.drop_duplicates("photo").set_index("photo")["group"]
    new = new[new["md5"].isin(old.index) & new["photo"].isin(groups.index)]
    if not len(new):
        return None
    both = old.loc[new["md5"]].to_numpy(dtype=bool), new["right"].to_numpy(dtype=bool)
    return Pairing.of(*both, new["photo"].map(groups))


def read_boxes(checkpoint: Checkpoint, boxes: pd.DataFrame, hardware: Hardware) -> list[str]:
    """What a model reads in each box, cut as its training digits were."""
    found, contents, _ = cut_boxes(RAW, boxes, CropParams(**checkpoint.params["crop"]))
    if len(found) < len(boxes):
        raise UserError("raw/ has changed since the last run: run `dvc repro` first")
    labels, _ = classify(checkpoint, read_digits(contents, checkpoint.input_size), hardware)
    return labels


def log_report(pairing: Pairing, rev: str) -> None:
    """Say how both did, what changed, and whether that can be told from chance."""
    count = pairing.count
    low, high = pairing.interval
    log.info(
        say(
            "Validation digits that neither was trained on: {count} (photos: {photos})",
            count=count, photos=pairing.photos,
        )
    )  # fmt: skip
    for name, right in ((rev, pairing.old_right), (say("today"), pairing.new_right)):
        log.info(
            say("{model} {share} % right", model=f"{name:12}", share=f"{100 * right / count:8.2f}")
        )
    log.info(
        say(
            "difference   {points} points, 95 % interval {low} to {high}; gained {gained}, "
            "lost {lost} digits; one is ahead on {uneven} photos; p = {p}, by photo",
            points=f"{100 * pairing.difference:+8.2f}",
            low=f"{100 * low:+.2f}", high=f"{100 * high:+.2f}",
            gained=pairing.gained, lost=pairing.lost, uneven=pairing.uneven,
            p=f"{pairing.p_value:.3g}",
        )
    )  # fmt: skip


def log_whole(pairing: Pairing, rev: str) -> None:
    """Say how many whole photos both got right, and whether a difference can be told."""
    log.info(
        say(
            "Whole photos, without boxes: {count}, of which {rev} read {old} right and today "
            "{new}. {verdict}",
            count=pairing.count, rev=rev, old=pairing.old_right, new=pairing.new_right,
            verdict=pairing.verdict,
        )
    )  # fmt: skip


def log_deliveries(right: pd.DataFrame, delivery: pd.Series, rev: str) -> None:
    """Say how both did on each delivery: a new one's display may be all that the old one lacks."""
    if delivery.nunique() < 2:
        return
    for name, its in right.groupby(delivery):
        old, new = (f"{100 * its[column].mean():.2f}" for column in ("old", "new"))
        log.info(
            say(
                "{delivery}: {count} digits, {rev} {old} % right, today {new} %",
                delivery=name, count=len(its), rev=rev, old=old, new=new,
            )
        )  # fmt: skip


def save_report(
    out: Path, rev: str, pairing: Pairing, digits: pd.DataFrame, predicted: pd.DataFrame,
    whole: Pairing | None,
) -> None:  # fmt: skip
    """Save the figures, and pictures of the digits gained and lost."""
    figures = asdict(pairing) | {"difference": pairing.difference}
    figures |= {"whole_photos": asdict(whole) if whole else None}
    write_json(out / "compare.json", figures)
    right = predicted.eq(digits["label"], axis=0)
    for name, better, worse, title in (
        ("gained", "new", "old", mark("digits that {rev} misreads and today's model reads right")),
        ("lost", "old", "new", mark("digits that today's model misreads and {rev} reads right")),
    ):
        chosen = np.flatnonzero(right[better] & ~right[worse])
        cases = [
            load_misread(RAW, digits.iloc[i], 0, predicted[worse].iloc[i]) for i in chosen[:_SHOWN]
        ]
        # A picture's words are English: its fonts may have no Hangul.
        write_file(out / f"{name}.png", draw_misread(cases, len(chosen), title.format(rev=rev)))
    pictures = ", ".join(str(out / f"{name}.png") for name in ("gained", "lost"))
    log.info(say("Pictures: {files}", files=pictures))
