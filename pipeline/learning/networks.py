"""The fourteen ResNets for small images, by name, of torchvision's residual blocks.

He et al. 2015, arXiv 1512.03385, section 4.2; the x4 widths: Tian et al. 2019, arXiv 1910.10699.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torchvision.models.resnet import BasicBlock, Bottleneck


@dataclass(frozen=True)
class Architecture:
    """Width of the stem, of each stage its width and number of blocks, and the kind of block."""

    stem: int
    widths: tuple[int, ...]
    depths: tuple[int, ...]
    block: type[BasicBlock | Bottleneck] = BasicBlock


def _three_stages(blocks: int, stem: int = 16, width: int = 16) -> Architecture:
    return Architecture(stem, (width, 2 * width, 4 * width), (blocks,) * 3)


def _four_stages(*depths: int, block: type[BasicBlock | Bottleneck] = BasicBlock) -> Architecture:
    return Architecture(64, (64, 128, 256, 512), depths, block)


ARCHITECTURES = {
    "resnet8": _three_stages(1),
    "resnet14": _three_stages(2),
    "resnet20": _three_stages(3),
    "resnet32": _three_stages(5),
    "resnet44": _three_stages(7),
    "resnet56": _three_stages(9),
    "resnet110": _three_stages(18),
    "resnet8x4": _three_stages(1, stem=32, width=64),
    "resnet32x4": _three_stages(5, stem=32, width=64),
    "resnet18": _four_stages(2, 2, 2, 2),
    "resnet34": _four_stages(3, 4, 6, 3),
    "resnet50": _four_stages(3, 4, 6, 3, block=Bottleneck),
    "resnet101": _four_stages(3, 4, 23, 3, block=Bottleneck),
    "resnet152": _four_stages(3, 8, 36, 3, block=Bottleneck),
}


def build(name: str, classes: int, seed: int) -> nn.Module:
    """Build the network `name` with fresh weights that follow from the seed.

    Maps (batch, 3, height, width), normalised, to logits (batch, classes). Sets torch's default
    generator. Raises `KeyError` for an unknown name.
    """
    torch.manual_seed(seed)
    return ResNet(ARCHITECTURES[name], classes)


class ResNet(nn.Module):
    """A 3x3 stem, stages of residual blocks that halve the image from the second on, and a head."""

    def __init__(self, architecture: Architecture, classes: int) -> None:
        super().__init__()
        width = architecture.stem
        self.stem = nn.Sequential(
            nn.Conv2d(3, width, 3, padding=1, bias=False), nn.BatchNorm2d(width)
        )
        stages = []
        for stage, (planes, depth) in enumerate(
            zip(architecture.widths, architecture.depths, strict=True)
        ):
            blocks = []
            for number in range(depth):
                stride = 2 if stage and number == 0 else 1
                blocks.append(block(width, planes, stride, architecture.block))
                width = planes * architecture.block.expansion
            stages.append(nn.Sequential(*blocks))
        self.stages = nn.Sequential(*stages)
        self.head = nn.Linear(width, classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, images: Tensor) -> Tensor:
        """Logits (batch, classes) of images (batch, 3, height, width)."""
        features = self.stages(self.stem(images).relu())
        logits: Tensor = self.head(features.mean(dim=(2, 3)))
        return logits


def block(
    width: int, planes: int, stride: int, kind: type[BasicBlock | Bottleneck] = BasicBlock
) -> nn.Module:
    """A residual block, its shortcut projected where the width or the image's size changes."""
    width_out = planes * kind.expansion
    projection = None
    if stride != 1 or width != width_out:
        projection = nn.Sequential(
            nn.Conv2d(width, width_out, 1, stride, bias=False), nn.BatchNorm2d(width_out)
        )
    residual: nn.Module = kind(width, planes, stride, projection)
    return residual
