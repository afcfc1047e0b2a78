"""A training run that was interrupted goes on after its last finished epoch."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import asdict
from io import BytesIO
from pathlib import Path

import torch
from torch import Tensor, nn

from pipeline.contracts import EpochRow
from pipeline.runtime.files import write_file

State = dict[str, Tensor]


class Unfinished:
    """The state of a run after its last epoch, in a file outside of DVC's outputs.

    DVC clears a stage's outputs before it runs it. `parts` are all that the run depends on, beside
    this wing's code: the state of a run with others is not taken up.
    """

    def __init__(self, path: Path, parts: Iterable[bytes | memoryview]) -> None:
        self._path = path
        digest = hashlib.blake2b(digest_size=16)
        code = [path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py"))]
        for part in [*code, *parts]:
            content = memoryview(part).cast("B")
            # With its length, so that two parts are never read as another two.
            digest.update(content.nbytes.to_bytes(8, "little"))
            digest.update(content)
        self._key = digest.hexdigest()

    def save(
        self,
        epochs: list[EpochRow],
        reader: nn.Module,
        optimizer: torch.optim.Optimizer,
        best: State,
    ) -> None:
        """Write the state all at once."""
        buffer = BytesIO()
        torch.save(
            {
                "key": self._key,
                "epochs": [asdict(epoch) for epoch in epochs],
                "reader": reader.state_dict(),
                "optimizer": optimizer.state_dict(),
                "best": best,
            },
            buffer,
        )
        write_file(self._path, buffer.getbuffer(), durable=True)

    def restore(
        self, reader: nn.Module, optimizer: torch.optim.Optimizer
    ) -> tuple[list[EpochRow], State]:
        """Set reader and optimizer to the state; returns the epochs done and the best weights.

        Where there is no state of this very run, changes nothing and returns none.
        """
        try:
            state = torch.load(self._path, map_location="cpu", weights_only=True)
            if state["key"] != self._key:
                return [], {}
        except Exception:  # what a missing or damaged file makes the reader raise is open-ended
            return [], {}
        reader.load_state_dict(state["reader"])
        optimizer.load_state_dict(state["optimizer"])
        return [EpochRow(**fields) for fields in state["epochs"]], state["best"]

    def remove(self) -> None:
        """Delete the state: the run is finished."""
        self._path.unlink(missing_ok=True)
