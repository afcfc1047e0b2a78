"""Refuse what would harm DVC when it reads raw/: links that lead out of it, pipes and devices.

DVC looks into raw/ before it runs a stage, and in no stage can it be kept from that: it waits on a
pipe for ever, and puts what a link leads to into its cache, from where `dvc push` carries it away.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipeline.annotations.listing import find_unsafe
from pipeline.annotations.reasons import REASONS
from pipeline.messages import say
from pipeline.runtime.command import make_parser
from pipeline.runtime.errors import UserError

_RAW = Path("raw")


def main(argv: Sequence[str] | None = None) -> None:
    """Look at every name in raw/, and at no file's content."""
    make_parser("digits guard", __doc__).parse_args(argv)
    if Path("raw.dvc").exists() and not _RAW.exists():
        raise UserError(
            "the photos of this version are not here: `dvc pull` brings them; for photos of your "
            "own, make the folder raw/ and put them there"
        )
    unsafe = find_unsafe(_RAW)
    for file, finding in unsafe.items():
        advice = say(REASONS[finding.reason].advice)
        raise UserError(
            "raw/{file} ({count} such in all): {advice}",
            file=file, count=len(unsafe), advice=advice,
        )  # fmt: skip
