"""Reports for the page's tests, made without a model: any number of mistakes, any names."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from helpers import display, draw_photo, jpeg, write

from pipeline.reporting.committed_run import CommittedRun
from pipeline.reporting.report import Photos, Report, Training
from pipeline.tables import AUDIT, BOXES, DIGITS, PROBLEMS

LAST = CommittedRun(
    commit="0a1b2c3",
    date="2026-11-20",
    metrics={
        "digits": {"count": 90, "errors": 9, "accuracy": 0.9},
        "readings": {"count": 18, "errors": 9, "accuracy": 0.5},
        "classes": {"7": 0.25},
    },
    stats={"mean": {"red": 0.125, "green": 0.25, "blue": 0.5}, "std": {"red": 0.375}},
    annotations={"photos": 77, "boxes": 88, "reasons": {"box_clipped": 66}},
)


def make_answers(
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
        for i, ((label, edges), answer) in enumerate(zip(objects, predicted, strict=True)):
            box = dict(zip(("xmin", "ymin", "xmax", "ymax"), map(int, edges), strict=True))
            name = photo.rsplit(".", maxsplit=1)[0]
            rows.append(
                {"photo": photo, "xml": f"{name}.xml", "object": i + 1, "label": label, **box}
                | {"row": 0, "column": i, "file": f"{label}/{name}-{i + 1}.jpg"}
                | {"actual": label, "predicted": answer}
                | {"confidence": round(confidence - 0.001 * len(rows), 6)}
            )
    return pd.DataFrame(rows)


def repeat(answers: pd.DataFrame, count: int) -> pd.DataFrame:
    """`count` rows, the given ones over and over, each an object of its own, ever less sure."""
    rows = pd.concat([answers] * -(-count // len(answers)), ignore_index=True).head(count)
    return rows.assign(
        object=range(1, count + 1), confidence=[1 - i / (2 * count) for i in range(count)]
    )


def make_training(answers: pd.DataFrame, digits: Path, **changes: object) -> Training:
    """Three epochs, every digit in validation, no audit, no last run."""
    epochs = {"epoch": [1, 2, 3], "lr": [0.1] * 3, "seconds": [1.0] * 3}
    curves = {
        f"{side}_{name}": values
        for side in ("train", "valid")
        for name, values in (("loss", [2.0, 0.5, 0.25]), ("accuracy", [0.5, 0.75, 0.875]))
    }
    fields: dict[str, object] = {
        "history": pd.DataFrame(epochs | curves),
        "sides": {"train": ["7/other-1.jpg"], "valid": list(answers["file"])},
        "digits": DIGITS.frame([]), "digits_folder": digits,
        "mean": [0.5, 0.25, 0.125], "std": [0.2, 0.3, 0.4],
        "audit": None, "last": None,
    }  # fmt: skip
    return Training(**(fields | changes))  # type: ignore[arg-type]


def make_report(
    folder: Path,
    answers: pd.DataFrame,
    training: Training | None = None,
    reasons: tuple[str, ...] = (),
) -> Report:
    """A report of these answers on the photos in `folder`, with a problem for each reason."""
    problems = [PROBLEMS.row(file="a.xml", verdict="noted", reason=reason) for reason in reasons]
    photos = Photos(
        folder, set(answers["photo"]), answers[list(BOXES.columns)], PROBLEMS.frame(problems),
        Path("data/problems.csv"),
    )  # fmt: skip
    return Report("resnet8", 0.1, answers, photos, training)


def make_audit(answers: pd.DataFrame, digits: Path) -> pd.DataFrame:
    """Every answer a doubtful label, with a digit image each."""
    for file in answers["file"]:
        write(digits / file, jpeg(draw_photo(display("7"))))
    return answers.assign(suggested="8", quality=0.0625)[list(AUDIT.columns)]
