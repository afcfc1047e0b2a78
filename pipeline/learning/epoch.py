"""What an epoch came to, and whether the last ones came to anything."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Epoch:
    """A row of history.csv; `lr` is the rate at the epoch's middle, `seconds` those of training."""

    epoch: int
    lr: float
    train_loss: float
    train_accuracy: float
    valid_loss: float
    valid_accuracy: float
    seconds: float

    @property
    def merit(self) -> tuple[float, float]:
        """What makes it better than another: the accuracy, then the loss, on validation."""
        return self.valid_accuracy, -self.valid_loss


def has_stalled(epochs: list[Epoch], patience: int) -> bool:
    """Whether none of the last `patience` epochs was better than the best before; 0: never."""
    merits = [epoch.merit for epoch in epochs]
    return bool(patience and len(merits) > patience) and (
        max(merits[-patience:]) <= max(merits[:-patience])
    )
