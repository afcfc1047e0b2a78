"""Stage 1: read every box of every XML, and account for each one that is not used.

raw/ -> data/boxes.csv, data/problems.csv, data/annotations.json
"""

from __future__ import annotations

import argparse
import logging
from collections import Counter
from pathlib import Path

import pandas as pd

from pipeline.annotations.checks import REASONS
from pipeline.annotations.folder import read_folder
from pipeline.command import UserError, run
from pipeline.files import write_json
from pipeline.params import load_params
from pipeline.tables import BOXES, PROBLEMS, write_table

log = logging.getLogger(__name__)


def main() -> None:
    """Load the folder's annotations, save the boxes and the problems, say what was found."""
    argparse.ArgumentParser(prog="python -m pipeline.parse", description=__doc__).parse_args()
    params = load_params().parse
    boxes, problems = read_folder(Path("raw"), params).frames()
    write_table(Path("data/boxes.csv"), BOXES, boxes)
    write_table(Path("data/problems.csv"), PROBLEMS, problems)
    write_json(Path("data/annotations.json"), count(boxes, problems))
    log_summary(boxes, problems)
    if boxes.empty:
        raise UserError("no usable digit in raw/: data/problems.csv says why, file by file")


def count(boxes: pd.DataFrame, problems: pd.DataFrame) -> dict[str, int | dict[str, int]]:
    """How many photos, boxes and problems there are, as metrics to compare with the last run's."""
    verdicts = Counter(problems["verdict"])
    return {
        "photos": int(boxes["photo"].nunique()),
        "boxes": len(boxes),
        "problems": {name: verdicts[name] for name in ("rejected", "repaired", "noted")},
        "reasons": dict(sorted(Counter(problems["reason"]).items())),
    }


def log_summary(boxes: pd.DataFrame, problems: pd.DataFrame) -> None:
    """Say how many digits and photos were found, and how many problems of each kind."""
    log.info("%d digits on %d photos", len(boxes), boxes["photo"].nunique())
    for code, count in Counter(problems["reason"]).most_common():
        log.info("%6d %s %s: %s", count, REASONS[code].verdict, code, REASONS[code].hint)
    if len(problems):
        log.info("Each is listed in data/problems.csv")


if __name__ == "__main__":
    run(main)
