"""Seconds from digit images to answers: python -m bench.latency [--threads N] [--rounds N]

torch (our reader, in the precision that evaluate takes, and in fp32) beside onnxruntime with the
exported model, one digit and 64 at a time, each in a process of its own, in turn. Takes
models/digits.pt of the current folder. Prints medians of 200 calls and their 95th percentiles.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from bench.process import Processes, describe_machine
from pipeline.commands.export import require_packages, to_onnx
from pipeline.contracts import MODEL
from pipeline.learning.checkpoint import load_checkpoint
from pipeline.learning.digit_reader import predict
from pipeline.learning.hardware import pick_hardware
from pipeline.runtime.command import make_parser

CALLS = 200
BATCHES = (1, 64)
READERS = ("torch auto", "torch fp32", "onnxruntime")


def main() -> None:
    """Export, time every reader at every batch, print."""
    parser = make_parser("bench.latency", __doc__)
    threads = int(os.environ.get("OMP_NUM_THREADS", os.cpu_count() or 1))
    parser.add_argument("--threads", type=int, default=threads, help="default: %(default)s")
    parser.add_argument("--rounds", type=int, default=5, help="default: %(default)s")
    options = parser.parse_args()
    require_packages()
    checkpoint = load_checkpoint(MODEL)
    processes = Processes(options.threads)
    keys = [(reader, batch) for batch in BATCHES for reader in READERS]
    trials: dict[tuple[str, int], list[dict[str, Any]]] = {key: [] for key in keys}
    with tempfile.TemporaryDirectory() as folder:
        onnx = Path(folder) / "digits.onnx"
        onnx.write_bytes(to_onnx(checkpoint))
        for _ in range(options.rounds):
            for reader, batch in keys:
                settings = {"reader": reader, "batch": batch, "onnx": str(onnx)}
                settings |= {"model": str(MODEL.resolve()), "threads": options.threads}
                trials[reader, batch].append(processes.trial(Path(), "latency", **settings))
    lines = ["| reader | digits a call | ms, median | ms, 95 % |", "|---|---|---|---|"]
    for (reader, batch), its in trials.items():
        middle, high = (statistics.median(t[figure] for t in its) for figure in ("median", "high"))
        lines.append(f"| {reader} | {batch} | {middle:.2f} | {high:.2f} |")
    what = f"{checkpoint.model}, {checkpoint.input_size} px; medians of {options.rounds} processes"
    command = f"Command: python -m bench.latency {' '.join(sys.argv[1:])}"
    lines += ["", f"{what}. {describe_machine(options.threads)}", command]
    sys.stdout.write("\n".join(lines) + "\n")


def latency(reader: str, batch: int, model: str, onnx: str, threads: int) -> dict[str, float]:
    """Milliseconds of a call, in this process: the median and the 95th percentile."""
    checkpoint = load_checkpoint(Path(model))
    side = checkpoint.input_size
    images = np.random.default_rng(0).integers(0, 256, (batch, side, side, 3), dtype=np.uint8)
    call = in_onnxruntime(onnx, threads) if reader == "onnxruntime" else in_torch(model, reader)
    milliseconds = []
    for _ in range(20 + CALLS):
        start = time.perf_counter()
        call(images)
        milliseconds.append(1000 * (time.perf_counter() - start))
    timed = milliseconds[20:]
    return {"median": statistics.median(timed), "high": statistics.quantiles(timed, n=20)[-1]}


def in_onnxruntime(onnx: str, threads: int) -> Callable[[np.ndarray], object]:
    """Probabilities by onnxruntime."""
    import onnxruntime  # noqa: PLC0415 - its threads must not stand beside torch's

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])
    return lambda images: session.run(["probabilities"], {"images": images})


def in_torch(model: str, reader: str) -> Callable[[np.ndarray], object]:
    """Probabilities by torch, the network loaded once."""
    checkpoint = load_checkpoint(Path(model))
    hardware = pick_hardware("auto" if reader == "torch auto" else "cpu", reader.split()[1])
    reader_module = hardware.place(checkpoint.reader())

    def call(images: np.ndarray) -> np.ndarray:
        resident = torch.from_numpy(images).to(hardware.device)
        return predict(reader_module, resident, hardware).softmax(1).cpu().numpy()

    return call


if __name__ == "__main__":
    main()
