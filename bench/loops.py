"""Both training loops, ours and the guidebook's, as measurements set them up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bench import guidebook
from pipeline.contracts import read_stats
from pipeline.params import TrainParams, load_params
from studies.run import guidebook_params

# What the guidebook's final recipe adds to what all of its experiments hold fixed; its rate changes
# once an epoch, ours every step.
RECIPE: dict[str, Any] = {
    "model": "resnet20", "input_size": 64, "epochs": 100, "optimizer": "sgd", "lr": 0.1,
    "scheduler": "cosine", "precision": "fp32",
}  # fmt: skip


def our_params(recipe: bool, augmented: bool = True, **changes: object) -> TrainParams:
    """Our parameters: those of params.yaml, or the guidebook's recipe in them; then `changes`."""
    params = load_params().train
    if recipe:
        return guidebook_params(params, **RECIPE | changes)
    if not augmented:
        still = params.augment.model_copy(update={"strength": 0.0})
        params = params.model_copy(update={"augment": still})
    return params.model_copy(update=changes)


def guidebook_files(files: list[str], side: int) -> guidebook.DigitFiles:
    """Digit images as the guidebook's loop loads them."""
    mean, std = read_stats()
    return guidebook.DigitFiles(Path("data/digits"), files, side, mean, std)
