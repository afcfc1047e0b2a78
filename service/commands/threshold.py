"""From which confidence on a reading may go through unseen, and what can be promised of those.

It stands on readings that no one trained on: validation's, and those that people have checked,
drawn at random. At most the share --wrong of what is accepted is wrong, at 95 % confidence; where
that can be promised, `digits record` accepts by it from now on, until the model or the display is
another, or a spot check fails. Exit code: 0 where it can be promised, 3 where it cannot.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import pandas as pd
from sqlalchemy import Connection

from pipeline.messages import say
from pipeline.reading.model_files import find_folder
from pipeline.reporting.acceptance import Promise, find_promise, tabulate
from pipeline.runtime.command import make_parser, run
from pipeline.runtime.errors import UserError
from service import promises
from service.commands.options import add_database
from service.database.opening import open_database, reading_from, told
from service.database.schema import promise
from service.database.types import now
from service.evidence import Evidence, gather
from service.models import find_model
from service.promises import last_ending, last_reading


def main(argv: Sequence[str] | None = None) -> None:
    """Gather what is known, find the threshold, say what can be promised, and keep it."""
    options = parse_arguments(argv)
    model = find_model(find_folder()).name
    engine = open_database(options.database)
    with reading_from(engine) as connection:
        evidence = gather(connection, model, last_ending(connection, model))
        newest = last_reading(connection)
    if not len(evidence.accepted):
        raise UserError(
            "nothing is known of this model's readings yet: run `dvc repro`, or record photos and "
            "go through them with `digits review`"
        )
    found = find_promise(evidence.accepted, options.wrong)
    with told(engine), engine.begin() as connection:
        keep(connection, model, found, options.wrong, newest, evidence.accepted)
    sys.stdout.writelines(f"{line}\n" for line in describe(found, evidence, options.wrong))
    if found.verdict != "kept":
        sys.exit(3)


def keep(
    connection: Connection, model: str, found: Promise, wrong: float, newest: int,
    accepted: pd.DataFrame,
) -> None:  # fmt: skip
    """Store a promise; where there is none, end an earlier one that the evidence denies, too."""
    if found.verdict == "kept":
        row = {
            "model": model, "wrong": wrong, "threshold": found.at.threshold, "made_at": now(),
            "readings": found.at.accepted, "errors": found.at.errors, "last_reading": newest,
        }  # fmt: skip
        connection.execute(promise.insert().values(row))
        return
    earlier = promises.find_promise(connection, model)
    if earlier and find_promise(accepted, earlier.wrong).verdict != "kept":
        promises.end(connection, earlier, say("what is known now denies it"))


def parse_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command's arguments."""
    parser = make_parser("digits threshold", __doc__)
    add_database(parser)
    parser.add_argument(
        "--wrong", type=float, default=0.001, metavar="SHARE",
        help=say("the most that may be wrong of what is accepted; default: %(default)s"),
    )  # fmt: skip
    options = parser.parse_args(argv)
    if not 0 < options.wrong < 1:
        parser.error(say("--wrong is {value}: above 0, below 1", value=options.wrong))
    return options


def describe(found: Promise, evidence: Evidence, wrong: float) -> list[str]:
    """What can be promised, in sentences."""
    everything = tabulate(evidence.accepted)[0]
    limit = f"{1 / wrong:,.0f}"
    lines = [
        say(
            "{count} readings are known, copies counted once; {errors} of them are wrong",
            count=f"{everything.accepted:,}", errors=everything.errors,
        )
    ]  # fmt: skip
    if evidence.unseen:
        lines.append(
            say(
                "{count} readings that were drawn wait for a person; what came after the first of "
                "them does not count yet: `digits review`",
                count=evidence.unseen,
            )
        )
    if found.verdict == "kept":
        lines.append(
            say(
                "From confidence {threshold} on, {share} of the readings are accepted, and at most "
                "1 in {limit} of these is wrong, at 95 % confidence ({errors} of {count} here)",
                threshold=f"{found.at.threshold:.6f}", share=f"{100 * found.at.share:.1f} %",
                limit=limit, errors=found.at.errors, count=f"{found.at.accepted:,}",
            )
        )  # fmt: skip
        return lines
    lines.append(_tell_why(found, limit))
    lines.append(
        say(
            "Of these, if all are accepted, at most 1 in {best} is wrong, at 95 % confidence",
            best=f"{everything.one_in:,}",
        )
    )
    return lines


def _tell_why(found: Promise, limit: str) -> str:
    """Why it cannot be promised."""
    if found.verdict == "broken":
        return say(
            "1 wrong in {limit} cannot be promised: of the {count} surest, {errors} are wrong",
            limit=limit, count=f"{found.at.accepted:,}", errors=found.at.errors,
        )  # fmt: skip
    return say(
        "1 wrong in {limit} cannot be promised: {needed} readings without an error are needed for "
        "it, or somewhat more with one",
        limit=limit, needed=f"{found.needed:,}",
    )  # fmt: skip


if __name__ == "__main__":
    run(main)
