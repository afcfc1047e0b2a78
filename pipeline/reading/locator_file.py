"""The locator and the mark reader as a file: plain types and tensors only."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from pipeline.contracts import BASE, LOCATOR
from pipeline.learning.plain_file import pack, read_model, refusing, unpack
from pipeline.messages import say
from pipeline.reading.marks import MarkReader
from pipeline.reading.network import Locator
from pipeline.runtime.files import write_file

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
    return BASE / LOCATOR.name if init in (None, "base") else Path(init)


def save_locator(path: Path, file: LocatorFile) -> None:
    """Write a locator all at once."""
    write_file(path, pack({"version": _VERSION, "kind": "locator", **vars(file)}))


def load_locator(path: Path) -> LocatorFile:
    """Read a locator, running no code from it, onto the CPU.

    Raises `UserError` where the file is missing, truncated, hostile or of another kind.
    """
    content = read_model(path)
    with refusing(str(path)):
        fields, _ = unpack(content, _VERSION)
        if fields.pop("kind") != "locator":
            raise ValueError(say("it is no locator"))
        file = LocatorFile(**fields)
        file.networks()
        states = [*file.locator.values(), *file.marks.values()]
        if not all(its.isfinite().all() for its in states):
            raise ValueError(say("wrong: {fields}", fields="locator, marks"))
        if file.displays not in range(1, _MOST_DISPLAYS + 1):
            raise ValueError(say("wrong: {fields}", fields="displays"))
    return file


def _plain(network: Locator | MarkReader) -> dict[str, Tensor]:
    return {name: value.cpu().contiguous() for name, value in network.state_dict().items()}
