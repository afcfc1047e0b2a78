"""Models as files: plain types and tensors alone, from which no code is run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch

from pipeline.messages import say
from pipeline.runtime.errors import UserError


def pack(fields: dict[str, Any]) -> memoryview:
    """Plain types and tensors as bytes, the same for the same."""
    # torch.save to a path writes the file's name into the file.
    buffer = BytesIO()
    torch.save(fields, buffer)
    return buffer.getbuffer()


def unpack(content: bytes, newest: int) -> tuple[dict[str, Any], int]:
    """The fields, on the CPU, and the version, 1 where the file has none.

    Raises whatever a damaged or hostile file makes torch raise, and `ValueError` for a version
    above `newest`.
    """
    fields: dict[str, Any] = torch.load(BytesIO(content), map_location="cpu", weights_only=True)
    version = fields.pop("version", 1)
    if version > newest:
        raise ValueError(say("it was written by a newer version of this pipeline"))
    return fields, version


def read_model(path: Path) -> bytes:
    """A model's bytes; raises `UserError` where it is missing."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise UserError("{path} is missing: run `dvc repro` or `dvc pull`", path=path) from None


@contextmanager
def refusing(name: str) -> Iterator[None]:
    """Turn whatever is wrong with the file `name` into a `UserError`."""
    try:
        yield
    except Exception as error:  # what a damaged file makes the reader raise is open-ended
        # torch's own advice would be to run the file's code all the same.
        unsafe = isinstance(error, UnpicklingError)
        why = say("no plain tensors") if unsafe else str(error).split("\n", maxsplit=1)[0]
        raise UserError(
            "{file} is not a model of this pipeline ({why})", file=name, why=why
        ) from None
