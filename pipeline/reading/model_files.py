"""Which of a folder's models are used: a plant's own, or those of the first day."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from pipeline.contracts import BASE, CALIBRATION, LOCATOR, MODEL

# The models of this checkout, for whoever reads photos from another folder.
_OURS = Path(__file__).parents[2] / MODEL.parent


class ModelFiles(NamedTuple):
    """The three files that a reader is made of; `own`: the locator was trained on own photos."""

    locator: Path
    digits: Path
    calibration: Path
    own: bool


def find_folder() -> Path:
    """The folder of the models: the one here, where there is any, else this checkout's."""
    here = any((MODEL.parent / its).exists() for its in (LOCATOR.name, BASE.name))
    return MODEL.parent if here else _OURS


def find_models(folder: Path) -> ModelFiles:
    """What `dvc repro` made in a folder, else the first day's, which is below it.

    A calibration is of its own locator.
    """
    locator, digits, calibration = (folder / its.name for its in (LOCATOR, MODEL, CALIBRATION))
    first_day, own = folder / BASE.name, locator.exists()
    return ModelFiles(
        locator if own else first_day / LOCATOR.name,
        digits if digits.exists() else first_day / MODEL.name,
        calibration if own and calibration.exists() else first_day / CALIBRATION.name,
        own,
    )
