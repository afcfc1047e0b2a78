"""Say what is wrong in a folder of photos and XML, before it goes into raw/."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from pipeline.annotations.folder import read_folder
from pipeline.annotations.ledger import Ledger, unexpected
from pipeline.annotations.summary import describe, summarise
from pipeline.messages import say
from pipeline.params import load_params
from pipeline.runtime.command import make_parser
from pipeline.runtime.errors import UserError

log = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> None:
    """Read the folder as parse would, say all that was found; writes nothing."""
    parser = make_parser("digits check", __doc__)
    parser.add_argument("folder", type=Path, metavar="FOLDER", help=say("photos and their XML"))
    folder: Path = parser.parse_args(argv).folder
    params = load_params()
    check(folder, read_folder(folder, params.parse, params.machine.threads))


def check(folder: Path, ledger: Ledger) -> None:
    """Say all that was found in a folder; raises `UserError` where it is not fit for raw/.

    It is not where no digit is usable, or anything is rejected but what was expected to be: an
    ignored label, the boxes of a copy.
    """
    boxes, problems = ledger.tables()
    for line in [*describe(problems), *summarise(ledger)]:
        log.info("%s", line)
    if rejected := len(unexpected(problems)):
        raise UserError(
            "{count} rejected in {folder}/: mend them, then check again",
            count=rejected,
            folder=folder,
        )
    if not boxes:
        raise UserError(
            "{folder}/ has no box of a digit: annotate its photos, or mend parse.ignore",
            folder=folder,
        )
    log.info(say("Nothing is rejected in {folder}/", folder=folder))
