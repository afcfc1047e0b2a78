"""What the commands share: which database, and params.yaml wherever they run."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from pipeline.messages import say
from pipeline.params import Params, load_params
from service.database.opening import DEFAULT

_PARAMS = Path("params.yaml")
_CHECKOUT = Path(__file__).parents[2]


def add_database(parser: argparse.ArgumentParser) -> None:
    """Let a command be told which database; a password belongs into the environment."""
    parser.add_argument(
        "--database", metavar="URL", default=os.environ.get("DIGITS_DATABASE", DEFAULT),
        help=say("sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME; default: what "
                 "DIGITS_DATABASE says, else {default}", default=DEFAULT),
    )  # fmt: skip


def find_params() -> Params:
    """params.yaml here, else this checkout's; raises `UserError` where it is wrong."""
    return load_params(_PARAMS if _PARAMS.exists() else _CHECKOUT / _PARAMS)
