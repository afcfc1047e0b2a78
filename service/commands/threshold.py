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

from pipeline.contracts import WHOLE
from pipeline.messages import say
from pipeline.reporting.acceptance import Promise, find_promise, tabulate
from pipeline.runtime.command import make_parser, run
from pipeline.runtime.errors import UserError
from service.commands.options import add_database, models_folder
from service.database.opening import open_database, reading_from, told
from service.database.schema import promise
from service.database.types import now
from service.evidence import gather
from service.models import find_model


def main(argv: Sequence[str] | None = None) -> None:
    """Gather what is known, find the threshold, say what can be promised, and keep it."""
    options = parse_arguments(argv)
    folder = models_folder()
    model = find_model(folder).name
    # The first day's model was never evaluated on photos of this plant.
    validation = WHOLE.path.exists() and (folder / "locator.pt").exists()
    engine = open_database(options.database)
    with reading_from(engine) as connection:
        accepted = gather(connection, model, validation)
    if not len(accepted):
        raise UserError(
            "nothing is known of this model's readings yet: run `dvc repro`, or record photos and "
            "go through them with `digits review`"
        )
    found = find_promise(accepted, options.wrong)
    if found.verdict == "kept":
        row = {
            "model": model, "wrong": options.wrong, "threshold": found.at.threshold,
            "readings": found.at.accepted, "errors": found.at.errors, "made_at": now(),
        }  # fmt: skip
        with told(engine), engine.begin() as connection:
            connection.execute(promise.insert().values(row))
    sys.stdout.writelines(f"{line}\n" for line in describe(found, accepted, options.wrong))
    if found.verdict != "kept":
        sys.exit(3)


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


def describe(found: Promise, accepted: pd.DataFrame, wrong: float) -> list[str]:
    """What can be promised, in sentences."""
    everything = tabulate(accepted)[0]
    limit = f"{1 / wrong:,.0f}"
    lines = [
        say(
            "{count} readings are known, copies counted once; {errors} of them are wrong",
            count=f"{everything.accepted:,}", errors=everything.errors,
        )
    ]  # fmt: skip
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
    lines.append(
        say(
            "1 wrong in {limit} cannot be promised: {needed} readings without an error are needed "
            "for it, or somewhat more with one",
            limit=limit, needed=f"{found.needed:,}",
        )
    )  # fmt: skip
    lines.append(
        say(
            "Of these, if all are accepted, at most 1 in {best} is wrong, at 95 % confidence",
            best=f"{everything.one_in:,}",
        )
    )
    return lines


if __name__ == "__main__":
    run(main)
