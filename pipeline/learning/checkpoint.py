"""The trained model as a file: plain types and tensors only, the same bytes for the same model."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from pipeline.contracts import BASE, LISTS, MODEL, lists_md5
from pipeline.images.digits import CLASSES
from pipeline.learning.digit_reader import ChannelNorm, DigitReader
from pipeline.learning.networks import ARCHITECTURES, build
from pipeline.learning.plain_file import pack, read_model, refusing, unpack
from pipeline.messages import say
from pipeline.params import CropParams, TrainParams
from pipeline.runtime.errors import UserError
from pipeline.runtime.files import write_file

log = logging.getLogger(__name__)

# Of the file: 1 had no number, its own residual blocks, and `machine` among the parameters.
_VERSION = 2
_MD5 = re.compile(r"[0-9a-f]{32}")


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
                "a model from elsewhere is measured by `digits measure`"
            )

    def reader(self) -> DigitReader:
        """The digit reader with its weights, on the CPU."""
        network = build(self.model, len(self.classes), seed=0)
        network.load_state_dict(self.state)
        return DigitReader(network, ChannelNorm(self.mean, self.std))


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint all at once."""
    write_file(path, pack({"version": _VERSION, **vars(checkpoint)}))


def load_checkpoint(path: Path = MODEL) -> Checkpoint:
    """Read a checkpoint, running no code from it, onto the CPU.

    Raises `UserError` where the file is missing, truncated, hostile or of another kind.
    """
    return decode_checkpoint(read_model(path), str(path))


def decode_checkpoint(content: bytes, name: str) -> Checkpoint:
    """A checkpoint from its bytes, of version 1 too; raises `UserError` with its `name` if not."""
    with refusing(name):
        fields, version = unpack(content, _VERSION)
        checkpoint = Checkpoint(**(_from_version_1(fields) if version == 1 else fields))
        _check(checkpoint)
        checkpoint.reader()
    return checkpoint


def _check(checkpoint: Checkpoint) -> None:
    """Raise ValueError where a stranger's file holds what no training writes.

    Its fields are held to what params.yaml allows; what reads it relies on that.
    """
    if checkpoint.model not in ARCHITECTURES:
        raise ValueError(say("unknown model {model}", model=repr(checkpoint.model)))
    CropParams.model_validate(checkpoint.params["crop"])
    TrainParams.model_validate(checkpoint.params["train"])
    colours = [*checkpoint.mean, *checkpoint.std]
    wrong = [
        name
        for name, is_right in {
            "classes": set(checkpoint.classes) <= set(CLASSES) and len(checkpoint.classes) > 1,
            "input_size": checkpoint.input_size in range(16, 257),
            "mean, std": len(colours) == 6 and all(0 <= value <= 1 for value in colours),
            "lists_md5": checkpoint.lists_md5.keys() == LISTS.keys()
            and all(map(_MD5.fullmatch, checkpoint.lists_md5.values())),
            "state": all(its.isfinite().all() for its in checkpoint.state.values()),
        }.items()
        if not is_right
    ]
    if wrong:
        raise ValueError(say("wrong: {fields}", fields=", ".join(wrong)))


def start_from(network: nn.Module, model: str, init: str) -> None:
    """Give a network of the kind `model` the weights of a checkpoint, `train.init`.

    `base` is the first day's, for networks of its kind; others are left as they are. Raises
    `UserError` where a file is missing or does not fit.
    """
    path = BASE / MODEL.name if init == "base" else Path(init)
    if not path.exists():
        raise UserError(
            "train.init: {path} is missing (a stage's own output, such as models/digits.pt, is "
            "deleted by DVC before the stage runs: copy it to another folder)",
            path=path,
        )
    checkpoint = load_checkpoint(path)
    if checkpoint.model != model:
        if init == "base":
            log.warning(
                say(
                    "train.init: the base model is a {its_model}: {model} begins from nothing",
                    its_model=checkpoint.model, model=model,
                )
            )  # fmt: skip
            return
        raise UserError(
            "train.init: {path} is a {its_model}, train.model is {model}: set train.model: "
            "{its_model}",
            path=path,
            its_model=checkpoint.model,
            model=model,
        )
    try:
        network.load_state_dict(checkpoint.state)
    except RuntimeError:
        classes = " ".join(checkpoint.classes)
        raise UserError(
            "train.init: {path} reads the classes {classes}, not 0 to 9", path=path, classes=classes
        ) from None


def _from_version_1(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields of a file that has no version, as today's code names them."""
    training = {
        key: value
        for key, value in fields["params"]["train"].items()
        if key in TrainParams.model_fields
    }
    state = {_name_of(name): tensor for name, tensor in fields["state"].items()}
    return fields | {"params": fields["params"] | {"train": training}, "state": state}


def _name_of(old: str) -> str:
    """Today's name of a weight of version 1, whose blocks were a `body` and a `shortcut`."""
    layer = re.fullmatch(r"(stages\.\d+\.\d+)\.body\.(\d+)\.(\w+)", old)
    if not layer:
        return old.replace(".shortcut.", ".downsample.")
    # Convolution, batch norm, rectifier, over and over.
    number, kind = divmod(int(layer[2]), 3)
    return f"{layer[1]}.{('conv', 'bn')[kind]}{number + 1}.{layer[3]}"
