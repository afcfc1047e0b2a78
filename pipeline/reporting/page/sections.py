"""The pages' sections as plain values, each an answer to a question of the reader."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.contracts import CHANNELS, LISTS, DoubtRow
from pipeline.images.digits import CLASSES, open_digit
from pipeline.messages import mark
from pipeline.reporting.acceptance import Acceptance, Outcome, Promise
from pipeline.reporting.confusion import Likeness, count_confusion, group_by_segments
from pipeline.reporting.metrics import expected_calibration_error, measure, number_bins
from pipeline.reporting.misread import find_misread
from pipeline.reporting.page.charts import (
    chart_acceptance,
    chart_curve,
    chart_reliability,
    chart_sizes,
)
from pipeline.reporting.page.pictures import embed_digits, embed_image
from pipeline.reporting.page.report import Report
from pipeline.reporting.score import Score
from pipeline.reporting.unboxed import Unboxed

# How many misread digits have their pictures in the page, and how many doubtful labels and photos
# are in it: some ten megabytes at most, which a phone opens.
PICTURED = 500
AUDITED = 200
LISTED = 200
_QUANTILES = [0, 0.05, 0.5, 0.95, 1]
_CHANNELS = dict(zip(CHANNELS, (mark("red"), mark("green"), mark("blue")), strict=True))
_SIDES = tuple(LISTS)
_DOUBT_PIXELS = 64


@dataclass(frozen=True)
class Accuracy:
    """How good is it? `readings` is None where there are none; `classes` are by label.

    `unboxed` is of whole photos.

    `left_out` photos are no reading, since one of their digits may have been rejected.
    """

    digits: Score
    readings: Score | None
    left_out: int
    classes: Mapping[str, Score]
    unboxed: Unboxed | None = None


@dataclass(frozen=True)
class Curve:
    """A chart by epoch, and what training and validation came to at the last one, in words."""

    name: str
    svg: str
    train: str
    valid: str


@dataclass(frozen=True)
class Mistakes:
    """Where does it fail? Counts of actual by predicted digit, and the mistakes by likeness.

    `most` is the most frequent mistake's count; of the `count` misread digits, `pictured` have
    their picture in `listed`, which is what the page's script lists; `photos` are the first that
    have one, those with the surest mistake first, of `photo_count`.
    """

    confusion: Mapping[str, Mapping[str, int]]
    most: int
    pairs: Sequence[Likeness]
    count: int
    pictured: int
    listed: Mapping[str, Any]
    photos: Sequence[MisreadPhoto]
    photo_count: int


@dataclass(frozen=True)
class MisreadPhoto:
    """A photo with a misread digit: its reading as it is labelled and as it was read, row by row.

    `confidence` is that of its surest misread digit.
    """

    photo: str
    xml: str
    actual: str
    predicted: str
    confidence: float


@dataclass(frozen=True)
class Bin:
    """Digits of about one confidence, its mean, and how many of them are right."""

    confidence: float
    right: Score


@dataclass(frozen=True)
class Trust:
    """How sure can I be? Confidence against accuracy, and what can be accepted unseen.

    `promise` is about the report's limit; `acceptance`, a chart, and `thresholds` are
    of readings, copies counted once, and None and empty where there are none, as is `promise`.
    """

    bins: Sequence[Bin]
    reliability: str
    ece: float
    promise: Promise | None
    acceptance: str | None
    thresholds: Sequence[Acceptance]


@dataclass(frozen=True)
class ClassCount:
    """How many digits of a label there are in training and validation."""

    label: str
    train: int
    valid: int


@dataclass(frozen=True)
class Colour:
    """Mean and standard deviation of a channel, in 0..1."""

    channel: str
    mean: float
    std: float


@dataclass(frozen=True)
class Data:
    """What data is it? Counts, quantiles and charts of box sizes, problems by reason, colours.

    Of another site's photos, whose digits have no sides, `classes` counts all as validation.
    """

    photos: int
    digits: int
    classes: Sequence[ClassCount]
    sizes: Mapping[str, list[float]]
    size_charts: Mapping[str, str]
    problems: Mapping[str, int]
    colours: Sequence[Colour]


@dataclass(frozen=True)
class Doubt:
    """A doubtful label, and the picture of its digit as a data URI."""

    row: DoubtRow
    picture: str


def describe_accuracy(report: Report) -> Accuracy:
    """Digits, readings and each class."""
    figures = measure(report.predictions, report.photos.whole)
    readings = figures.readings if figures.readings.count else None
    classes, left_out = figures.classes, figures.left_out
    return Accuracy(figures.digits, readings, left_out, classes, report.unboxed)


def describe_training(history: pd.DataFrame) -> list[Curve]:
    """Loss and accuracy by epoch."""
    last = history.iloc[-1]
    return [
        Curve(text, chart_curve(history, name), *(form(last[f"{s}_{name}"]) for s in _SIDES))
        for name, text, form in (
            ("loss", mark("loss"), "{:.3f}".format),
            ("accuracy", mark("digits right"), "{:.2%}".format),
        )
    ]


def describe_mistakes(report: Report) -> Mistakes:
    """The confusion, the pairs by segments, and every misread digit, the most confident first.

    Raises `UserError` where a photo can no longer be read.
    """
    confusion = count_confusion(report.predictions)
    misread = find_misread(report.predictions)
    off_diagonal = confusion.to_numpy().copy()
    off_diagonal[range(len(CLASSES)), range(len(CLASSES))] = 0
    return Mistakes(
        confusion={
            label: dict(zip(CLASSES, map(int, counts), strict=True))
            for label, counts in zip(CLASSES, confusion.to_numpy(), strict=True)
        },
        most=int(off_diagonal.max()),
        pairs=group_by_segments(confusion),
        count=len(misread),
        pictured=min(len(misread), PICTURED),
        listed=_list_misread(report, misread),
        photos=_list_photos(report, list(misread["photo"].unique()[:LISTED])),
        photo_count=misread["photo"].nunique(),
    )


def _list_photos(report: Report, photos: Sequence[str]) -> list[MisreadPhoto]:
    """Of each photo, the whole reading: all of its digits that were read."""
    shown = report.predictions[report.predictions["photo"].isin(photos)]
    listed = {}
    for photo, digits in shown.groupby("photo"):
        wrong = digits["predicted"] != digits["actual"]
        listed[str(photo)] = MisreadPhoto(
            photo=str(photo),
            xml=str(digits["xml"].iloc[0]),
            actual=_in_rows(digits, "actual"),
            predicted=_in_rows(digits, "predicted"),
            confidence=float(digits["confidence"][wrong].max()),
        )
    return [listed[photo] for photo in photos]


def _in_rows(digits: pd.DataFrame, column: str) -> str:
    """A photo's digits in reading order, its rows apart."""
    ordered = digits.sort_values(["row", "column"])
    return " / ".join("".join(row) for _, row in ordered.groupby("row")[column])


def _list_misread(report: Report, misread: pd.DataFrame) -> dict[str, Any]:
    """What the page's script lists: a row a digit, and the photos' pictures by name.

    A row is photo, XML, object, actual, predicted, confidence, picture and box; the last two only
    of the most confident.
    """
    pictures = embed_digits(report.photos.folder, misread.head(PICTURED), report.margin)
    columns = ["photo", "xml", "object", "actual", "predicted", "confidence"]
    rows = [
        [*row, pictures.digits.get((row[0], row[2])), pictures.boxes.get((row[0], row[2]))]
        for row in misread[columns].itertuples(index=False, name=None)
    ]
    folder = report.photos.folder.as_posix()
    return {"folder": folder, "rows": rows, "photos": pictures.photos}


def describe_trust(report: Report) -> Trust:
    """Calibration, and acceptance by threshold."""
    predictions = report.predictions
    right = predictions["predicted"] == predictions["actual"]
    bins = [
        Bin(float(rows["confidence"].mean()), Score.of(right[rows.index], rows["group"]))
        for _, rows in predictions.groupby(number_bins(predictions["confidence"]))
    ]
    outcome = Outcome.of(predictions, report.photos.whole.photos, report.limit)
    return Trust(
        bins=bins,
        reliability=chart_reliability(
            pd.DataFrame(
                [(its.confidence, its.right.share, *its.right.interval) for its in bins],
                columns=["confidence", "accuracy", "low", "high"],
            )
        ),
        ece=expected_calibration_error(predictions["confidence"], right),
        promise=outcome.promise if outcome else None,
        acceptance=chart_acceptance(outcome.by_threshold, report.limit) if outcome else None,
        thresholds=outcome.rows if outcome else [],
    )


def describe_data(report: Report) -> Data:
    """Of all usable digits, not only of those that were predicted."""
    digits, training = report.photos.digits, report.training
    sizes = {
        mark("width"): digits["xmax"] - digits["xmin"],
        mark("height"): digits["ymax"] - digits["ymin"],
    }
    return Data(
        photos=digits["photo"].nunique(),
        digits=len(digits),
        classes=_count_classes(training.sides if training else {"valid": list(digits["file"])}),
        sizes={name: its.quantile(_QUANTILES).tolist() for name, its in sizes.items()},
        size_charts={name: chart_sizes(its.tolist()) for name, its in sizes.items()},
        problems=dict(Counter(report.photos.problems["reason"]).most_common()),
        colours=[
            Colour(_CHANNELS[channel], mean, std)
            for channel, mean, std in zip(CHANNELS, training.mean, training.std, strict=True)
        ]
        if training
        else [],
    )


def _count_classes(sides: Mapping[str, list[str]]) -> list[ClassCount]:
    """Of each side's files, whose folder is their label."""
    counts = {side: Counter(file.split("/")[0] for file in files) for side, files in sides.items()}
    return [
        ClassCount(label, *(counts.get(side, Counter())[label] for side in _SIDES))
        for label in CLASSES
    ]


def describe_doubts(doubts: Sequence[DoubtRow], digits_folder: Path) -> list[Doubt]:
    """Whose labels are wrong? The first of the doubtful labels, with their digits' pictures.

    Raises `UserError` where one of these digits can no longer be read.
    """
    described = []
    for row in doubts[:AUDITED]:
        with open_digit(digits_folder / row.file) as image:
            described.append(Doubt(row, embed_image(image.convert("RGB"), _DOUBT_PIXELS)))
    return described
