"""Images a second in this process: of both loops, of the bare network, of the input side."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from itertools import cycle, islice

import torch
import torch.nn.functional as F
from torch.utils.flop_counter import FlopCounterMode

from bench import guidebook
from bench.loops import guidebook_files, our_params
from pipeline.contracts import LISTS, read_list, read_stats
from pipeline.images.digits import CLASSES
from pipeline.learning.augmentation import augment
from pipeline.learning.digit_reader import ChannelNorm
from pipeline.learning.hardware import pick_hardware, prepare_hardware
from pipeline.learning.inputs import Digits
from pipeline.learning.loop import train
from pipeline.learning.networks import build
from pipeline.learning.recorded import Recorded
from pipeline.learning.run import Run
from pipeline.params import load_params
from pipeline.train import make_reader

WARM_UP = 256


def guidebook_speed(model: str, side: int, batch_size: int, count: int) -> dict[str, float]:
    """Images a second of the guidebook's loop."""
    recipe = replace(guidebook.Recipe(), side=side, batch_size=batch_size)
    network = build(model, len(CLASSES), seed=0)
    validation = guidebook_files(files_for(1), side)
    for n in (WARM_UP, count):
        training = guidebook_files(files_for(n), side)
        (epoch,) = guidebook.train(network, training, validation, recipe, stop=1)
    return {"images_per_second": count / epoch.train_seconds}


def files_for(count: int) -> list[str]:
    """So many training digits, over and over where there are fewer."""
    return list(islice(cycle(read_list(LISTS["train"])), count))


def our_speed(
    model: str, side: int, batch_size: int, count: int, augmented: bool
) -> dict[str, float]:
    """Images a second of our loop, in the second of two epochs."""
    params = our_params(
        recipe=False, augmented=augmented, model=model, input_size=side, batch_size=batch_size,
        epochs=2, enough_steps=None, warmup_epochs=0, lr=0.001, init=None,
    )  # fmt: skip
    machine = load_params().machine
    hardware = prepare_hardware(params, machine)
    every = Digits.load(read_list(LISTS["train"]), params.input_size, hardware, machine)
    reader = make_reader(*read_stats(), params)
    chosen = torch.arange(count, device=every.images.device) % len(every)
    training = Digits(every.images[chosen], every.classes[chosen.to(every.device)])
    few = Digits(training.images[:1], training.classes[:1])
    _, epoch = train(reader, training, few, Run(params, hardware))
    return {"images_per_second": count / epoch.seconds}


def bare_speed(model: str, side: int, batch_size: int, count: int) -> dict[str, float]:
    """Images a second of forward and backward alone, on one random batch, in our precision.

    On a GPU recorded, as ours are.
    """
    params = load_params()
    hardware = prepare_hardware(params.train, params.machine)
    network = hardware.place(build(model, len(CLASSES), seed=0)).train()
    images = torch.randn((batch_size, 3, side, side), device=hardware.device)
    images = images.contiguous(memory_format=torch.channels_last)
    classes = torch.randint(len(CLASSES), (batch_size,), device=hardware.device)

    def step() -> None:
        network.zero_grad(set_to_none=True)
        with hardware.autocast():
            logits = network(images)
        F.cross_entropy(logits.float(), classes).backward()  # type: ignore[no-untyped-call]

    steps, warm_up = count // batch_size, max(1, WARM_UP // batch_size)
    seconds = timed(recorded(step) if hardware.device.type == "cuda" else step, steps, warm_up)
    with FlopCounterMode(display=False) as counter:
        step()
    return {
        "images_per_second": steps * batch_size / seconds,
        "flops": counter.get_total_flops() / batch_size,
    }


def recorded(step: Callable[[], None]) -> Callable[[], None]:
    """The step, to be replayed on a GPU; it has been taken before it is recorded."""
    index = torch.zeros(1, dtype=torch.int64, device="cuda")
    again = Recorded(lambda _: step(), len(index), torch.Generator("cuda"))
    for _ in range(WARM_UP):
        again(index)
    return lambda: again(index)


def matrix_product() -> dict[str, float]:
    """FLOP/s of a product of two 4096 x 4096 matrices in bf16."""
    device = pick_hardware("auto", "auto").device
    left, right = (torch.randn((4096, 4096), device=device).bfloat16() for _ in range(2))
    steps = 500 if device.type == "cuda" else 5
    seconds = timed(lambda: left @ right, steps, warm_up=steps // 5)
    return {"flops": steps * 2 * 4096**3 / seconds}


def input_speed(side: int, batch_size: int, augmented: bool) -> dict[str, float]:
    """Images a second of the input side alone: index, scale, augment, normalise; and of each."""
    params = our_params(recipe=False, augmented=augmented)
    device = prepare_hardware(params, load_params().machine).device
    generator = torch.Generator(device).manual_seed(0)
    images = torch.randint(256, (4096, side, side, 3), dtype=torch.uint8, device=device)
    digits = Digits(images, torch.zeros(len(images), dtype=torch.int64, device=device))
    normalise = ChannelNorm([0.8, 0.4, 0.5], [0.2, 0.3, 0.2]).to(device)
    order = torch.split(torch.randperm(len(images), device=device), batch_size)
    batches = iter(cycle(order))
    batch, _ = digits.batch(order[0])

    def everything() -> object:
        return normalise(augment(digits.batch(next(batches))[0], params.augment, generator))

    parts: dict[str, Callable[[], object]] = {
        "images_per_second": everything,
        "index and scale": lambda: digits.batch(next(batches)),
        "augment": lambda: augment(batch, params.augment, generator),
        "normalise": lambda: normalise(batch),
    }
    steps = (65536 if device.type == "cuda" else 8192) // batch_size
    return {
        name: steps * batch_size / timed(part, steps, warm_up=3) for name, part in parts.items()
    }


def timed(step: Callable[[], object], steps: int, warm_up: int) -> float:
    """Seconds of some steps, after others to warm up."""
    for _ in range(warm_up):
        step()
    wait()
    start = time.perf_counter()
    for _ in range(steps):
        step()
    wait()
    return time.perf_counter() - start


def wait() -> None:
    """Until a GPU has done what it was given."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
