"""The page's five sections as plain values, each an answer to a question about the reader."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pandas as pd

from pipeline.files import CHANNELS
from pipeline.images.digits import CLASSES, open_digit
from pipeline.reporting.acceptance import (
    accept_by_threshold,
    find_threshold,
    score_readings,
    tabulate,
)
from pipeline.reporting.charts import chart_acceptance, chart_reliability, chart_sizes
from pipeline.reporting.committed_run import CommittedRun
from pipeline.reporting.confusion import count_confusion, group_by_segments
from pipeline.reporting.intervals import wilson
from pipeline.reporting.metrics import bin_by_confidence, expected_calibration_error
from pipeline.reporting.misread import find_misread
from pipeline.reporting.pictures import embed_digits, embed_image
from pipeline.reporting.report import Report, Training
from pipeline.tables import rows_of

# How many misread digits have their pictures in the page, and how many doubtful labels are in it:
# some ten megabytes at most, which a phone opens.
PICTURED = 500
AUDITED = 200
# Accepted unseen: one wrong in a thousand.
RATE = 0.001
_QUANTILES = [0, 0.05, 0.5, 0.95, 1]


def describe_accuracy(report: Report) -> dict[str, Any]:
    """How good is it? Digits, readings and each class with interval, count, and the last run's.

    `readings` is None where there are none.
    """
    answers, last = report.answers, _last_run(report)
    right = answers["predicted"] == answers["actual"]
    readings = score_readings(answers, report.photos.whole)["right"].astype(bool)
    return {
        "digits": _score(right) | _before(last, "digits"),
        "readings": _score(readings) | _before(last, "readings") if len(readings) else None,
        "classes": {
            str(label): _score(its)
            | {"last": last.number("metrics", "classes", str(label)), "last_count": None}
            for label, its in right.groupby(answers["actual"])
        },
    }


def _score(right: pd.Series) -> dict[str, Any]:
    count, hits = len(right), int(right.sum())
    low, high = wilson(hits, count)
    return {
        "right": hits / count, "low": low, "high": high, "count": count, "errors": count - hits,
    }  # fmt: skip


def _before(last: CommittedRun, name: str) -> dict[str, Any]:
    return {
        "last": last.number("metrics", name, "accuracy"),
        "last_count": last.number("metrics", name, "count"),
    }


def _last_run(report: Report) -> CommittedRun:
    last = report.training.last if report.training else None
    return last or CommittedRun("", "", {}, {}, {})


def describe_mistakes(report: Report) -> dict[str, Any]:
    """Where does it fail? The confusion, the pairs by segments, and every misread digit.

    `listed` is what the page's script lists: rows of photo, XML, object, actual, predicted,
    confidence, picture and box, the last two only of the most confident; and the photos' pictures.
    """
    confusion = count_confusion(report.answers)
    misread = find_misread(report.answers)
    pictured = misread.head(PICTURED)
    pictures = embed_digits(report.photos.folder, pictured, report.margin)
    columns = ["photo", "xml", "object", "actual", "predicted", "confidence"]
    rows = [
        [*row.values(), pictures.digits.get(place), pictures.boxes.get(place)]
        for row in rows_of(misread[columns])
        for place in [(row["photo"], row["object"])]
    ]
    off_diagonal = confusion.to_numpy().copy()
    off_diagonal[range(len(CLASSES)), range(len(CLASSES))] = 0
    return {
        "confusion": {label: dict(confusion.loc[label].items()) for label in CLASSES},
        "most": int(off_diagonal.max()),
        "pairs": group_by_segments(confusion),
        "count": len(misread),
        "pictured": len(pictured),
        "listed": {
            "folder": report.photos.folder.as_posix(),
            "rows": rows,
            "photos": pictures.photos,
        },
    }


def describe_audit(training: Training) -> dict[str, Any] | None:
    """Whose labels are wrong? The doubtful labels of those digits that there still are.

    `gone` counts the others. None where the labels were not audited. Raises `UserError` where one
    of these digits can no longer be read.
    """
    audit = training.audit
    if audit is None:
        return None
    there = audit["file"].isin({file for files in training.sides.values() for file in files})
    rows = rows_of(audit[there].sort_values("quality", kind="stable").head(AUDITED))
    for row in rows:
        with open_digit(training.digits_folder / row["file"]) as image:
            row["picture"] = embed_image(image.convert("RGB"), 64)
    return {"rows": rows, "count": int(there.sum()), "gone": int((~there).sum())}


def describe_trust(report: Report) -> dict[str, Any]:
    """How sure can I be? Confidence against accuracy, and what can be accepted unseen.

    `digits` and `readings` are each the threshold for one wrong in a thousand; `acceptance` and
    `thresholds` are of readings, whose chart is None where there are none.
    """
    answers = report.answers
    right = answers["predicted"] == answers["actual"]
    bins = bin_by_confidence(answers["confidence"], right)
    digits = accept_by_threshold(answers.assign(right=right))
    readings = accept_by_threshold(score_readings(answers, report.photos.whole))
    return {
        "bins": rows_of(bins),
        "reliability": chart_reliability(bins),
        "ece": expected_calibration_error(answers["confidence"], right),
        "digits": find_threshold(digits, RATE),
        "readings": find_threshold(readings, RATE) if len(readings) else None,
        "acceptance": chart_acceptance(readings, RATE) if len(readings) else None,
        "thresholds": tabulate(readings),
    }


def describe_data(report: Report) -> dict[str, Any]:
    """What data is it? Counts, classes by side, box sizes, problems by reason, colours."""
    boxes, training = report.photos.boxes, report.training
    last = _last_run(report)
    sizes = {
        "width": boxes["xmax"] - boxes["xmin"],
        "height": boxes["ymax"] - boxes["ymin"],
    }
    return {
        "counts": {
            "photos": (boxes["photo"].nunique(), last.number("annotations", "photos")),
            "boxes": (len(boxes), last.number("annotations", "boxes")),
        },
        "classes": _count_classes(training.sides) if training else _count_labels(boxes),
        "sizes": {name: its.quantile(_QUANTILES).tolist() for name, its in sizes.items()},
        "size_charts": {name: chart_sizes(its.tolist()) for name, its in sizes.items()},
        "problems": [
            {
                "reason": code, "count": count,
                "last": last.number("annotations", "reasons", code) or 0,
            }
            for code, count in Counter(report.photos.problems["reason"]).most_common()
        ],
        "colours": [
            {
                "channel": channel, "mean": training.mean[i], "std": training.std[i],
                "last_mean": last.number("stats", "mean", channel),
                "last_std": last.number("stats", "std", channel),
            }
            for i, channel in enumerate(CHANNELS)
        ] if training else [],
    }  # fmt: skip


def _count_classes(sides: Mapping[str, list[str]]) -> list[dict[str, Any]]:
    counts = {side: Counter(file.split("/")[0] for file in files) for side, files in sides.items()}
    return [{"label": c} | {side: its[c] for side, its in counts.items()} for c in CLASSES]


def _count_labels(boxes: pd.DataFrame) -> list[dict[str, Any]]:
    counts = Counter(boxes["label"])
    return [{"label": label, "valid": counts[label]} for label in CLASSES]
