"""One measurement in a process of its own: python -m bench.trial NAME '{"settings": …}'

Runs in a workplace (`bench.workplace`) and prints one JSON object.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch.utils.flop_counter import FlopCounterMode

from bench import guidebook
from bench.latency import latency
from bench.memory import peak_memory
from pipeline.files import LISTS, read_list, read_stats
from pipeline.images.digits import CLASSES
from pipeline.learning.augment import augment
from pipeline.learning.hardware import pick_hardware, prepare_hardware
from pipeline.learning.inputs import Digits, Normalisation
from pipeline.learning.loop import train
from pipeline.learning.resnet import build
from pipeline.params import TrainParams, load_params
from pipeline.train import make_network
from studies.run import guidebook_params

WARM_UP = 256

# What the guidebook's final recipe adds to what all of its experiments hold fixed; its rate changes
# once an epoch, ours every step.
RECIPE: dict[str, Any] = {
    "model": "resnet20", "input_size": 64, "epochs": 100, "optimizer": "sgd", "lr": 0.1,
    "scheduler": "cosine", "precision": "fp32",
}  # fmt: skip


def our_params(recipe: bool, augmented: bool = True, **changes: object) -> TrainParams:
    """Our parameters: those of params.yaml, or the guidebook's recipe in them; then `changes`."""
    params = load_params().train
    if recipe:
        return guidebook_params(params, **RECIPE | changes)
    if not augmented:
        still = params.augment.model_copy(update={"strength": 0.0})
        params = params.model_copy(update={"augment": still})
    return params.model_copy(update=changes)


def files_for(count: int) -> list[str]:
    """So many training digits, over and over where there are fewer."""
    return list(islice(cycle(read_list(LISTS["train"])), count))


def guidebook_files(files: list[str], side: int) -> guidebook.DigitFiles:
    """Digit images as the guidebook's loop loads them."""
    mean, std = read_stats()
    return guidebook.DigitFiles(Path("data/digits"), files, side, mean, std)


def guidebook_speed(model: str, side: int, batch_size: int, count: int) -> dict[str, float]:
    """Images a second of the guidebook's loop."""
    recipe = replace(guidebook.Recipe(), side=side, batch_size=batch_size)
    network = build(model, len(CLASSES))
    validation = guidebook_files(files_for(1), side)
    for n in (WARM_UP, count):
        training = guidebook_files(files_for(n), side)
        (epoch,) = guidebook.train(network, training, validation, recipe, stop=1)
    return {"images_per_second": count / epoch.train_seconds}


def our_speed(
    model: str, side: int, batch_size: int, count: int, augmented: bool
) -> dict[str, float]:
    """Images a second of our loop."""
    params = our_params(
        recipe=False, augmented=augmented, model=model, input_size=side, batch_size=batch_size,
        epochs=1, warmup_epochs=0, lr=0.001,
    )  # fmt: skip
    hardware = prepare_hardware(params)
    normalise = Normalisation.of(*read_stats(), hardware.device)
    every = Digits.load(read_list(LISTS["train"]), params, hardware)
    network = build(model, len(CLASSES))
    for n in (WARM_UP, count):
        chosen = torch.arange(n, device=every.images.device) % len(every)
        training = Digits(every.images[chosen], every.classes[chosen.to(every.device)])
        few = Digits(training.images[:1], training.classes[:1])
        (epoch,) = train(network, training, few, normalise, params, hardware)
    return {"images_per_second": count / epoch.seconds}


def bare_speed(model: str, side: int, batch_size: int, count: int) -> dict[str, float]:
    """Images a second of forward and backward alone, on one random batch, in our precision."""
    hardware = prepare_hardware(load_params().train)
    network = hardware.place(build(model, len(CLASSES))).train()
    images = torch.randn((batch_size, 3, side, side), device=hardware.device)
    images = images.contiguous(memory_format=torch.channels_last)
    classes = torch.randint(len(CLASSES), (batch_size,), device=hardware.device)

    def step() -> None:
        network.zero_grad(set_to_none=True)
        with hardware.autocast():
            logits = network(images)
        F.cross_entropy(logits.float(), classes).backward()  # type: ignore[no-untyped-call]

    steps = count // batch_size
    seconds = timed(step, steps, warm_up=max(1, WARM_UP // batch_size))
    with FlopCounterMode(display=False) as counter:
        step()
    return {
        "images_per_second": steps * batch_size / seconds,
        "flops": counter.get_total_flops() / batch_size,
    }


def matrix_product() -> dict[str, float]:
    """FLOP/s of a product of two 4096 x 4096 matrices in bf16."""
    device = pick_hardware("auto", "auto").device
    left, right = (torch.randn((4096, 4096), device=device).bfloat16() for _ in range(2))
    seconds = timed(lambda: left @ right, steps=5, warm_up=1)
    return {"flops": 5 * 2 * 4096**3 / seconds}


def input_speed(side: int, batch_size: int, augmented: bool) -> dict[str, float]:
    """Images a second of the input side alone: index, scale, augment, normalise; and of each."""
    params = our_params(recipe=False, augmented=augmented)
    device = prepare_hardware(params).device
    generator = torch.Generator(device).manual_seed(0)
    images = torch.randint(256, (4096, side, side, 3), dtype=torch.uint8, device=device)
    digits = Digits(images, torch.zeros(len(images), dtype=torch.int64, device=device))
    normalise = Normalisation.of([0.8, 0.4, 0.5], [0.2, 0.3, 0.2], device)
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
    steps = 8192 // batch_size
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


def guidebook_run(seed: int, stop: int) -> dict[str, Any]:
    """The guidebook's recipe in its loop, as many epochs as `stop` says."""
    recipe = guidebook.Recipe()
    torch.manual_seed(seed)
    network = build("resnet20", len(CLASSES))
    training, validation = (guidebook_files(read_list(p), recipe.side) for p in LISTS.values())
    epochs = list(guidebook.train(network, training, validation, recipe, stop))
    return {
        "train_seconds": [epoch.train_seconds for epoch in epochs],
        "valid_seconds": [epoch.valid_seconds for epoch in epochs],
        "errors": epochs[-1].errors,
        "training": len(training),
        "validation": len(validation),
    }


def our_run(seed: int, recipe: bool, precision: str | None = None) -> dict[str, Any]:
    """A whole run of our loop, from the digit files on; seconds and errors after each epoch."""
    start = time.perf_counter()
    params = our_params(recipe, seed=seed)
    params = params.model_copy(update={"precision": precision or params.precision})
    hardware = prepare_hardware(params)
    training, validation = (
        Digits.load(read_list(path), params, hardware) for path in LISTS.values()
    )
    normalise = Normalisation.of(*read_stats(), hardware.device)
    network = make_network(params)
    seconds, errors = [], []
    for epoch in train(network, training, validation, normalise, params, hardware):
        seconds.append(time.perf_counter() - start)
        errors.append(round((1 - epoch.valid_accuracy) * len(validation)))
    return {
        "seconds": seconds, "errors": errors, "on": str(hardware),
        "training": len(training), "validation": len(validation),
    }  # fmt: skip


TRIALS: dict[str, Callable[..., dict[str, Any]]] = {
    trial.__name__: trial
    for trial in (
        guidebook_speed, our_speed, bare_speed, matrix_product, input_speed, guidebook_run, our_run,
        latency,
    )
}  # fmt: skip


def main() -> None:
    """Run the trial that is named and print what it came to, and the peak memory in MB."""
    name, settings = sys.argv[1:]
    answer = TRIALS[name](**json.loads(settings))
    answer["memory"] = peak_memory()
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
