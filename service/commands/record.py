"""Read the photos of a folder that are not in the database yet, and store what they show.

The photos themselves are never moved, changed or deleted. It can be stopped at any moment and run
again, or run twice at once: each photo is stored once. With --watch it goes on with what arrives.
"""

from __future__ import annotations

import argparse
import logging
import math
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from pipeline.annotations.ledger import printable
from pipeline.messages import say
from pipeline.params import RecordParams
from pipeline.reading.model_files import find_folder
from pipeline.runtime.command import make_parser, run
from pipeline.runtime.errors import UserError
from service.commands.options import add_database, find_params
from service.database.opening import is_passing, open_database
from service.recording.crew import Crew, ReaderPlan, size_for
from service.recording.recorder import Recorder
from service.recording.storing import station_of

log = logging.getLogger(__name__)

# Seconds that a database may be away while nobody watches.
_PATIENCE = 60.0


def main(argv: Sequence[str] | None = None) -> None:
    """Open the database, record what is in the folder, or what comes; exits with 1 on failures."""
    options = parse_arguments(argv)
    # A share may be away when a service starts.
    if options.folder.exists() and not options.folder.is_dir():
        raise UserError(
            "{folder} is no folder: give the one that the photos are put into",
            folder=options.folder,
        )
    params = find_params()
    plan = ReaderPlan(find_folder(), params.read, params.machine)
    with Crew(plan, options.workers or size_for(params.machine)) as crew:
        engine = wait_for_database(options.database) if options.watch else None
        recorder = Recorder(
            engine or open_database(options.database), options.folder, crew, params.record,
            math.inf if options.watch else _PATIENCE,
        )  # fmt: skip
        warn_of_stations(options.folder, params.record)
        if options.watch:
            # As systemd stops a service, and a terminal does.
            signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
            log.info(say("Watching {folder}; stop with Ctrl-C", folder=options.folder))
            recorder.watch()
        recorder.record(options.again)
    log_summary(recorder)
    if recorder.outcomes["failed"]:
        sys.exit(1)


def wait_for_database(url: str) -> Engine:
    """The database, when it answers; raises `UserError` where it never would as it is."""
    said = ""
    while True:
        try:
            return open_database(url)
        except UserError as error:
            cause = error.__cause__
            if not isinstance(cause, DBAPIError) or not is_passing(cause):
                raise
            if str(error) != said:
                log.warning(say("WARNING: {error}: waiting for it", error=error))
            said = str(error)
            time.sleep(1)


def warn_of_stations(folder: Path, params: RecordParams) -> None:
    """Name the stations of params.yaml that there are no folders of: a slip, most likely."""
    try:
        there = {station_of(f"{its.name}/") for its in folder.iterdir() if its.is_dir()}
    except OSError:
        return
    missing = [name for name in params.stations if station_of(f"{name}/") not in there]
    if missing and there:
        log.warning(
            say(
                "WARNING: record.stations in params.yaml names {missing}, and there is no such "
                "folder in {folder}; there are: {there}",
                missing=", ".join(missing), folder=folder,
                there=", ".join(map(printable, sorted(there))),
            )
        )  # fmt: skip


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
        help=say("how many photos are read at once; default: one a core, two with a GPU"),
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
