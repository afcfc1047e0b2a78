"""Another light on a picture: colours, contrast, blur and noise, drawn for each on its own."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor


def relight(pictures: Tensor, rng: np.random.Generator) -> Tensor:
    """Change the light of pictures (batch, 3, height, width) in 0..1, each in its own way."""
    count = len(pictures)

    def draw(low: float, high: float, channels: int = 1) -> Tensor:
        drawn = rng.uniform(low, high, (count, channels, 1, 1))
        return torch.from_numpy(drawn.astype(np.float32))

    def chance(probability: float) -> Tensor:
        return draw(0, 1) < probability

    order = torch.from_numpy(rng.permuted(np.tile(np.arange(3), (count, 1)), axis=1))
    shuffled = pictures[torch.arange(count)[:, None], order]
    pictures = torch.where(chance(0.25), shuffled, pictures)
    pictures = torch.where(chance(0.2), pictures.mean(dim=1, keepdim=True), pictures)
    pictures = torch.where(chance(0.12), 1 - pictures, pictures)
    pictures = pictures.pow(draw(-0.5, 0.5).exp())
    mean = pictures.mean(dim=(2, 3), keepdim=True)
    contrast = draw(-0.8, 0.25).exp()
    gain, light = draw(-0.2, 0.2, 3).exp(), draw(-0.15, 0.15)
    pictures = pictures * (contrast * gain)
    pictures += (mean * draw(-0.25, 0.25, 3).exp() - mean * contrast) * gain + light
    blurred = F.avg_pool2d(pictures, 3, 1, 1, count_include_pad=False)
    pictures = pictures.lerp(blurred, chance(0.35) * draw(0, 1))
    noise = torch.from_numpy(rng.integers(-128, 128, pictures.shape, dtype=np.int8)).float()
    pictures += noise * (chance(0.4) * draw(0, 0.06) * (np.sqrt(3) / 128))
    return pictures.clamp_(0, 1)
