"""Reports for the page's tests, made without a model: any number of mistakes, any names."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from helpers import display, draw_photo, jpeg, write

from pipeline.contracts import PROBLEMS, DoubtRow, ProblemRow
from pipeline.reporting.caveats import Caveat
from pipeline.reporting.learning_curve import LearningCurve
from pipeline.reporting.page.report import Photos, Report, Training
from pipeline.reporting.whole import Whole


def make_predictions(
    folder: Path, readings: dict[str, tuple[str, str]], confidence: float = 0.9
) -> pd.DataFrame:
    """Draw each photo with its actual digits into `folder`; the rows of what was predicted.

    `readings` has actual and predicted digits by the photo's name. The confidence falls by a
    little from digit to digit.
    """
    rows: list[dict[str, object]] = []
    for photo, (actual, predicted) in readings.items():
        objects = display(actual)
        write(folder / photo, jpeg(draw_photo(objects)))
        for i, ((label, edges), taken_for) in enumerate(zip(objects, predicted, strict=True)):
            box = dict(zip(("xmin", "ymin", "xmax", "ymax"), map(int, edges), strict=True))
            name = photo.rsplit(".", maxsplit=1)[0]
            rows.append(
                {"photo": photo, "xml": f"{name}.xml", "object": i + 1, "label": label, **box}
                | {"group": photo}
                | {"row": 0, "column": i, "file": f"{label}/{name}-{i + 1}.jpg"}
                | {"actual": label, "predicted": taken_for}
                | {"confidence": round(confidence - 0.001 * len(rows), 6)}
            )
    return pd.DataFrame(rows)


def repeat(predictions: pd.DataFrame, count: int) -> pd.DataFrame:
    """`count` rows, the given ones over and over, each an object of its own, ever less sure."""
    copies = -(-count // len(predictions))
    rows = pd.concat([predictions] * copies, ignore_index=True).head(count)
    return rows.assign(
        object=range(1, count + 1), confidence=[1 - i / (2 * count) for i in range(count)]
    )


def make_training(predictions: pd.DataFrame) -> Training:
    """Three epochs; every digit in validation, and one other 7 in training."""
    epochs = {"epoch": [1, 2, 3], "lr": [0.1] * 3, "seconds": [1.0] * 3}
    curves = {
        f"{side}_{name}": values
        for side in ("train", "valid")
        for name, values in (("loss", [2.0, 0.5, 0.25]), ("accuracy", [0.5, 0.75, 0.875]))
    }
    return Training(
        history=pd.DataFrame(epochs | curves),
        sides={"train": ["7/other-1.jpg"], "valid": list(predictions["file"])},
        mean=[0.5, 0.25, 0.125],
        std=[0.2, 0.3, 0.4],
    )


def make_report(
    folder: Path,
    predictions: pd.DataFrame,
    training: Training | None = None,
    reasons: tuple[str, ...] = (),
    caveats: tuple[Caveat, ...] = (),
    limit: float = 0.001,
    curve: LearningCurve | None = None,
) -> Report:
    """A report of these predictions on the photos in `folder`, with a problem for each reason."""
    problems = [ProblemRow("a.xml", "", "noted", reason, "") for reason in reasons]
    photos = Photos(
        folder, predictions, Whole(set(predictions["photo"]), set()), PROBLEMS.frame(problems),
        Path("data/problems.csv"),
    )  # fmt: skip
    return Report("resnet8", 0.1, predictions, photos, training, caveats, limit, curve)


def make_doubts(predictions: pd.DataFrame, digits: Path) -> list[DoubtRow]:
    """Every prediction a doubtful label, with a digit image each."""
    for file in predictions["file"]:
        write(digits / file, jpeg(draw_photo(display("7"))))
    return [
        DoubtRow(row.file, row.photo, row.xml, row.object, row.actual, "8", 0.0625)
        for row in predictions.itertuples()
    ]
