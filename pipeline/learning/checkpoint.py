"""The trained model as a file: plain types and tensors only, the same bytes for the same model."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from torch import Tensor, nn

from pipeline.command import UserError
from pipeline.files import lists_md5, write_file
from pipeline.learning.resnet import ARCHITECTURES, build


@dataclass(frozen=True)
class Checkpoint:
    """A trained digit reader, with all that is needed to use it and to know where it is from."""

    model: str
    classes: list[str]
    input_size: int
    mean: list[float]
    std: list[float]
    params: dict[str, Any]
    lists_md5: dict[str, str]
    state: dict[str, Tensor]

    def check_lists(self) -> None:
        """Raise `UserError` where today's lists are not those that the model was trained on.

        Its training digits may be on today's validation side, and would flatter it.
        """
        if lists_md5() != self.lists_md5:
            raise UserError(
                "the model was trained on another split than data/ holds: run `dvc repro`; "
                "a model from elsewhere is measured with --photos"
            )

    def network(self) -> nn.Module:
        """The network with its weights, on the CPU."""
        network = build(self.model, len(self.classes))
        network.load_state_dict(self.state)
        return network


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint all at once."""
    # Into a buffer first: torch.save to a path writes the file's name into the file.
    buffer = BytesIO()
    torch.save(dict(vars(checkpoint)), buffer)
    write_file(path, buffer.getvalue())


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint, running no code from it, onto the CPU.

    Raises `UserError` where the file is missing, truncated, hostile or of another kind.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise UserError(f"{path} is missing: run `dvc repro` or `dvc pull`") from None
    return decode_checkpoint(content, str(path))


def start_from(network: nn.Module, model: str, path: Path) -> None:
    """Give a network of the kind `model` the weights of a checkpoint, `train.init`.

    Raises `UserError` where there is none or it does not fit.
    """
    if not path.exists():
        raise UserError(
            f"train.init: {path} is missing (a stage's own output, such as models/digits.pt, is "
            "deleted by DVC before the stage runs: copy it to another folder)"
        )
    checkpoint = load_checkpoint(path)
    if checkpoint.model != model:
        raise UserError(
            f"train.init: {path} is a {checkpoint.model}, train.model is {model}: "
            f"set train.model: {checkpoint.model}"
        )
    try:
        network.load_state_dict(checkpoint.state)
    except RuntimeError:
        raise UserError(
            f"train.init: {path} reads the classes {' '.join(checkpoint.classes)}, not 0 to 9"
        ) from None


def decode_checkpoint(content: bytes, name: str) -> Checkpoint:
    """A checkpoint from its bytes; `name` says in a `UserError` which one is no model."""
    try:
        fields = torch.load(BytesIO(content), map_location="cpu", weights_only=True)
        checkpoint = Checkpoint(**fields)
        if checkpoint.model not in ARCHITECTURES:
            raise ValueError(f"unknown model {checkpoint.model!r}")
        checkpoint.network()
    except Exception as why:  # what a damaged file makes the reader raise is open-ended
        # torch's own advice would be to run the file's code all the same.
        unsafe = isinstance(why, UnpicklingError)
        reason = "no plain tensors" if unsafe else str(why).split("\n", maxsplit=1)[0]
        raise UserError(f"{name} is not a model of this pipeline ({reason})") from None
    return checkpoint
