"""The one module that reads digits: images as they are in, logits out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from pipeline.learning.hardware import Hardware

if TYPE_CHECKING:
    from pipeline.learning.checkpoint import Checkpoint

_BATCH = 256


class DigitReader(nn.Module):
    """A network with the normalisation that its images need.

    `normalise` maps values 0..1 (batch, 3, height, width) to the network's: `ChannelNorm` for a
    data set's mean and deviation, `nn.InstanceNorm2d(3)` for each image's own.
    """

    def __init__(self, network: nn.Module, normalise: nn.Module) -> None:
        super().__init__()
        self.normalise = normalise
        self.network = network

    def forward(self, images: Tensor) -> Tensor:
        """Logits (batch, classes) of images.

        Images are uint8 (batch, height, width, 3), as a library gives them, or values 0..1 (batch,
        3, height, width).
        """
        if images.dtype == torch.uint8:
            images = to_unit(images)
        normal = self.normalise(images).contiguous(memory_format=torch.channels_last)
        logits: Tensor = self.network(normal)
        return logits


class ChannelNorm(nn.Module):
    """Images of mean 0 and deviation 1, by each channel's `mean` and `std` over a data set."""

    mean: Tensor
    std: Tensor

    def __init__(self, mean: list[float], std: list[float]) -> None:
        """From two lists [r, g, b], in 0..1; a channel that never varies is left at its scale."""
        super().__init__()
        spread = [value if value > 0 else 1.0 for value in std]
        self.register_buffer("mean", torch.tensor(mean).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(spread).view(1, 3, 1, 1))

    def forward(self, images: Tensor) -> Tensor:
        """Images (batch, 3, height, width) of values 0..1, normalised."""
        return (images - self.mean).div_(self.std)


def to_unit(images: Tensor) -> Tensor:
    """uint8 (batch, height, width, 3) to float (batch, 3, height, width) in 0..1."""
    return images.permute(0, 3, 1, 2).float().div_(255)


@torch.inference_mode()
def predict(reader: nn.Module, images: Tensor, hardware: Hardware) -> Tensor:
    """Logits (n, classes) in fp32 of uint8 images (n, size, size, 3), on the device."""
    reader.eval()
    logits = []
    for batch in torch.split(images, _BATCH):
        with hardware.autocast():
            logits.append(reader(batch.to(hardware.device)).float())
    return torch.cat(logits)


def classify(
    checkpoint: Checkpoint, images: NDArray[np.uint8], hardware: Hardware
) -> tuple[list[str], NDArray[np.float64]]:
    """Classify digit images (n, size, size, 3) of the checkpoint's input size.

    Returns the label of each and the model's confidence in it, 0..1, to six decimals.
    """
    reader = hardware.place(checkpoint.reader())
    logits = predict(reader, torch.from_numpy(images), hardware)
    confidence, classes = logits.softmax(1).max(1)
    labels = [checkpoint.classes[number] for number in classes.tolist()]
    return labels, confidence.cpu().double().round(decimals=6).numpy()
