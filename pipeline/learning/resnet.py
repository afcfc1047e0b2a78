"""The fourteen ResNets for small images, by name.

He et al. 2015, arXiv 1512.03385, section 4.2; the x4 widths: Tian et al. 2019, arXiv 1910.10699.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn


@dataclass(frozen=True)
class Architecture:
    """Width of the stem, and of each stage its width and number of blocks."""

    stem: int
    widths: tuple[int, ...]
    depths: tuple[int, ...]
    bottleneck: bool = False


def _three_stages(blocks: int, stem: int = 16, width: int = 16) -> Architecture:
    return Architecture(stem, (width, 2 * width, 4 * width), (blocks,) * 3)


def _four_stages(*depths: int, bottleneck: bool = False) -> Architecture:
    return Architecture(64, (64, 128, 256, 512), depths, bottleneck)


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
    "resnet50": _four_stages(3, 4, 6, 3, bottleneck=True),
    "resnet101": _four_stages(3, 4, 23, 3, bottleneck=True),
    "resnet152": _four_stages(3, 8, 36, 3, bottleneck=True),
}


def build(name: str, classes: int) -> nn.Module:
    """Build the network `name` with fresh weights, drawn from torch's default generator.

    Maps (batch, 3, height, width), normalised, to logits (batch, classes). Raises `KeyError` for
    an unknown name.
    """
    return ResNet(ARCHITECTURES[name], classes)


class ResNet(nn.Module):
    """A 3x3 stem, stages of residual blocks that halve the side from the second on, and a head."""

    def __init__(self, architecture: Architecture, classes: int) -> None:
        super().__init__()
        self.stem = nn.Sequential(_conv(3, architecture.stem, 3), nn.BatchNorm2d(architecture.stem))
        block = Bottleneck if architecture.bottleneck else BasicBlock
        stages: list[nn.Module] = []
        width_in = architecture.stem
        for width, depth in zip(architecture.widths, architecture.depths, strict=True):
            blocks = []
            for i in range(depth):
                stride = 2 if stages and i == 0 else 1
                blocks.append(block(width_in, width, stride))
                width_in = width * block.expansion
            stages.append(nn.Sequential(*blocks))
        self.stages = nn.Sequential(*stages)
        self.head = nn.Linear(width_in, classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, images: Tensor) -> Tensor:
        """Logits (batch, classes) of images (batch, 3, height, width)."""
        features = self.stages(self.stem(images).relu())
        logits: Tensor = self.head(features.mean(dim=(2, 3)))
        return logits


class _ResidualBlock(nn.Module):
    expansion = 1

    def __init__(self, width_in: int, width_out: int, stride: int, body: nn.Module) -> None:
        super().__init__()
        self.body = body
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or width_in != width_out:
            self.shortcut = nn.Sequential(
                _conv(width_in, width_out, 1, stride), nn.BatchNorm2d(width_out)
            )

    def forward(self, images: Tensor) -> Tensor:
        """Body plus shortcut, rectified."""
        total: Tensor = self.body(images) + self.shortcut(images)
        return total.relu()


class BasicBlock(_ResidualBlock):
    """Two 3x3 convolutions, the first with the stride."""

    def __init__(self, width_in: int, width: int, stride: int) -> None:
        body = nn.Sequential(
            _conv(width_in, width, 3, stride), nn.BatchNorm2d(width), nn.ReLU(inplace=True),
            _conv(width, width, 3), nn.BatchNorm2d(width),
        )  # fmt: skip
        super().__init__(width_in, width, stride, body)


class Bottleneck(_ResidualBlock):
    """1x1, 3x3 with the stride, and 1x1 to four times the width."""

    expansion = 4

    def __init__(self, width_in: int, width: int, stride: int) -> None:
        width_out = width * self.expansion
        body = nn.Sequential(
            _conv(width_in, width, 1), nn.BatchNorm2d(width), nn.ReLU(inplace=True),
            _conv(width, width, 3, stride), nn.BatchNorm2d(width), nn.ReLU(inplace=True),
            _conv(width, width_out, 1), nn.BatchNorm2d(width_out),
        )  # fmt: skip
        super().__init__(width_in, width_out, stride, body)


def _conv(width_in: int, width_out: int, side: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(width_in, width_out, side, stride, padding=side // 2, bias=False)
