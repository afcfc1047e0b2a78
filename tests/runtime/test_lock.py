"""One process at a time in a folder, whatever became of the one before."""

from __future__ import annotations

import subprocess
import sys

import pytest
from helpers import command_environment

from pipeline.runtime.errors import UserError
from pipeline.runtime.lock import alone

HOLD = (
    "import sys, time\n"
    "from pathlib import Path\n"
    "from pipeline.runtime.lock import alone\n"
    "with alone(Path('models/.lock')):\n"
    "    print('held', flush=True)\n"
    "    time.sleep(60)\n"
)


def test_a_second_process_is_told_of_the_first(tmp_path, monkeypatch):
    """By its number; killed, the first one leaves nothing behind."""
    monkeypatch.chdir(tmp_path)
    first = subprocess.Popen(
        [sys.executable, "-c", HOLD], cwd=tmp_path, env=command_environment(),
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert first.stdout is not None
    assert first.stdout.readline() == "held\n"
    lock = tmp_path / "models/.lock"
    with pytest.raises(UserError, match=f"process {first.pid} trains here already"), alone(lock):
        pass
    first.kill()
    first.communicate()
    with alone(lock):
        pass
