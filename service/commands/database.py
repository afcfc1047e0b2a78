"""Make the tables, or bring those of an earlier version up to date; nothing is lost.

`digits database upgrade`: make a backup first. `digits database version` says which it is of.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from pipeline.messages import say
from pipeline.runtime.command import make_parser, run
from service.commands.options import add_database
from service.database.opening import connect, told
from service.database.upgrading import find_version, upgrade


def main(argv: Sequence[str] | None = None) -> None:
    """Do what is asked for, in one transaction, and say of which version the database is."""
    parser = make_parser("digits database", __doc__)
    parser.add_argument("what", choices=["upgrade", "version"])
    add_database(parser)
    options = parser.parse_args(argv)
    engine = connect(options.database)
    with told(engine), engine.begin() as connection:
        if options.what == "upgrade":
            upgrade(connection)
        version = find_version(connection)
    sys.stdout.write(say("The database is of version {version}", version=version or "-") + "\n")


if __name__ == "__main__":
    run(main)
