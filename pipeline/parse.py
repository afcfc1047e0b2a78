"""Stage 1: read every box of every XML, and account for each one that is not used.

raw/ -> data/boxes.csv, data/problems.csv, data/annotations.json
"""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from pipeline.annotations.folder import read_folder
from pipeline.annotations.ledger import Ledger, rejected_share, unexpected
from pipeline.annotations.messages import say
from pipeline.annotations.summary import count, describe, summarise
from pipeline.command import UserError, make_parser, run
from pipeline.files import write_json
from pipeline.params import ParseParams, load_params
from pipeline.tables import BOXES, PROBLEMS, write_table

log = logging.getLogger(__name__)

_RAW = Path("raw")
_LEDGER = Path("data/problems.csv")


def main() -> None:
    """Load the folder's annotations, save the boxes and the problems, say what was found."""
    arguments = _parser().parse_args()
    params = load_params().parse
    if arguments.check is not None:
        check(arguments.check, read_folder(arguments.check, params))
        return
    ledger = read_folder(_RAW, params)
    boxes, problems = ledger.frames()
    write_table(Path("data/boxes.csv"), BOXES, boxes)
    write_table(_LEDGER, PROBLEMS, problems)
    write_json(Path("data/annotations.json"), count(ledger))
    for line in summarise(ledger):
        log.info("%s", line)
    if ledger.problems:
        log.info("%s", say("where", ledger=_LEDGER.as_posix()))
    refuse_if_useless(ledger, params)


def _parser() -> argparse.ArgumentParser:
    parser = make_parser("pipeline.parse", __doc__)
    parser.add_argument(
        "--check",
        type=Path,
        metavar="FOLDER",
        help="say what is wrong in FOLDER, before it goes into raw/; writes nothing, exits with 1 "
        "where anything is rejected",
    )
    return parser


def refuse_if_useless(ledger: Ledger, params: ParseParams) -> None:
    """Raise `UserError` where there is no digit, or more is rejected than is likely."""
    boxes, problems = ledger.frames()
    names = {"folder": _RAW, "ledger": _LEDGER.as_posix()}
    if boxes.empty:
        raise UserError(say("nothing_usable", **names))
    share = rejected_share(boxes, problems)
    if share > params.max_rejected:
        raise UserError(
            say("too_many", share=f"{share:.1%}", limit=f"{params.max_rejected:g}", **names)
        )


def check(folder: Path, ledger: Ledger) -> None:
    """Say all that was found in a folder; raises `UserError` where it is not fit for raw/.

    It is not where no digit is usable, or anything is rejected but what was expected to be: an
    ignored label, the boxes of a copy.
    """
    boxes, problems = ledger.frames()
    for line in [*describe(problems), *summarise(ledger)]:
        log.info("%s", line)
    if rejected := len(unexpected(problems)):
        raise UserError(say("check_failed", count=rejected, folder=folder))
    if boxes.empty:
        raise UserError(say("check_empty", folder=folder))
    log.info("%s", say("check_passed", folder=folder))


if __name__ == "__main__":
    run(main)
