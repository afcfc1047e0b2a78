"""How many readings are accepted, doubtful or waiting, what failed, and whether all is well.

Exit code: 0 where all is well, 1 where something is stuck, 3 where an alarm says that readings may
be worse than promised.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from pipeline.messages import say
from pipeline.reading.model_files import find_folder
from pipeline.runtime.command import make_parser, run
from service.commands.options import add_database, find_params
from service.database.opening import open_database, reading_from
from service.models import find_model
from service.status import Status, look


def main(argv: Sequence[str] | None = None) -> None:
    """Look, say what is seen, and exit with what it means."""
    parser = make_parser("digits status", __doc__)
    add_database(parser)
    parser.add_argument("--json", action="store_true", help=say("print a JSON object"))
    options = parser.parse_args(argv)
    engine = open_database(options.database, create=False)
    with reading_from(engine) as connection:
        status = look(connection, find_model(find_folder()).name, find_params().read.wrong)
    if options.json:
        sys.stdout.write(json.dumps(status.values(), ensure_ascii=False, indent=2) + "\n")
    else:
        sys.stdout.writelines(f"{line}\n" for line in describe(status))
    if status.stuck:
        sys.exit(1)
    if status.alarms:
        sys.exit(3)


def describe(status: Status) -> list[str]:
    """The status in lines for people."""
    lines = [
        say("Model: {model}", model=status.model),
        say("{photos} photos, {today} of them today", photos=status.photos, today=status.today),
    ]
    for station, counts in status.stations.items():
        its = "   ".join(f"{say(name)} {counts[name]}" for name in counts)
        lines.append(f"  {station or '-'}: {its}")
    if status.oldest:
        lines.append(say("The oldest that waits: {photo}, since {since}",
                         photo=status.oldest.photo, since=status.oldest.since))  # fmt: skip
    lines += [
        say("Not readable: {file} ({why}), {attempts} attempts",
            file=its.file, why=its.reason, attempts=its.attempts)
        for its in status.failures
    ]  # fmt: skip
    if status.promise:
        lines.append(status.promise)
    lines += [say("ALARM: {what}", what=what) for what in status.alarms]
    lines += [say("STUCK: {what}", what=what) for what in status.stuck]
    return lines


if __name__ == "__main__":
    run(main)
