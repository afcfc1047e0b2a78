"""Before a program has loaded its packages, it already speaks plainly."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest
from helpers import ROOT, command_environment, venv


def test_a_package_that_is_missing_is_one_line(tmp_path):
    """A stage run by a Python outside of the environment."""
    done = subprocess.run(
        [venv(tmp_path / "bare"), "-m", "pipeline.parse"],
        cwd=ROOT, env=command_environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("ERROR: ")
    assert "type `" in line


@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C is sent otherwise elsewhere")
@pytest.mark.parametrize(
    "after", [0.15, 0.4, *(pytest.param(after, marks=pytest.mark.slow) for after in (0.8, 1.5))]
)
@pytest.mark.parametrize(
    "program", [["pipeline.train"], ["pipeline.commands", "check", "raw"]], ids=" ".join
)
def test_ctrl_c_while_it_starts_is_one_line(divided, program, after):
    """Whatever it loads at that moment; its own errors may come first."""
    command = (
        "import signal, runpy, sys\n"
        # A shell's background job ignores Ctrl-C, which its children inherit.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        f"sys.argv = ['-m', *{program[1:]!r}]\n"
        f"import pipeline\n"
        f"sys.argv[0] = 'x'\n"
        "print('begun', flush=True)\n"
        f"runpy.run_module({program[0]!r}, run_name='__main__', alter_sys=False)\n"
    )
    running = subprocess.Popen(
        [sys.executable, "-c", command], cwd=divided.folder, env=command_environment(),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    assert running.stdout.readline() == "begun\n"
    time.sleep(after)
    os.killpg(running.pid, signal.SIGINT)
    _, printed = running.communicate(timeout=60)
    assert "Traceback" not in printed
    # It may have ended by itself, or be ending, when a Python no longer catches Ctrl-C.
    assert running.returncode in (130, 0, 1, -signal.SIGINT)
    if running.returncode == 130:
        assert "Stopped" in printed
