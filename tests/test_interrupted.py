"""A training run that is killed goes on where it was, to the bytes of an undisturbed run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import Workplace, epochs, write
from processes import Process
from repository import environment, shell

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="copies processes"),
]

STATE = Path("models/.unfinished.pt")
MODEL = Path("models/digits.pt")


@pytest.fixture
def workplace(divided, monkeypatch):
    """A workplace that has come to the lists, set to train for six epochs; the current folder."""
    divided.set(train__epochs=6)
    monkeypatch.chdir(divided.folder)
    return divided


def kill_after(workplace: Workplace, count: int) -> list[str]:
    """Start training, kill it as soon as it has told of `count` epochs; returns their lines."""
    running = Process(workplace.folder, "train")
    told: list[str] = []
    while len(told) < count:
        line = running.stderr.readline()
        assert line, running.end()
        told += epochs(line)
    running.kill()
    return told


def test_a_killed_run_goes_on_after_the_last_finished_epoch(workplace):
    """Epochs done are not done again, as their seconds show; the model is the same bytes."""
    undisturbed = workplace.run("train")
    assert undisturbed.returncode == 0, undisturbed
    model = MODEL.read_bytes()
    MODEL.unlink()
    told = kill_after(workplace, 3)
    assert not MODEL.exists()
    printed = workplace.run("train").stderr
    again = epochs(printed)
    assert "An earlier run was stopped: going on after its epoch" in printed
    assert again[:3] == told
    assert len(again) == len(epochs(undisturbed.stderr)) == 6
    assert MODEL.read_bytes() == model


def test_dvc_repro_goes_on_after_the_last_finished_epoch(clone, monkeypatch):
    """DVC clears the stage's outputs before it runs it; the state is none of them."""
    Workplace(clone).set(train__epochs=30)
    running = subprocess.Popen(
        ["dvc", "repro", "train"], cwd=clone, env=environment(clone),
        stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    told: list[str] = []
    while len(told) < 3:
        told += epochs(running.stderr.readline())
        assert running.poll() is None
    os.killpg(running.pid, signal.SIGKILL)
    running.communicate()
    assert not (clone / MODEL).exists()
    assert epochs(shell(clone, "dvc", "repro", "train"))[:3] == told
    model = (clone / MODEL).read_bytes()
    with monkeypatch.context() as patch:
        patch.chdir(clone)
        Workplace(clone).do("train")
    assert (clone / MODEL).read_bytes() == model


def test_nothing_is_left_of_a_finished_run(workplace):
    """The state is deleted once the model is written."""
    workplace.do("train")
    assert MODEL.exists()
    assert not STATE.exists()


CHANGES = {"train__lr": 0.01, "train__seed": 5, "train__label_smoothing": 0.2, "train__epochs": 7}


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_parameter_begins_anew(workplace, name):
    """The state of a run with another value is not taken up."""
    kill_after(workplace, 2)
    assert STATE.exists()
    workplace.set(**{name: CHANGES[name]})
    workplace.do("train")
    after_a_kill = MODEL.read_bytes()
    workplace.do("train")
    assert MODEL.read_bytes() == after_a_kill


def test_a_changed_digit_begins_anew(workplace):
    """It has the same name, and stands in the same lists."""
    kill_after(workplace, 2)
    one, other = sorted((workplace.digits / "3").iterdir())[:2]
    write(one, other.read_bytes())
    workplace.do("train")
    after_a_kill = MODEL.read_bytes()
    workplace.do("train")
    assert MODEL.read_bytes() == after_a_kill


@pytest.mark.parametrize("content", [b"", b"not a state", b"PK\x03\x04" + bytes(50)])
def test_a_damaged_state_is_no_state(workplace, content):
    """Training begins anew, and says nothing else."""
    workplace.do("train")
    model = MODEL.read_bytes()
    write(STATE, content)
    workplace.do("train")
    assert MODEL.read_bytes() == model
