"""Stage 1: read every box, and account for each one that is not used; what is known is kept.

raw/ -> data/boxes.csv, data/others.csv, data/problems.csv, data/annotations.json
"""

from __future__ import annotations

import logging
from pathlib import Path

from pipeline.annotations.folder import read_folder
from pipeline.annotations.ledger import Ledger, rejected_share
from pipeline.annotations.summary import count, summarise
from pipeline.contracts import ANNOTATIONS, BOXES, OTHERS, PROBLEMS
from pipeline.messages import say
from pipeline.params import ParseParams, load_params
from pipeline.runtime.command import parse_no_options, run
from pipeline.runtime.errors import UserError
from pipeline.runtime.files import write_json

log = logging.getLogger(__name__)

_RAW = Path("raw")
# Of this disk alone, and so no output of a stage.
_KNOWN = Path("data/.annotations.jsonl")


def main() -> None:
    """Load the folder's annotations, save the boxes and the problems, say what was found."""
    parse_no_options("parse", __doc__)
    params = load_params()
    ledger = read_folder(_RAW, params.parse, params.machine.threads, _KNOWN)
    boxes, problems = ledger.tables()
    BOXES.write(boxes)
    OTHERS.write(sorted(ledger.others, key=lambda other: (other.photo, other.object)))
    PROBLEMS.write(problems)
    write_json(ANNOTATIONS, count(ledger))
    for line in summarise(ledger, params.parse):
        log.info("%s", line)
    if problems:
        log.info(say("Each is listed in {ledger}", ledger=PROBLEMS.path.as_posix()))
    refuse_if_useless(ledger, params.parse)


def refuse_if_useless(ledger: Ledger, params: ParseParams) -> None:
    """Raise `UserError` where there is no digit, or more is rejected than is likely."""
    names = {"folder": _RAW, "ledger": PROBLEMS.path.as_posix()}
    if not ledger.boxes:
        raise UserError("no usable digit in {folder}/: {ledger} says why, file by file", **names)
    share = rejected_share(ledger)
    if share > params.max_rejected:
        raise UserError(
            "{share} of the objects in {folder}/ are rejected, more than parse.max_rejected "
            "({limit}): {ledger} says why, file by file",
            share=f"{share:.1%}",
            limit=f"{params.max_rejected:g}",
            **names,
        )


if __name__ == "__main__":
    run(main)
