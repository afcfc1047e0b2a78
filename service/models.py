"""Which model reads: a name that follows from its files, the same on every machine."""

from __future__ import annotations

from pathlib import Path

from pipeline.reading.confidence import Calibration
from pipeline.reading.model_files import find_models
from pipeline.runtime.files import md5
from pipeline.runtime.table import read_file
from service.recording.crew import Model


def find_model(folder: Path) -> Model:
    """The model in a folder, its own or the first day's; raises `UserError` where it is damaged."""
    paths = find_models(folder)
    content = "".join(md5(read_file(path)) for path in paths[:3])
    return Model(md5(content.encode())[:12], Calibration.load(paths.calibration).threshold)
