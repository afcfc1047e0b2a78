"""Several processes that train one network, as torchrun starts them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter

import psutil
import pytest
import train_in_a_team
from helpers import ROOT, command_environment, write
from processes import Process

from pipeline.contracts import HISTORY
from pipeline.learning.checkpoint import load_checkpoint

# Torch and two processes that train together take half a minute in all.
pytestmark = pytest.mark.slow

TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
SCRIPT = ROOT / "tests/train_in_a_team.py"


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    """What each process of a team of two saw, and one alone."""
    folder = tmp_path_factory.mktemp("team")
    train_in_a_team.main(folder)
    return [*train_two(folder), read_record(folder, "0 of 1")]


def train_two(folder, *stop_after):
    """What each of a team of two saw."""
    command = [*TORCHRUN, str(SCRIPT), str(folder), *stop_after]
    subprocess.run(command, check=True, env=command_environment(), capture_output=True)
    return [read_record(folder, name) for name in ("0 of 2", "1 of 2")]


def read_record(folder, name):
    return json.loads((folder / f"{name}.json").read_text())


def test_every_digit_is_seen_once_an_epoch(records):
    """One of the two sees it; where the last batch is smaller, a digit is seen twice."""
    first, second, _ = records
    for epoch in (0, 1):
        seen = [
            digit
            for record in (first, second)
            for step in record["steps"][6 * epoch : 6 * epoch + 6]
            for digit in step
        ]
        assert set(seen) == set(range(41))
        assert sorted(Counter(seen).values()) == [1] * 40 + [2]


def test_a_team_takes_the_steps_of_one_alone(records):
    """The batch is the global one: each step's digits together are those of one process."""
    first, second, alone = records
    assert len(first["steps"]) == len(second["steps"]) == len(alone["steps"]) == 12
    for one, other, batch in zip(first["steps"], second["steps"], alone["steps"], strict=True):
        assert set(one) | set(other) == set(batch)


def test_a_team_comes_to_the_weights_of_one_alone(records):
    """It does to rounding, without batch norm, whose averages are each process's own."""
    first, second, alone = records
    assert first["weights"] == second["weights"]
    for one, other in zip(first["weights"], alone["weights"], strict=True):
        assert one == pytest.approx(other, abs=1e-6)


def test_a_team_reports_the_figures_of_one_alone(records):
    """They are sums over all processes, without the digit that stands in."""
    first, second, alone = records
    assert first["figures"] == second["figures"]
    for one, other in zip(first["figures"], alone["figures"], strict=True):
        assert one == pytest.approx(other, rel=1e-4)


def test_a_stopped_team_goes_on_where_it_was(records, tmp_path):
    """Both do from what the first one alone has kept, to the same weights."""
    train_two(tmp_path, "1")
    assert [path.name for path in tmp_path.glob("*.pt")] == ["0 of 2.pt"]
    first, second = train_two(tmp_path)
    assert len(first["steps"]) == len(second["steps"]) == 6
    assert first["weights"] == second["weights"] == records[0]["weights"]
    assert first["figures"] == second["figures"] == records[0]["figures"]


@pytest.fixture
def team(divided, monkeypatch):
    """A workplace that has come to the lists, in which two processes train; the current folder."""
    monkeypatch.chdir(divided.folder)
    divided.set(machine__launcher="torchrun --standalone --nproc-per-node 2")
    return divided


def test_the_launcher_trains_in_two_processes(team):
    """There are one log and one model, about as good as that of one process."""
    team.set(train__epochs=8, train__lr=0.02)
    done = team.run("train")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("Epoch: ") == 8
    together = HISTORY.read()
    assert load_checkpoint().model == "resnet8"
    team.set(machine__launcher="python")
    team.do("train")
    alone = HISTORY.read()
    assert [epoch.lr for epoch in together] == [epoch.lr for epoch in alone]
    # Not the same loss: batch norm sees half of each batch.
    assert together[-1].train_loss != alone[-1].train_loss
    assert together[-1].train_loss == pytest.approx(alone[-1].train_loss, rel=0.3)


# What a build of PyTorch says that has no libuv; Python runs it before all else.
WITHOUT_LIBUV = """
from torch import distributed

init = distributed.TCPStore.__init__

def refuse(store, *args, use_libuv=True, **options):
    if use_libuv:
        raise RuntimeError("use_libuv was requested but PyTorch was build without libuv support")
    init(store, *args, use_libuv=False, **options)

distributed.TCPStore.__init__ = refuse
"""


def test_a_pytorch_without_libuv_is_told(team):
    """PyTorch for Windows is built so, and torchrun ends in a traceback of a hundred lines."""
    write(team.folder / "odd/sitecustomize.py", WITHOUT_LIBUV)
    paths = [str(team.folder / "odd"), command_environment()["PYTHONPATH"]]
    done = subprocess.run(
        [sys.executable, "-m", "pipeline.train"],
        cwd=team.folder, env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "set machine.launcher: python" in done.stderr
    assert "Traceback" not in done.stderr


def test_torchrun_itself_can_start_the_stage(team):
    """Several machines are started so; the launcher then starts no further processes."""
    done = subprocess.run(
        [*TORCHRUN, "-m", "pipeline.train"],
        cwd=team.folder, env=command_environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("Epoch: ") == 2


def test_an_error_of_the_processes_is_told_as_one(team):
    """Each says the same, and there is no traceback, neither theirs nor torchrun's."""
    (team.folder / "data/stats.json").unlink()
    done = team.run("train")
    assert done.returncode == 1
    assert "stats.json is missing: run `dvc repro`" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="copies processes")
def test_a_killed_process_ends_the_run(team):
    """It ends with an error and no model, rather than hang."""
    team.set(train__epochs=500)
    running = Process(team.folder, "train")
    while "Epoch: " not in (line := running.stderr.readline()):
        assert line, running.end()
    workers = psutil.Process(running.pid).children()
    assert len(workers) == 2
    workers[1].kill()
    start = time.monotonic()
    assert running.end().returncode != 0
    assert time.monotonic() - start < 60
    assert not psutil.pid_exists(workers[0].pid)
    assert not (team.folder / "models/digits.pt").exists()
