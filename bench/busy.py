"""Training beside other programs: images a second of one thread and of two, idle and busy.

`python -m bench.busy --programs 0 4`; `ATEN_CPU_CAPABILITY=avx2 ONEDNN_MAX_CPU_ISA=AVX2` before it
makes a newer processor like an older one. Each program is an endless loop. The fair share is what
idle training would be left with, if every thread that wants a core got as much.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

import torch
import torch.nn.functional as F
from joblib import cpu_count

from pipeline.learning.hardware import pick_hardware
from pipeline.learning.networks import build

_SECONDS = 5.0


def main() -> None:
    """Measure every combination three times, in turn; print a line each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", type=int, nargs="+", default=[0, 4])
    parser.add_argument("--precisions", nargs="+", default=["bf16", "fp32"])
    parser.add_argument("--one", nargs=2, metavar=("THREADS", "PRECISION"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(images_a_second(int(options.one[0]), options.one[1]))  # noqa: T201
        return
    for precision in options.precisions:
        for threads in (1, 2):
            idle = None
            for count in options.programs:
                with programs(count):
                    got = median(measure(threads, precision) for _ in range(3))
                idle = idle or got
                fair = idle * min(1, cpu_count() / (count + threads))
                print(  # noqa: T201
                    f"{precision}, {threads} threads, {count} other programs: {got:.0f} images/s, "
                    f"{fair / got:.2f} times slower than the fair share"
                )


@contextmanager
def programs(count: int) -> Iterator[None]:
    """So many endless loops, each a process."""
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def measure(threads: int, precision: str) -> float:
    """Images a second of a process of its own."""
    command = [sys.executable, "-m", "bench.busy", "--one", str(threads), precision]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def images_a_second(threads: int, precision: str) -> float:
    """Steps of the default training, resnet14 on 32 digits of 32 pixels, on random tensors."""
    torch.set_num_threads(threads)
    hardware = pick_hardware("cpu", precision)
    network = hardware.place(build("resnet14", 10, seed=0)).train()
    optimizer = torch.optim.Adam(network.parameters(), 0.001, fused=True)
    images = torch.rand((32, 3, 32, 32)).contiguous(memory_format=torch.channels_last)
    classes = torch.randint(10, (32,))

    def step() -> None:
        optimizer.zero_grad(set_to_none=True)
        with hardware.autocast():
            logits = network(images)
        F.cross_entropy(logits.float(), classes).backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    for _ in range(5):
        step()
    start, count = time.perf_counter(), 0
    while time.perf_counter() < start + _SECONDS:
        step()
        count += 1
    return len(images) * count / (time.perf_counter() - start)


if __name__ == "__main__":
    main()
