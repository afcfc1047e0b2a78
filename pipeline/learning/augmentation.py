"""Random changes to a batch of digit images, drawn for each image on its own; never a flip."""

from __future__ import annotations

import math
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

from pipeline.params import AugmentParams


def augment(images: Tensor, params: AugmentParams, generator: torch.Generator) -> Tensor:
    """Change images (batch, 3, height, width) of values 0..1, each in its own way.

    `generator` lives on the images' device. Values may leave 0..1 where light is added.
    """
    params = _scaled(params)
    images = _warp(images, params, generator)
    images = _blur(images, params.blur, generator)
    return _relight(images, params, generator)


def _scaled(params: AugmentParams) -> AugmentParams:
    """Every reach and probability times `strength`."""
    reaches = params.model_dump(exclude={"strength"})
    return params.model_copy(update={k: v * params.strength for k, v in reaches.items()})


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
    matrix = rotation @ lean * scale[:, None, :]
    # affine_grid takes longer than the sampling; a sum of a row and a column takes a tenth.
    across, down = (2 * torch.arange(n, device=images.device) + 1 for n in images.shape[:1:-1])
    row = matrix[:, :, 0, None, None] * (across / images.shape[3] - 1)
    column = matrix[:, :, 1, None, None] * (down / images.shape[2] - 1)[:, None]
    grid = (row + (column + shift[:, :, None, None])).permute(0, 2, 3, 1)
    return F.grid_sample(images, grid, padding_mode="border", align_corners=False)


def _blur(images: Tensor, probability: float, generator: torch.Generator) -> Tensor:
    if not probability:
        return images
    weight = _chance(images, probability, generator) * _uniform(images, 1, generator).abs()
    down, across = (_blur_matrix(length, images.device) for length in images.shape[2:])
    return images.lerp(down @ images @ across.T, weight)


@lru_cache(maxsize=8)
def _blur_matrix(length: int, device: torch.device) -> Tensor:
    """What each pixel of a line gives to each that is blurred: (length, length), rows add up to 1.

    Two boxes of three pixels, one after the other; beyond its ends the line goes on as it ends. As
    a matrix product it takes half of what slices added do at 64 pixels, a third at 32, as much at
    200; and an eighth of `avg_pool2d`.
    """
    pixels = torch.arange(length, device=device)
    matrix = torch.zeros((length, length), device=device)
    for beside, ninths in zip(range(-2, 3), (1, 2, 3, 2, 1), strict=True):
        matrix[pixels, (pixels + beside).clamp(0, length - 1)] += ninths / 9
    return matrix


def _relight(images: Tensor, params: AugmentParams, generator: torch.Generator) -> Tensor:
    """Grey, gains, inversion, contrast and brightness: one linear map of a pixel's colour.

    So the images are gone through once, whatever is drawn.
    """
    if not any((params.color, params.invert, params.contrast, params.brightness)):
        return images
    device = images.device
    colours = torch.eye(3, device=device).expand(len(images), 3, 3)
    light = torch.zeros((len(images), 3, 1), device=device)
    if params.color:
        grey = _chance(images, params.color, generator)[:, 0]
        colours = torch.where(grey, torch.full_like(colours, 1 / 3), colours)
        colours = colours * (1 + _uniform(images, params.color, generator, columns=3)[:, :, 0])
    if params.invert:
        inverted = _chance(images, params.invert, generator)[:, 0]
        colours = torch.where(inverted, -colours, colours)
        light = torch.where(inverted, 1 - light, light)
    if params.contrast:
        mean = images.mean(dim=(2, 3))[:, :, None]
        middle = (colours @ mean + light).mean(dim=1, keepdim=True)
        gain = 1 + _uniform(images, params.contrast, generator)[:, 0]
        colours, light = colours * gain, middle + (light - middle) * gain
    if params.brightness:
        light = light + _uniform(images, params.brightness, generator)[:, 0]
    return torch.baddbmm(light, colours, images.flatten(2)).view_as(images)
