"""Several processes that train one network, as torchrun starts them."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import psutil
import pytest
from helpers import ROOT, command_environment

from pipeline.learning.checkpoint import load_checkpoint
from pipeline.tables import HISTORY, read_table

TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"]
SCRIPT = ROOT / "tests/train_in_a_team.py"


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    """What each process of a team of two saw, and one alone."""
    folder = tmp_path_factory.mktemp("team")
    for launcher in ([*TORCHRUN, "--standalone"], [sys.executable]):
        subprocess.run(
            [*launcher, str(SCRIPT), str(folder)],
            check=True, env=command_environment(), capture_output=True,
        )  # fmt: skip
    names = ("0 of 2", "1 of 2", "0 of 1")
    return [json.loads((folder / f"{name}.json").read_text()) for name in names]


def test_every_digit_is_seen_once_an_epoch(records):
    """By one of the two; but for a digit that stands in where the last batch is smaller."""
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
    """Without batch norm, whose averages are each process's own, to rounding."""
    first, second, alone = records
    assert first["weights"] == second["weights"]
    for one, other in zip(first["weights"], alone["weights"], strict=True):
        assert one == pytest.approx(other, abs=1e-6)


def test_a_team_reports_the_figures_of_one_alone(records):
    """Sums over all processes, the digit that stands in left out."""
    first, second, alone = records
    assert first["figures"] == second["figures"]
    for one, other in zip(first["figures"], alone["figures"], strict=True):
        assert one == pytest.approx(other, rel=1e-4)


def launch(workplace, **options):
    return subprocess.Popen(
        [*TORCHRUN, "--standalone", "-m", "pipeline.train"],
        cwd=workplace.folder, env=command_environment(),
        stderr=subprocess.PIPE, text=True, **options,
    )  # fmt: skip


def test_the_command_runs_under_torchrun(divided, monkeypatch):
    """One log, one model, as accurate as that of one process within noise."""
    monkeypatch.chdir(divided.folder)
    divided.set(train__epochs=8, train__lr=0.02)
    _, printed = (running := launch(divided)).communicate()
    assert running.returncode == 0, printed
    assert printed.count("Epoch: ") == 8
    together = read_table(Path("reports/history.csv"), HISTORY)
    assert load_checkpoint(Path("models/digits.pt")).model == "resnet8"
    divided.do("train")
    alone = read_table(Path("reports/history.csv"), HISTORY)
    assert together["lr"].equals(alone["lr"])
    assert together["train_loss"].iloc[-1] == pytest.approx(alone["train_loss"].iloc[-1], rel=0.3)


def test_a_killed_process_ends_the_run(divided):
    """With an error and no model, rather than a hang."""
    divided.set(train__epochs=500)
    running = launch(divided)
    while "Epoch: " not in running.stderr.readline():
        pass
    workers = psutil.Process(running.pid).children()
    assert len(workers) == 2
    workers[1].kill()
    start = time.monotonic()
    running.communicate(timeout=60)
    assert running.returncode != 0
    assert time.monotonic() - start < 60
    assert not psutil.pid_exists(workers[0].pid)
    assert not (divided.folder / "models/digits.pt").exists()
