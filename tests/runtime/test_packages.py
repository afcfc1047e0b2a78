"""PyTorch's build follows from the GPU, its driver and the system."""

from __future__ import annotations

import re

import pytest
from helpers import ROOT

from pipeline.commands.install import TORCH
from pipeline.runtime.packages import Gpu, can_reach, choose_build


@pytest.mark.parametrize(
    ("cuda", "system", "build"),
    [
        (None, "linux", "cpu"),
        (None, "win32", None),
        (None, "darwin", None),
        ((13, 1), "linux", None),
        ((13, 1), "win32", "cu130"),
        ((12, 9), "linux", "cu128"),
        ((12, 6), "win32", "cu126"),
        ((11, 8), "linux", "cpu"),
        ((11, 8), "win32", None),
    ],
)
def test_the_build_is_the_newest_that_the_driver_runs(cuda, system, build):
    """PyPI's own where that is the same: for Linux with the newest CUDA, elsewhere the CPU's."""
    gpu = Gpu("NVIDIA GeForce RTX 3060", "580.82", cuda) if cuda else None
    assert choose_build(gpu, system) == build


def test_an_index_that_does_not_answer_is_told():
    """Nothing listens at this port, and no server has this name."""
    assert not can_reach("http://127.0.0.1:9")
    assert not can_reach("http://index.invalid")


def test_what_is_installed_first_is_what_the_project_asks_for():
    """Another version would be replaced by PyPI's build afterwards."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    asked = re.findall(r'^    "(torch(?:vision)?>=[^"]+)"', text, flags=re.MULTILINE)
    assert asked == TORCH
