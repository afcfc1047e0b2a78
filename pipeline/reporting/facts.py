"""The facts of a model card, gathered from the pipeline's files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.files import LISTS, md5, read_list
from pipeline.learning.checkpoint import Checkpoint
from pipeline.params import SplitParams
from pipeline.reporting.card import Facts, Problem, Score, Side
from pipeline.tables import DIGITS, PROBLEMS, read_table


def load_facts(
    path: Path,
    checkpoint: Checkpoint,
    split: SplitParams,
    predictions: pd.DataFrame,
    metrics: dict[str, Any],
) -> Facts:
    """What is to be said of the checkpoint at `path`, whose answers to the validation digits are
    `predictions` (rows of predictions.csv) and came to `metrics`.

    Raises `UserError` where a file of data/ is missing.
    """
    digits = read_table(Path("data/digits.csv"), DIGITS)
    problems = read_table(Path("data/problems.csv"), PROBLEMS)
    training, validation = (_side(digits, side, checkpoint.lists_md5[side]) for side in LISTS)
    right = (predictions["predicted"] == predictions["actual"]).groupby(predictions["actual"])
    return Facts(
        model=checkpoint.model,
        model_md5=md5(path.read_bytes()),
        weights=sum(weight.numel() for weight in checkpoint.network().parameters()),
        parameters=checkpoint.params | {"split": split.model_dump()},
        split_by=split.by,
        digits=_score(metrics["digits"]),
        readings=_score(metrics["readings"]),
        classes={str(label): Score(int(its.sum()), len(its)) for label, its in right},
        training=training,
        validation=validation,
        problems=tuple(
            Problem(str(verdict), str(reason), len(rows))
            for (verdict, reason), rows in problems.groupby(["verdict", "reason"])
        ),
        mean=tuple(checkpoint.mean),
        std=tuple(checkpoint.std),
    )


def _side(digits: pd.DataFrame, side: str, list_md5: str) -> Side:
    its = digits[digits["file"].isin(read_list(LISTS[side]))]
    counts = {str(label): int(count) for label, count in its["label"].value_counts().items()}
    return Side(its["photo"].nunique(), counts, list_md5)


def _score(counted: dict[str, Any]) -> Score:
    return Score(counted["count"] - counted["errors"], counted["count"])
