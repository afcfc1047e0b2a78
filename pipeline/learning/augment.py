"""Random changes to a batch of digit images, drawn for each image on its own; never a flip."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from pipeline.params import AugmentParams


def augment(images: Tensor, params: AugmentParams, generator: torch.Generator) -> Tensor:
    """Change images (batch, 3, height, width) of values 0..1, each in its own way.

    `generator` lives on the images' device. Values may leave 0..1 where light is added.
    """
    params = params.scaled()
    images = _warp(images, params, generator)
    images = _blur(images, params.blur, generator)
    return _relight(images, params, generator)


def _uniform(images: Tensor, reach: float, generator: torch.Generator, columns: int = 1) -> Tensor:
    """Draws from -reach to reach, (batch, columns, 1, 1)."""
    draws = torch.rand((len(images), columns, 1, 1), generator=generator, device=images.device)
    return (2 * draws - 1) * reach


def _chance(images: Tensor, probability: float, generator: torch.Generator) -> Tensor:
    """True with the given probability, (batch, 1, 1, 1)."""
    draws = torch.rand((len(images), 1, 1, 1), generator=generator, device=images.device)
    return draws < probability


def _warp(images: Tensor, params: AugmentParams, generator: torch.Generator) -> Tensor:
    if not any((params.shift, params.scale, params.rotation, params.shear)):
        return images
    angle = _uniform(images, math.radians(params.rotation), generator).flatten()
    shear = _uniform(images, params.shear, generator).flatten()
    # Uniform in the logarithm: as often twice as large as half as large.
    scale = _uniform(images, -math.log1p(-params.scale), generator, columns=2).flatten(1).exp()
    # The grid spans -1 to 1, so a shift of the whole side is 2.
    shift = _uniform(images, 2 * params.shift, generator, columns=2).flatten(1)
    cos, sin = angle.cos(), angle.sin()
    rotation = torch.stack([cos, -sin, sin, cos], dim=1).view(-1, 2, 2)
    lean = torch.eye(2, device=images.device).repeat(len(images), 1, 1)
    lean[:, 0, 1] = shear
    matrix = torch.cat([rotation @ lean * scale[:, None, :], shift[:, :, None]], dim=2)
    grid = F.affine_grid(matrix, list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, padding_mode="border", align_corners=False)


def _blur(images: Tensor, probability: float, generator: torch.Generator) -> Tensor:
    if not probability:
        return images
    weight = _chance(images, probability, generator) * _uniform(images, 1, generator).abs()
    blurred = images
    for _ in range(2):
        padded = F.pad(blurred, (1, 1, 1, 1), mode="replicate")
        blurred = F.avg_pool2d(padded, 3, stride=1)
    return torch.lerp(images, blurred, weight)


def _relight(images: Tensor, params: AugmentParams, generator: torch.Generator) -> Tensor:
    if params.color:
        grey = images.mean(dim=1, keepdim=True).expand_as(images)
        images = torch.where(_chance(images, params.color, generator), grey, images)
        images = images * (1 + _uniform(images, params.color, generator, columns=3))
    if params.invert:
        images = torch.where(_chance(images, params.invert, generator), 1 - images, images)
    if params.contrast:
        middle = images.mean(dim=(1, 2, 3), keepdim=True)
        gain = 1 + _uniform(images, params.contrast, generator)
        images = middle + (images - middle) * gain
    if params.brightness:
        images = images + _uniform(images, params.brightness, generator)
    return images
