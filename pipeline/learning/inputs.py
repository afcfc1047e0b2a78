"""Digits in memory, in the batches that training takes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from pipeline.images.digits import labels_of, load_digits
from pipeline.learning.digit_reader import to_unit
from pipeline.learning.hardware import Hardware
from pipeline.params import MachineParams

_FOLDER = Path("data/digits")


@dataclass(frozen=True)
class Digits:
    """Digit images (n, size, size, 3) uint8 and their classes (n,) int64.

    The classes are on the device; so are the images where it holds them, else in memory.
    """

    images: Tensor
    classes: Tensor

    @classmethod
    def load(
        cls, files: list[str], size: int, hardware: Hardware, machine: MachineParams
    ) -> Digits:
        """The digits of data/digits that `files` names, as a list does, `size` pixels a side.

        Raises `UserError` naming a file that is missing or damaged.
        """
        images = load_digits(_FOLDER, files, size, machine)
        classes = torch.from_numpy(labels_of(files))
        return cls(hardware.keep(torch.from_numpy(images)), classes.to(hardware.device))

    def __len__(self) -> int:
        return len(self.classes)

    @property
    def device(self) -> torch.device:
        """Where batches are given."""
        return self.classes.device

    @property
    def on_device(self) -> bool:
        """Whether the images are there too."""
        return self.images.device == self.device

    def subset(self, chosen: Tensor) -> Digits:
        """Those digits of which `chosen` (n,) is true, where they are."""
        return Digits(
            self.images[chosen.to(self.images.device)], self.classes[chosen.to(self.device)]
        )

    def batch(self, index: Tensor) -> tuple[Tensor, Tensor]:
        """The digits of an index, as values 0..1 (batch, 3, size, size), and their classes.

        `index` is where the images are.
        """
        images = self.images[index]
        if not self.on_device:
            images = images.pin_memory().to(self.device, non_blocking=True)
        return to_unit(images), self.classes[index.to(self.device, non_blocking=True)]
