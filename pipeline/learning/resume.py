"""A training run that was interrupted goes on where it was."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from pipeline.contracts import EpochRow
from pipeline.learning.plain_file import pack
from pipeline.runtime.files import write_file

Weights = dict[str, Tensor]


class KeptState:
    """What a run has come to, in a file outside of DVC's outputs, which DVC clears.

    `parts` are all that the run depends on: the state of a run with others is not taken up.
    """

    def __init__(self, path: Path, parts: Iterable[bytes | memoryview]) -> None:
        self._path = path
        digest = hashlib.blake2b(digest_size=16)
        for part in parts:
            content = memoryview(part).cast("B")
            # With its length, so that two parts are never read as another two.
            digest.update(content.nbytes.to_bytes(8, "little"))
            digest.update(content)
        self._key = digest.hexdigest()

    def write(self, state: dict[str, Any]) -> None:
        """Write plain types and tensors all at once."""
        write_file(self._path, pack({"key": self._key, **state}), durable=True)

    def read(self) -> dict[str, Any] | None:
        """The state, on the CPU; None where there is none of this very run."""
        try:
            state: dict[str, Any] = torch.load(self._path, map_location="cpu", weights_only=True)
            return state if state["key"] == self._key else None
        except Exception:  # what a missing or damaged file makes the reader raise is open-ended
            return None

    def remove(self) -> None:
        """Delete the state: the run is finished."""
        self._path.unlink(missing_ok=True)


def code_of(folder: Path) -> list[bytes]:
    """The code of a wing, which a state depends on too."""
    return [path.read_bytes() for path in sorted(folder.glob("*.py"))]


class Unfinished(KeptState):
    """The state of the training of a digit reader after its last epoch.

    `parts` are all that it depends on, beside this wing's code.
    """

    def __init__(self, path: Path, parts: Iterable[bytes | memoryview]) -> None:
        super().__init__(path, [*code_of(Path(__file__).parent), *parts])

    def save(
        self,
        epochs: list[EpochRow],
        reader: nn.Module,
        optimizer: torch.optim.Optimizer,
        best: Weights,
    ) -> None:
        """Write the state all at once."""
        self.write(
            {
                "epochs": [asdict(epoch) for epoch in epochs],
                "reader": reader.state_dict(),
                "optimizer": optimizer.state_dict(),
                "best": best,
            }
        )


def restore(
    state: dict[str, Any], reader: nn.Module, optimizer: torch.optim.Optimizer
) -> tuple[list[EpochRow], Weights]:
    """Set reader and optimizer to an `Unfinished` state.

    Returns the epochs that are done, and the weights after the best of them.
    """
    reader.load_state_dict(state["reader"])
    optimizer.load_state_dict(state["optimizer"])
    return [EpochRow(**fields) for fields in state["epochs"]], state["best"]
