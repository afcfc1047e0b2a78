"""Put the trained base model where the pipeline finds it, and git keeps it.

base/made -> models/base

No output of DVC's: the pipeline depends on models/base, and `dvc repro` would train it anew.
"""

from __future__ import annotations

from base.glyphs import MADE
from pipeline.reading.locator_file import BASE
from pipeline.runtime.command import parse_no_options, run
from pipeline.runtime.files import write_file


def main() -> None:
    """Copy the three files."""
    parse_no_options("publish", __doc__)
    for name in ("digits.pt", "locator.pt", "reading.json"):
        write_file(BASE / name, (MADE / name).read_bytes())


if __name__ == "__main__":
    run(main)
