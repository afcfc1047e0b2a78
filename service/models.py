"""Which model reads: a name that follows from its files, the same on every machine."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from pipeline.contracts import CALIBRATION, LOCATOR, MODEL
from pipeline.reading.confidence import Calibration
from pipeline.reading.model_files import find_models
from pipeline.runtime.files import md5
from pipeline.runtime.table import read_file


@dataclass(frozen=True)
class Model:
    """A name for a model's files, and from which confidence on it accepts."""

    name: str
    threshold: float


def find_model(folder: Path) -> Model:
    """The model in a folder, its own or the first day's; raises `UserError` where it is damaged."""
    paths = find_models(folder)
    content = "".join(md5(read_file(path)) for path in paths[:3])
    return Model(md5(content.encode())[:12], Calibration.load(paths.calibration).threshold)


def copy_model(folder: Path, into: Path) -> Model:
    """Copy the model of a folder, so that it stays the same while the pipeline makes another.

    Raises `UserError` where it is damaged.
    """
    find_model(folder)
    for path, name in zip(find_models(folder)[:3], (LOCATOR, MODEL, CALIBRATION), strict=True):
        shutil.copy(path, into / name.name)
    return find_model(into)
