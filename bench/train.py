"""Training against the guidebook's loop and fastai: python -m bench.train [part …] [--threads N]

Parts: throughput (images a second, share of the bare forward and backward, peak memory), input (the
input side alone, one core) and accuracy (seconds to the final accuracy of the guidebook's recipe,
and errors at the end, over seeds). Every measurement is a process of its own; what is compared is
measured in turn, several rounds, and the table holds medians.

accuracy trains the guidebook's recipe in our loop (the same mathematics; the rate changes every
step) and computes the seconds of its 100 epochs in the guidebook's loop from the first few; --full
lets the guidebook's loop go to the end instead.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from bench.accuracy import accuracy
from bench.process import Processes, describe_machine
from bench.speed import input_side, throughput
from pipeline.runtime.command import make_parser


def main() -> None:
    """Prepare, measure the parts asked for, print the table and where it is from."""
    options = parse_options()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.workplace or Path(temporary)
        processes = Processes(options.threads)
        rows: list[str] = []
        if "throughput" in options.parts:
            rows += throughput(folder, processes, options)
        if "input" in options.parts:
            rows += input_side(folder, Processes(threads=1), options.rounds)
        if "accuracy" in options.parts:
            rows += accuracy(folder, processes, options)
    table = ["| measure | ours | against | ratio | at least |", "|---|---|---|---|---|", *rows]
    machine = describe_machine(options.threads)
    sys.stdout.write("\n".join([*table, "", machine, f"Command: {options.command}"]) + "\n")


def parse_options() -> argparse.Namespace:
    """The command's options."""
    parser = make_parser("bench.train", __doc__)
    known = ("throughput", "input", "accuracy")
    parser.add_argument("parts", nargs="*", metavar="part", help=f"of {', '.join(known)}: all")
    threads = int(os.environ.get("OMP_NUM_THREADS", os.cpu_count() or 1))
    parser.add_argument("--threads", type=int, default=threads, help="default: %(default)s")
    parser.add_argument("--rounds", type=int, default=5, help="default: %(default)s")
    parser.add_argument("--digits", type=int, default=1280, help="digits a speed is measured on")
    parser.add_argument("--seeds", type=int, default=5, help="of split and training, from 0 on")
    parser.add_argument("--photos", type=Path, help="photos and XML; default: 390 drawn ones")
    parser.add_argument("--epochs", type=int, default=2, help="of the guidebook's loop, timed")
    parser.add_argument("--full", action="store_true", help="run the guidebook's loop to the end")
    parser.add_argument(
        "--recipe-precision", choices=("fp32", "bf16"), default="fp32",
        help="in which our loop trains the guidebook's recipe; default: %(default)s",
    )  # fmt: skip
    parser.add_argument("--workplace", type=Path, help="keep the digits here for another run")
    parser.add_argument("--no-fastai", action="store_true", help="leave fastai out")
    options = parser.parse_args()
    options.parts = options.parts or list(known)
    if unknown := set(options.parts) - set(known):
        parser.error(f"unknown part: {', '.join(sorted(unknown))}")
    arguments = " ".join(sys.argv[1:])
    options.command = f"python -m bench.train {arguments}"
    return options


if __name__ == "__main__":
    main()
