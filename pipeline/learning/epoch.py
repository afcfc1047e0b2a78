"""What one epoch came to."""

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
