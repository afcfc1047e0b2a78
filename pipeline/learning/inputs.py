"""Digits as the network gets them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from pipeline.images.digits import labels_of, load_digits
from pipeline.learning.hardware import Hardware
from pipeline.params import TrainParams

# Values 0..1 (batch, 3, side, side) to what a network gets, channels last.
Normalise = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Digits:
    """Digit images (n, side, side, 3) uint8 and their classes (n,) int64.

    The classes are on the device; so are the images where it holds them, else in memory.
    """

    images: Tensor
    classes: Tensor

    @classmethod
    def load(cls, files: list[str], params: TrainParams, hardware: Hardware) -> Digits:
        """The digits of data/digits that `files` names, as a list does, at the size of `params`.

        Raises `UserError` naming a file that is missing or damaged.
        """
        images = load_digits(Path("data/digits"), files, params.input_size, params.max_memory)
        classes = torch.from_numpy(labels_of(files))
        return cls(hardware.keep(torch.from_numpy(images)), classes.to(hardware.device))

    def __len__(self) -> int:
        return len(self.classes)

    @property
    def device(self) -> torch.device:
        """Where batches are given."""
        return self.classes.device

    def subset(self, chosen: Tensor) -> Digits:
        """Those digits of which `chosen` (n,) is true, where they are."""
        return Digits(
            self.images[chosen.to(self.images.device)], self.classes[chosen.to(self.device)]
        )

    def batch(self, index: Tensor) -> tuple[Tensor, Tensor]:
        """The digits of an index, as values 0..1 (batch, 3, side, side), and their classes.

        `index` is where the images are.
        """
        images = self.images[index]
        if self.images.device != self.device:
            images = images.pin_memory().to(self.device, non_blocking=True)
        return to_unit(images), self.classes[index.to(self.device, non_blocking=True)]


@dataclass(frozen=True)
class Normalisation:
    """Mean and standard deviation of each channel, (1, 3, 1, 1), of values 0..1."""

    mean: Tensor
    std: Tensor

    @classmethod
    def of(cls, mean: list[float], std: list[float], device: torch.device) -> Normalisation:
        """From two lists [r, g, b]; a channel that never varies is left at its scale."""
        shape = (1, 3, 1, 1)
        spread = [value if value > 0 else 1.0 for value in std]
        return cls(
            torch.tensor(mean, device=device).view(shape),
            torch.tensor(spread, device=device).view(shape),
        )

    def __call__(self, images: Tensor) -> Tensor:
        """Images of mean 0 and deviation 1, channels last."""
        normal = (images - self.mean).div_(self.std)
        return normal.contiguous(memory_format=torch.channels_last)


def normalise_each(images: Tensor) -> Tensor:
    """Each image's channels of mean 0 and deviation 1 of themselves, channels last.

    Contrast, brightness and a colour cast, of the photo as of `augment`, are gone; a channel that
    never varies is 0.
    """
    std, mean = torch.std_mean(images, dim=(2, 3), keepdim=True)
    # Below a level of 255ths, there is nothing but rounding.
    normal = (images - mean).div_(std.clamp_(min=1 / 255))
    return normal.contiguous(memory_format=torch.channels_last)


def to_unit(images: Tensor) -> Tensor:
    """uint8 (batch, side, side, 3) to float (batch, 3, side, side) in 0..1, channels last."""
    return images.permute(0, 3, 1, 2).float().div_(255)
