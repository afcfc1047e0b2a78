"""What is lit behind a digit: nothing, a decimal point or a colon, told by a tiny network."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from pipeline.reading.geometry import Floats, Part, turned

MARKS = ("", ".", ":")
# A patch spans so many heights of its digit, around a place so far to the right of the digit's
# edge and below its middle.
SIDE = 32
SPAN, BEHIND, BELOW = 1.1, 0.1, 0.15
_WIDTHS = (12, 24, 32)


class MarkReader(nn.Module):
    """Logits (batch, 3) in the order of `MARKS` for patches, each standardised by itself."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, after in pairwise((3, *_WIDTHS)):
            layers += [
                nn.Conv2d(before, after, 3, padding=1, bias=False), nn.BatchNorm2d(after),
                nn.ReLU(), nn.MaxPool2d(2),
            ]  # fmt: skip
        self.features = nn.Sequential(*layers)
        # Where a light is says what it is: a point is low, a colon's are two.
        side = SIDE // 2 ** len(_WIDTHS)
        self.head = nn.Linear(_WIDTHS[-1] * side * side, len(MARKS))

    def forward(self, patches: Tensor) -> Tensor:
        """Logits of patches (batch, 3, SIDE, SIDE) in 0..1."""
        mean = patches.mean(dim=(1, 2, 3), keepdim=True)
        spread = (patches - mean).square().mean(dim=(1, 2, 3), keepdim=True).sqrt()
        features = self.features((patches - mean) / (spread + 0.02))
        logits: Tensor = self.head(features.flatten(1))
        return logits


def cut_patch(sizes: Sequence[Image.Image], box: Floats, angle: float) -> Image.Image:
    """The patch behind a digit, `box` (4,) being its middle and size, of a row that is turned.

    `sizes` are the photo and its halves; the box is in the first one's pixels.
    """
    x, y, width, height = box
    turn = turned(angle)
    middle = np.array([x, y]) + turn @ [width / 2 + BEHIND * height, BELOW * height]
    matrix = SPAN * height / SIDE * turn
    return Part(matrix, middle - matrix @ np.full(2, SIDE / 2), (SIDE, SIDE)).cut(sizes)


@torch.inference_mode()
def read_marks(
    network: MarkReader, sizes: Sequence[Image.Image], boxes: Floats, angle: float
) -> NDArray[np.float64]:
    """Probabilities (n, 3) of `MARKS` behind each digit of a row."""
    patches = np.stack([np.asarray(cut_patch(sizes, box, angle)) for box in boxes])
    unit = torch.from_numpy(patches).permute(0, 3, 1, 2).float().div_(255)
    device = next(network.parameters()).device
    return np.asarray(network(unit.to(device)).softmax(1).double().cpu().numpy())
