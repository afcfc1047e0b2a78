"""Say what is wrong in a folder of photos and XML, before it goes into raw/."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from pipeline.annotations.folder import read_folder
from pipeline.annotations.ledger import Ledger, unexpected
from pipeline.annotations.summary import summarise
from pipeline.contracts import PROBLEMS
from pipeline.images.photo import PHOTO_SUFFIXES
from pipeline.messages import say
from pipeline.params import load_params
from pipeline.runtime.command import make_parser
from pipeline.runtime.errors import UserError

log = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> None:
    """Read the folder as parse would, say what was found; writes nothing but what was asked for."""
    parser = make_parser("digits check", __doc__)
    parser.add_argument("folder", type=Path, metavar="FOLDER", help=say("photos and their XML"))
    parser.add_argument(
        "--csv", type=Path, metavar="FILE", help=say("write every file and box that has a problem")
    )
    arguments = parser.parse_args(argv)
    params = load_params()
    ledger = read_folder(arguments.folder, params.parse, params.machine.threads)
    for line in summarise(ledger, params.parse):
        log.info("%s", line)
    if arguments.csv:
        PROBLEMS.write(ledger.tables()[1], arguments.csv)
        log.info(say("Each is listed in {ledger}", ledger=arguments.csv))
    refuse_if_unfit(arguments.folder, ledger)


def refuse_if_unfit(folder: Path, ledger: Ledger) -> None:
    """Raise `UserError` where a folder is not fit for raw/, with what to do first.

    It is not where no digit is usable, or anything is rejected but what was expected to be: an
    ignored label, the boxes of a copy.
    """
    suffixes = {Path(file).suffix.lower() for file in ledger.files}
    if suffixes and not suffixes & PHOTO_SUFFIXES:
        raise UserError(
            "{folder}/ has no photos: give the folder that holds the photos and their XML",
            folder=folder,
        )
    if not ledger.boxes and ".xml" not in suffixes:
        raise UserError(
            "{folder}/ has photos but no XML: draw boxes round their digits, as docs/labelling.md "
            "shows, and save them as Pascal VOC",
            folder=folder,
        )
    if rejected := len(unexpected(ledger.problems)):
        raise UserError(
            "{count} rejected in {folder}/: correct them, then check again; `digits check {folder} "
            "--csv problems.csv` lists each",
            count=rejected, folder=folder,
        )  # fmt: skip
    if not ledger.boxes:
        raise UserError(
            "{folder}/ has no box of a digit: annotate its photos, or mend parse.ignore",
            folder=folder,
        )
    log.info(say("Nothing is rejected in {folder}/", folder=folder))
