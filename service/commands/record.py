"""Read the photos of a folder that are not in the database yet, and store what they show.

The photos themselves are never moved, changed or deleted. It can be stopped at any moment and run
again, or run twice at once: each photo is stored once. With --watch it goes on with what arrives.
"""

from __future__ import annotations

import argparse
import logging
import math
import sys
from collections.abc import Sequence
from pathlib import Path

from joblib import cpu_count

from pipeline.messages import say
from pipeline.runtime.command import make_parser, run
from pipeline.runtime.errors import UserError
from service.commands.options import add_database, find_params, models_folder
from service.database.opening import open_database
from service.recording.crew import Crew, ReaderPlan
from service.recording.recorder import Recorder

log = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> None:
    """Open the database, record what is in the folder, or what comes; exits with 1 on failures."""
    options = parse_arguments(argv)
    if not options.folder.is_dir():
        raise UserError(
            "{folder} is no folder: give the one that the photos are put into",
            folder=options.folder,
        )
    params = find_params()
    engine = open_database(options.database)
    plan = ReaderPlan(models_folder(), params.read, params.machine)
    with Crew(plan, options.workers or cpu_count()) as crew:
        patience = math.inf if options.watch else 60.0
        recorder = Recorder(engine, options.folder, crew, params.record, patience)
        if options.watch:
            log.info(say("Watching {folder}; stop with Ctrl-C", folder=options.folder))
            recorder.watch()
        recorder.record(options.again)
    log_summary(recorder)
    if recorder.outcomes["failed"]:
        sys.exit(1)


def parse_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command's arguments."""
    parser = make_parser("digits record", __doc__)
    parser.add_argument("folder", type=Path, metavar="FOLDER", help=say("a folder of photos"))
    add_database(parser)
    parser.add_argument(
        "--watch", action="store_true", help=say("go on with what arrives, until it is stopped")
    )
    parser.add_argument(
        "--workers", type=int, metavar="N",
        help=say("how many photos are read at once; default: as many as there are cores"),
    )  # fmt: skip
    parser.add_argument(
        "--again", action="store_true",
        help=say("also what another model, or other rules, have read and nobody has answered"),
    )  # fmt: skip
    options = parser.parse_args(argv)
    if options.again and options.watch:
        parser.error(say("--again and --watch do not go together: run one after the other"))
    if options.workers is not None and options.workers < 1:
        parser.error(say("--workers is {count}: 1 or more", count=options.workers))
    return options


def log_summary(recorder: Recorder) -> None:
    """Say what became of the photos."""
    counts = recorder.outcomes
    log.info(
        say(
            "{recorded} photos recorded, {known} were known already, {failed} could not be read",
            recorded=counts["recorded"], known=counts["known"], failed=counts["failed"],
        )
    )  # fmt: skip
    if recorder.unsettled:
        log.warning(
            say(
                "WARNING: {count} files were still being written: run it again",
                count=recorder.unsettled,
            )
        )


if __name__ == "__main__":
    run(main)
