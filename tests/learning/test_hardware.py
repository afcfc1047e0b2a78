"""Device and precision: what is asked for, or the best there is."""

from __future__ import annotations

import pytest
import torch
from helpers import MACHINE, TRAIN
from torch import nn

from pipeline.learning.hardware import (
    advise_on_memory,
    pick_hardware,
    prepare_hardware,
    use_hardware,
)
from pipeline.runtime.errors import UserError

GPU = torch.cuda.is_available()


@pytest.mark.parametrize(("name", "dtype"), [("fp32", torch.float32), ("bf16", torch.bfloat16)])
def test_what_is_asked_for_is_given(name, dtype):
    """On the CPU, both precisions work, if not both fast."""
    hardware = pick_hardware("cpu", name)
    assert (hardware.device.type, hardware.precision) == ("cpu", dtype)


@pytest.mark.skipif(GPU, reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_told():
    """The message names the key to change."""
    with pytest.raises(UserError, match=r"machine\.device is cuda"):
        pick_hardware("cuda", "auto")


def test_auto_takes_the_gpu_where_there_is_one():
    """Where there is none, it takes the CPU."""
    assert pick_hardware("auto", "auto").device.type == ("cuda" if GPU else "cpu")


def test_auto_precision_is_one_of_the_two():
    """It is bf16 where the hardware has it, else fp32."""
    assert pick_hardware("cpu", "auto").precision in {torch.float32, torch.bfloat16}


@pytest.mark.parametrize(("name", "dtype"), [("fp32", torch.float32), ("bf16", torch.bfloat16)])
def test_convolutions_compute_in_the_precision(name, dtype):
    """The weights stay in fp32 whatever the convolutions compute in."""
    hardware = pick_hardware("cpu", name)
    network = hardware.place(nn.Conv2d(3, 4, 3))
    with hardware.autocast():
        assert network(torch.zeros(1, 3, 8, 8)).dtype == dtype
    assert network.weight.dtype == torch.float32


def test_a_network_is_placed_channels_last():
    """Convolutions are fastest in this layout."""
    network = pick_hardware("cpu", "fp32").place(nn.Conv2d(3, 4, 3))
    assert network.weight.is_contiguous(memory_format=torch.channels_last)


def test_it_says_what_it_is():
    """The log's first line names device and precision."""
    assert pick_hardware("cpu", "bf16").describe().startswith("the CPU, ")
    assert pick_hardware("cpu", "bf16").describe().endswith(", bf16")
    assert pick_hardware("cpu", "fp32").describe().endswith(", fp32")


def test_it_is_known_in_every_language(monkeypatch):
    """An interrupted run goes on under another language, but not with other figures."""
    hardware = pick_hardware("cpu", "fp32")
    known = str(hardware)
    monkeypatch.setenv("PIPELINE_LANG", "ko")
    assert str(hardware) == known != str(pick_hardware("cpu", "bf16"))
    threads = torch.get_num_threads()
    torch.set_num_threads(threads + 1)
    try:
        assert str(hardware) != known
    finally:
        torch.set_num_threads(threads)


@pytest.mark.parametrize("deterministic", [True, False])
def test_torch_is_told_to_repeat_where_that_is_asked_for(deterministic):
    """Where it is not asked for, the faster kernels are allowed."""
    hardware = pick_hardware("cpu", "fp32")
    hardware.configure(deterministic)
    assert torch.are_deterministic_algorithms_enabled() == deterministic


@pytest.mark.parametrize(("precision", "threads"), [("bf16", 1), ("fp32", 3)])
def test_bf16_on_a_cpu_takes_one_thread(precision, threads):
    """Unless `machine.threads` asks for more; in fp32 there are as many as there were."""
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        use_hardware(MACHINE.model_copy(update={"threads": None}), precision)
        assert torch.get_num_threads() == threads
        use_hardware(MACHINE.model_copy(update={"threads": 2}), precision)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize(
    "take",
    [
        pytest.param(lambda machine: prepare_hardware(TRAIN, machine), id="to train"),
        pytest.param(lambda machine: use_hardware(machine, TRAIN.precision), id="to read"),
    ],
)
def test_machine_threads_are_used(take):
    """Training and reading compute in as many threads as `machine.threads` says."""
    before = torch.get_num_threads()
    try:
        take(MACHINE.model_copy(update={"threads": 2}))
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


@pytest.mark.skipif(not GPU, reason="there is no GPU")
@pytest.mark.parametrize(
    ("take", "exact"),
    [
        pytest.param(lambda machine: use_hardware(machine, "fp32"), True, id="to read"),
        pytest.param(lambda machine: prepare_hardware(TRAIN, machine), False, id="to train"),
    ],
)
def test_a_gpu_reads_in_fp32_and_learns_in_tf32(take, exact):
    """What a convolution and a product are off by shows in how many bits they are computed."""
    hardware = take(MACHINE.model_copy(update={"device": "cuda"}))
    torch.manual_seed(0)
    for layer, shape in ((nn.Conv2d(64, 64, 3), (8, 64, 32, 32)), (nn.Linear(64, 64), (512, 64))):
        inputs = torch.randn(shape)
        with torch.no_grad():
            right = layer.double()(inputs.double())
            seen = layer.float().to(hardware.device)(inputs.to(hardware.device)).double().cpu()
        assert ((seen - right).norm() / right.norm() < 1e-5) == exact


@pytest.mark.parametrize(
    "error", [MemoryError(), torch.OutOfMemoryError("CUDA out of memory"),
              RuntimeError("DefaultCPUAllocator: can't allocate memory")],
)  # fmt: skip
def test_memory_that_does_not_suffice_is_told(error):
    """The message names the parameters to change, and to what."""
    params = TRAIN.model_copy(update={"accumulate": 2, "input_size": 64})
    told = r"train\.accumulate: 4 \(it is 2\).* train\.input_size: 32 \(it is 64\)"
    with pytest.raises(UserError, match=told), advise_on_memory(params):
        raise error


def test_any_other_error_stays_what_it_is():
    """A defect of ours keeps its traceback."""
    with pytest.raises(RuntimeError, match="mat1 and mat2"), advise_on_memory(TRAIN):
        torch.zeros(2, 3) @ torch.zeros(2, 3)


def test_images_are_kept_on_the_device():
    """On the CPU, they are kept without a copy."""
    images = torch.zeros(3, 16, 16, 3, dtype=torch.uint8)
    assert pick_hardware("cpu", "fp32").keep(images) is images
