"""Make .venv, the environment with all packages, or bring it up to date.

It needs Python alone: `python3 -m pipeline.commands.install`. Where uv is there, uv installs, else
pip. PyTorch's build follows from the GPU: without one, the build for the CPU is taken, which is
gigabytes smaller.
"""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from pipeline.messages import say
from pipeline.messages.duration import tell_duration
from pipeline.runtime.command import make_parser, run
from pipeline.runtime.packages import INDEX, OLDEST_PYTHON, can_reach, choose_build, find_gpu
from pipeline.runtime.start import VENV

log = logging.getLogger(__name__)

# As pyproject.toml asks for them.
TORCH = ["torch>=2.9", "torchvision>=0.24"]


def main(argv: Sequence[str] | None = None) -> None:
    """Make the environment, choose PyTorch's build, install, say how long it took."""
    parser = make_parser("digits install", __doc__)
    parser.add_argument(
        "--extra", choices=["test", "export", "notebook", "dask", "service"], action="append",
        default=[],
        help=say("more packages, beside those that everything needs"),
    )  # fmt: skip
    extras = ",".join(parser.parse_args(argv).extra)
    start = time.monotonic()
    install = make_environment()
    for packages in (*torch_first(), ["--editable", f".[{extras}]" if extras else "."]):
        log.info("%s", " ".join([*install[-3:], *packages]))
        if subprocess.run([*install, *packages], check=False).returncode:
            sys.exit(
                say("ERROR: the installation failed, for the reason above; it can be run again")
            )
    if sys.dont_write_bytecode:
        compile_packages()
    log.info(say("Installed into {folder}: {duration}", folder=VENV,
                 duration=tell_duration(time.monotonic() - start)))  # fmt: skip


def compile_packages() -> None:
    """Compile every package in .venv, which Python otherwise does for those that it imports.

    Where PYTHONDONTWRITEBYTECODE forbids it, as many container images do, each start of a stage
    would compile all of PyTorch anew: three times as long.
    """
    log.info(say("Python is told not to keep what it compiles: packages are compiled now, once"))
    # What does not compile, as an example for another Python, is none of our concern.
    subprocess.run([str(_python()), "-m", "compileall", "-qq", "-j", "0", VENV], check=False)


def make_environment() -> list[str]:
    """Make .venv where there is none; returns the command that installs into it."""
    if sys.version_info < OLDEST_PYTHON:
        sys.exit(
            say("ERROR: Python 3.10 or newer is needed, this is {version}; if you have another: "
                "make PYTHON=python3.12", version=sys.version.split()[0])
        )  # fmt: skip
    python = _python()
    uv = shutil.which("uv")
    # One that was left half made has no pip.
    has_pip = [str(python), "-m", "pip", "--version"]
    if not python.exists() or subprocess.run(has_pip, capture_output=True, check=False).returncode:
        by_uv = [uv, "venv", "--seed", "--clear", "--python", sys.executable] if uv else []
        make = by_uv or [sys.executable, "-m", "venv", "--clear"]
        if subprocess.run([*make, str(VENV)], check=False).returncode:
            sys.exit(
                say(
                    "ERROR: {folder} could not be made, for the reason above. Where ensurepip is "
                    "missing, on Debian and Ubuntu: sudo apt install python3-venv",
                    folder=VENV,
                )
            )
    if uv:
        return [uv, "pip", "install", "--python", str(python)]
    # Python compiles what it imports: pip would compile all of torch, for a minute.
    return [str(python), "-m", "pip", "install", "--no-compile"]


def _python() -> Path:
    """The interpreter of .venv."""
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def torch_first() -> list[list[str]]:
    """What to install before all else, so that PyTorch's build is the one for this machine."""
    gpu = find_gpu()
    if gpu:
        log.info("%s (CUDA %d.%d)", gpu.name, *gpu.cuda)
    else:
        log.info(say("There is no NVIDIA GPU: training will run on the CPU"))
    build = choose_build(gpu)
    if build is None:
        return []
    index = f"{INDEX}/{build}"
    if not can_reach(index):
        log.info(
            say("{index} cannot be reached: PyPI's PyTorch is installed, which may be 3 GB larger",
                index=index)
        )  # fmt: skip
        return []
    log.info(say("PyTorch comes from {index}", index=index))
    return [[*TORCH, "--index-url", index]]


if __name__ == "__main__":
    run(main)
