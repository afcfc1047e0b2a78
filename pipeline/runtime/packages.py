"""Which build of PyTorch suits this machine: with the standard library alone.

From PyPI, Linux gets a build for the newest CUDA, gigabytes larger than the one without, and
Windows the one without. PyTorch's own index has all builds.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import urllib.request
from dataclasses import dataclass

OLDEST_PYTHON = (3, 10)
INDEX = os.environ.get("PYTORCH_INDEX", "https://download.pytorch.org/whl")
# CUDA's versions that PyTorch 2.9 and newer is built for; the last is what PyPI has for Linux.
_CUDA = ((12, 6), (12, 8), (13, 0))


@dataclass(frozen=True)
class Gpu:
    """An NVIDIA GPU, its driver, and the newest CUDA that both run: (major, minor)."""

    name: str
    driver: str
    cuda: tuple[int, int]


def find_gpu() -> Gpu | None:
    """The first NVIDIA GPU that the driver's own tool names; None where there is none."""
    tool = shutil.which("nvidia-smi")
    if not tool:
        return None
    listed = _run([tool, "--query-gpu=name,driver_version,compute_cap", "--format=csv,noheader"])
    found = re.match(r"(.+), (\S+), (\d+)\.(\d+)", listed)
    cuda = re.search(r"CUDA (?:UMD )?Version\s*:\s*(\d+)\.(\d+)", _run([tool]))
    if not found or not cuda:
        return None
    # Builds for CUDA 12.8 and newer have nothing for cards older than Turing (7.5).
    is_old = (int(found[3]), int(found[4])) < (7, 5)
    newest = (int(cuda[1]), int(cuda[2]))
    return Gpu(found[1], found[2], min(newest, _CUDA[0]) if is_old else newest)


def choose_build(gpu: Gpu | None, system: str = sys.platform) -> str | None:
    """The folder of PyTorch's index with the build for this machine; None: what PyPI has is right.

    Without a GPU, or with a driver older than any build, it is the build for the CPU.
    """
    fitting = [version for version in _CUDA if gpu and version <= gpu.cuda]
    if not fitting:
        return "cpu" if system == "linux" else None
    newest = fitting[-1]
    return None if system == "linux" and newest == _CUDA[-1] else f"cu{newest[0]}{newest[1]}"


def can_reach(address: str) -> bool:
    """Whether an index answers, within 10 seconds."""
    try:
        with urllib.request.urlopen(f"{address}/torch/", timeout=10):
            return True
    except (OSError, ValueError):
        return False


def _run(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    except subprocess.TimeoutExpired:  # a driver that hangs is none
        return ""
    return done.stdout if done.returncode == 0 else ""
