"""The locator and the mark reader as a file: plain types and tensors only."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from pipeline.messages import say
from pipeline.reading.marks import MarkReader
from pipeline.reading.network import Locator
from pipeline.runtime.errors import UserError
from pipeline.runtime.files import write_file

LOCATOR = Path("models/locator.pt")
# The model of the first day, from drawn photos: its locator and its digit classifier.
BASE = Path("models/base")
_VERSION = 1
_MOST_DISPLAYS = 16


@dataclass(frozen=True)
class LocatorFile:
    """A trained locator with its mark reader, how it was trained, and on which lists.

    `displays` is how many displays most of its photos had.
    """

    params: dict[str, Any]
    lists_md5: dict[str, str]
    displays: int
    locator: dict[str, Tensor]
    marks: dict[str, Tensor]

    @classmethod
    def of(
        cls, locator: Locator, marks: MarkReader, params: dict[str, Any], displays: int,
        lists_md5: dict[str, str] | None = None,
    ) -> LocatorFile:  # fmt: skip
        """Of two networks."""
        return cls(params, lists_md5 or {}, displays, _plain(locator), _plain(marks))

    def networks(self) -> tuple[Locator, MarkReader]:
        """The two networks with their weights, on the CPU."""
        locator, marks = Locator(), MarkReader()
        locator.load_state_dict(self.locator)
        marks.load_state_dict(self.marks)
        return locator.eval(), marks.eval()


def path_of(init: str | None) -> Path:
    """The locator that `locate.init` names; where it names none, the first day's."""
    return BASE / "locator.pt" if init in (None, "base") else Path(init)


def save_locator(path: Path, file: LocatorFile) -> None:
    """Write a locator all at once."""
    buffer = BytesIO()
    torch.save({"version": _VERSION, "kind": "locator", **vars(file)}, buffer)
    write_file(path, buffer.getvalue())


def load_locator(path: Path) -> LocatorFile:
    """Read a locator, running no code from it, onto the CPU.

    Raises `UserError` where the file is missing, truncated, hostile or of another kind.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise UserError("{path} is missing: run `dvc repro` or `dvc pull`", path=path) from None
    try:
        fields = torch.load(BytesIO(content), map_location="cpu", weights_only=True)
        if fields.pop("version") > _VERSION:
            raise ValueError(say("it was written by a newer version of this pipeline"))
        if fields.pop("kind") != "locator":
            raise ValueError(say("it is no locator"))
        file = LocatorFile(**fields)
        file.networks()
        states = [*file.locator.values(), *file.marks.values()]
        if not all(its.isfinite().all() for its in states):
            raise ValueError(say("wrong: {fields}", fields="locator, marks"))
        if file.displays not in range(1, _MOST_DISPLAYS + 1):
            raise ValueError(say("wrong: {fields}", fields="displays"))
    except Exception as error:  # what a damaged file makes the reader raise is open-ended
        why = str(error).split("\n", maxsplit=1)[0]
        raise UserError(
            "{file} is not a model of this pipeline ({why})", file=path, why=why
        ) from None
    return file


def _plain(network: Locator | MarkReader) -> dict[str, Tensor]:
    return {name: value.cpu().contiguous() for name, value in network.state_dict().items()}
