"""The locator's network: a picture in; for each cell of four pixels, what digit is there."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.learning.networks import block

# What a cell can show: the digits and a minus sign.
SIGNS = (*"0123456789", "-")
# Pixels a side of the picture that a cell stands for.
STRIDE = 4

_STEM, _WIDTHS, _PYRAMID = 16, (24, 48, 96), 48
_BLOCKS = 2
_BOX = 4
# A cell shows a digit once in a hundred, before anything is learnt (Lin et al. 2017, section 4.1).
_PRIOR_LOGIT = -4.6


class CellLogits(NamedTuple):
    """What the network says of each cell of a batch of pictures.

    `digit` (batch, rows, columns) are logits; `box` (batch, 4, rows, columns): from the cell's
    middle to the digit's, x and y, in cells, and the logarithms of its width and height in cells;
    `sign` (batch, 11, rows, columns) are logits in the order of `SIGNS`.
    """

    digit: Tensor
    box: Tensor
    sign: Tensor


class Locator(nn.Module):
    """A small ResNet with a feature pyramid (Lin et al. 2016, arXiv 1612.03144) down to stride 4.

    It knows digits of one octave and a half of heights; a photo is shown to it at several sizes.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, _STEM, 3, 2, 1, bias=False), nn.BatchNorm2d(_STEM), nn.ReLU()
        )
        width, stages = _STEM, []
        for planes in _WIDTHS:
            blocks = [
                block(width if not i else planes, planes, 1 if i else 2) for i in range(_BLOCKS)
            ]
            stages.append(nn.Sequential(*blocks))
            width = planes
        self.stages = nn.ModuleList(stages)
        self.across = nn.ModuleList(nn.Conv2d(planes, _PYRAMID, 1) for planes in _WIDTHS)
        self.smooth = nn.Sequential(
            nn.Conv2d(_PYRAMID, _PYRAMID, 3, 1, 1, bias=False), nn.BatchNorm2d(_PYRAMID), nn.ReLU()
        )
        self.head = nn.Conv2d(_PYRAMID, 1 + _BOX + len(SIGNS), 1)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        nn.init.normal_(self.head.weight, std=0.01)
        assert self.head.bias is not None
        nn.init.zeros_(self.head.bias)
        nn.init.constant_(self.head.bias[:1], _PRIOR_LOGIT)

    def forward(self, pictures: Tensor) -> CellLogits:
        """Logits of pictures (batch, 3, height, width) in 0..1, sides divisible by 16."""
        features = self.stem((pictures - 0.45) / 0.25)
        levels = []
        for stage in self.stages:
            features = stage(features)
            levels.append(features)
        merged = self.across[-1](levels[-1])
        for level in (1, 0):
            finer = F.interpolate(merged, scale_factor=2.0, mode="nearest")
            merged = self.across[level](levels[level]) + finer
        cells = self.head(self.smooth(merged)).float()
        return CellLogits(cells[:, 0], cells[:, 1 : 1 + _BOX], cells[:, 1 + _BOX :])


def decode_boxes(box: Tensor) -> Tensor:
    """Middle and size (4, rows, columns), in the picture's pixels, that each cell's `box` says."""
    rows, columns = box.shape[1:]
    x = torch.arange(columns, device=box.device) + 0.5 + box[0]
    y = torch.arange(rows, device=box.device)[:, None] + 0.5 + box[1]
    return torch.stack([x, y, *box[2:].clamp(-3, 4).exp().unbind(0)]) * STRIDE
