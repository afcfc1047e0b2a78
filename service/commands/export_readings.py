"""Write the weights, as they stand, into a table that Excel opens: .csv or .xlsx.

What waits for a person has no weight yet. Numbers are numbers, and no cell becomes a formula.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from pipeline.messages import say
from pipeline.runtime.command import make_parser, run
from service.commands.options import add_database
from service.database.opening import open_database, reading_from
from service.exporting import write_table

log = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> None:
    """Read the view, write the table, say how many rows there are."""
    parser = make_parser("digits export-readings", __doc__)
    parser.add_argument("file", type=Path, metavar="FILE", help=say("FILE.csv or FILE.xlsx"))
    add_database(parser)
    options = parser.parse_args(argv)
    if options.file.suffix.lower() not in (".csv", ".xlsx") or options.file.is_dir():
        parser.error(
            say("{file} is no name for a table: it must end in .csv or .xlsx", file=options.file)
        )
    with reading_from(open_database(options.database, create=False)) as connection:
        count = write_table(connection, options.file)
    log.info(say("{count} weights written to {file}", count=count, file=options.file))


if __name__ == "__main__":
    run(main)
