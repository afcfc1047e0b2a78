"""A network without its normalisations computes what it did with them."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from pipeline.learning.folded import fold_norms
from pipeline.learning.networks import build
from pipeline.reading.network import Locator


@pytest.mark.parametrize("network", [build("resnet8", 10, 0), build("resnet50", 10, 0), Locator()])
def test_it_computes_the_same(network):
    """Its statistics are those of some batches, and no longer 0 and 1."""
    torch.manual_seed(0)
    for _ in range(3):
        network(torch.rand(4, 3, 64, 64))
    pictures = torch.rand(2, 3, 64, 64)
    network.eval()
    with torch.inference_mode():
        before = network(pictures)
    fold_norms(network)
    with torch.inference_mode():
        after = network(pictures)
    assert not [its for its in network.modules() if isinstance(its, nn.BatchNorm2d)]
    for one, other in zip(before, after, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-3)
