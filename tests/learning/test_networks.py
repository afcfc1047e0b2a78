"""The fourteen networks: size, shape and first weights, as published."""

from __future__ import annotations

from typing import get_args

import pytest
import torch
from torch import nn

from pipeline.learning.networks import ARCHITECTURES, build
from pipeline.params import Model

PARAMETERS = {
    "resnet8": 78_042, "resnet14": 175_258, "resnet20": 272_474, "resnet32": 466_906,
    "resnet44": 661_338, "resnet56": 855_770, "resnet110": 1_730_714,
    "resnet8x4": 1_210_410, "resnet32x4": 7_410_730,
    "resnet18": 11_173_962, "resnet34": 21_282_122, "resnet50": 23_520_842,
    "resnet101": 42_512_970, "resnet152": 58_156_618,
}  # fmt: skip
MEGA_MACS = {
    "resnet8": 50.0, "resnet14": 106.6, "resnet20": 163.3, "resnet110": 1012.6,
    "resnet8x4": 708.2, "resnet32x4": 4332, "resnet18": 2221.7, "resnet50": 5191.3,
    "resnet152": 14888.5,
}  # fmt: skip


def build_empty(name, classes=10):
    """The network without memory for its weights, which only a shape needs."""
    with torch.device("meta"):
        return build(name, classes, seed=0)


def conv_outputs(network, size):
    """Each convolution with the shape that comes out of it for a square of `size` pixels."""
    found = []
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            module.register_forward_hook(lambda conv, _, out: found.append((conv, out.shape)))
    network(torch.empty(1, 3, size, size, device="meta"))
    return found


def test_all_models_that_can_be_asked_for_are_here():
    """The parameters and the architectures name the same fourteen networks."""
    assert set(get_args(Model)) == set(ARCHITECTURES) == set(PARAMETERS)


@pytest.mark.parametrize(("name", "count"), PARAMETERS.items())
def test_parameters_are_as_published(name, count):
    """The number of weights at 10 classes is the published one, to the last weight."""
    assert sum(weight.numel() for weight in build_empty(name).parameters()) == count


@pytest.mark.parametrize(("name", "count"), MEGA_MACS.items())
def test_multiplications_are_as_published(name, count):
    """At 64 x 64 pixels, the strides and the shortcuts are where they belong."""
    network = build_empty(name)
    macs = sum(
        shape[2] * shape[3] * conv.weight.numel() for conv, shape in conv_outputs(network, 64)
    )
    assert (macs + network.head.weight.numel()) / 1e6 == pytest.approx(count, rel=2e-3)


@pytest.mark.parametrize("size", [16, 17, 32, 48, 256])
@pytest.mark.parametrize("name", ["resnet8", "resnet8x4", "resnet18", "resnet50"])
def test_any_size_gives_a_logit_a_class(name, size):
    """The pool takes whatever size comes to it, the smallest and the largest allowed alike."""
    network = build_empty(name, classes=7)
    assert network(torch.empty(2, 3, size, size, device="meta")).shape == (2, 7)


@pytest.mark.parametrize(
    ("name", "sizes"), [("resnet20", [64, 32, 16]), ("resnet34", [64, 32, 16, 8])]
)
def test_the_size_is_halved_from_the_second_stage_on(name, sizes):
    """The stem has neither stride nor pool, since a digit is small enough."""
    found = [shape[2] for _, shape in conv_outputs(build_empty(name), 64)]
    assert sorted(set(found), reverse=True) == sizes
    assert found[0] == 64


@pytest.mark.parametrize("name", ["resnet8", "resnet8x4", "resnet18", "resnet50"])
def test_convolutions_have_no_bias_and_the_head_has(name):
    """Batch norm has a bias of its own, so a convolution before it needs none."""
    network = build_empty(name)
    assert all(m.bias is None for m in network.modules() if isinstance(m, nn.Conv2d))
    assert network.head.bias is not None


def test_a_bottlenecks_stride_is_on_its_3x3():
    """On the 1x1 before it, a stride would drop three of four pixels."""
    strided = [
        conv.kernel_size
        for conv, _ in conv_outputs(build_empty("resnet50"), 32)
        if conv.stride == (2, 2)
    ]
    assert strided == [(3, 3), (1, 1)] * 3


def test_first_weights_are_kaimings():
    """Weights are normal, of variance 2 / fan-out, and batch norm begins as the identity."""
    network = build("resnet8x4", 10, seed=0)
    for module in network.modules():
        if isinstance(module, nn.Conv2d) and module.weight.numel() > 10_000:
            fan_out = module.out_channels * module.kernel_size[0] * module.kernel_size[1]
            assert module.weight.std().item() == pytest.approx((2 / fan_out) ** 0.5, rel=0.05)
        if isinstance(module, nn.BatchNorm2d):
            assert (module.weight == 1).all()
            assert (module.bias == 0).all()


@pytest.mark.parametrize("name", ["resnet8", "resnet110", "resnet18"])
def test_a_fresh_network_gives_finite_logits(name):
    """The shortcuts and norms hold the values together, also in the deepest network."""
    network = build(name, 10, seed=0)
    assert all(value.isfinite().all() for value in network.state_dict().values())
    assert network(torch.randn(2, 3, 16, 16)).isfinite().all()


def test_the_seed_decides_the_weights():
    """A seed gives the same weights whatever was drawn before; another seed gives others."""
    first = build("resnet8", 10, seed=5).state_dict()
    torch.rand(7)
    again, other = (build("resnet8", 10, seed=seed).state_dict() for seed in (5, 6))
    assert all(torch.equal(value, again[name]) for name, value in first.items())
    assert not torch.equal(first["head.weight"], other["head.weight"])


def test_an_unknown_name_is_a_key_error():
    """Names are checked where params.yaml is loaded, so here a wrong one is a defect."""
    with pytest.raises(KeyError):
        build("resnet9", 10, seed=0)
