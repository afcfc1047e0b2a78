"""The facts of a model card, gathered from a model and what the page is made of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline.files import md5
from pipeline.learning.checkpoint import Checkpoint
from pipeline.params import SplitParams
from pipeline.reporting.card import Facts, Problem, Score, Side
from pipeline.reporting.report import Report, Training


def gather_facts(
    path: Path,
    checkpoint: Checkpoint,
    split: SplitParams,
    report: Report,
    training: Training,
    metrics: dict[str, Any],
) -> Facts:
    """What is to be said of the checkpoint at `path`, trained as `training` tells.

    Its answers to the validation digits are those of `report`, and came to `metrics`.
    """
    answers, problems = report.answers, report.photos.problems
    right = (answers["predicted"] == answers["actual"]).groupby(answers["actual"])
    return Facts(
        model=checkpoint.model,
        model_md5=md5(path.read_bytes()),
        weights=sum(weight.numel() for weight in checkpoint.network().parameters()),
        parameters=checkpoint.params | {"split": split.model_dump()},
        split_by=split.by,
        digits=_score(metrics["digits"]),
        readings=_score(metrics["readings"]),
        classes={str(label): Score(int(its.sum()), len(its)) for label, its in right},
        training=_side(training, "train", checkpoint),
        validation=_side(training, "valid", checkpoint),
        problems=tuple(
            Problem(str(verdict), str(reason), len(rows))
            for (verdict, reason), rows in problems.groupby(["verdict", "reason"])
        ),
        mean=tuple(checkpoint.mean),
        std=tuple(checkpoint.std),
    )


def _side(training: Training, side: str, checkpoint: Checkpoint) -> Side:
    its = training.digits[training.digits["file"].isin(training.sides[side])]
    counts = {str(label): int(count) for label, count in its["label"].value_counts().items()}
    return Side(its["photo"].nunique(), counts, checkpoint.lists_md5[side])


def _score(counted: dict[str, Any]) -> Score:
    return Score(counted["count"] - counted["errors"], counted["count"])
