"""Several processes that teach one locator, as torchrun starts them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import command_environment

from pipeline.contracts import LOCATOR
from pipeline.reading.locator_file import load_locator

# Torch and two processes that learn together take half a minute in all.
pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).with_name("teach_in_a_team.py")
TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]


def teach(folder, name, *stop_at):
    """A team of two; what each of them drew and came to, where it was not stopped."""
    command = [*TORCHRUN, str(SCRIPT), str(folder), name, *stop_at]
    subprocess.run(command, check=True, env=command_environment(), capture_output=True)
    paths = [folder / f"{name} {rank}.json" for rank in (0, 1)]
    return [json.loads(path.read_text()) for path in paths if path.exists()]


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    """What each of a team of two drew and came to."""
    return teach(tmp_path_factory.mktemp("team"), "undisturbed")


def test_each_draws_its_own_share_of_every_step(records):
    """Nine examples a step in all, of four numbers each, and no example twice."""
    first, second = (record["drawn"] for record in records)
    assert [len(share) for share in first] == [5 * 4] * 120
    assert [len(share) for share in second] == [4 * 4] * 120
    drawn = [number for record in records for share in record["drawn"] for number in share]
    assert len(set(drawn)) == len(drawn)


def test_both_come_to_the_same_weights_and_know_the_sum(records):
    """Each learns from what the other drew, too."""
    first, second = (record["weights"] for record in records)
    assert first == second
    assert first == pytest.approx([1, 1, 1, 1], abs=0.1)


def test_a_stopped_team_goes_on_where_it_was(records, tmp_path):
    """Both do from what the first one alone has written, to the same weights."""
    assert teach(tmp_path, "stopped", "75") == []
    assert [path.name for path in tmp_path.glob("*.pt")] == ["stopped 0.pt"]
    first, second = teach(tmp_path, "stopped")
    assert len(first["drawn"]) == len(second["drawn"]) == 120 - 50
    assert first["weights"] == second["weights"] == records[0]["weights"]


def test_the_launcher_teaches_the_locator_in_two_processes(divided, monkeypatch):
    """There are one log and one locator, which is not that of one process."""
    monkeypatch.chdir(divided.folder)
    divided.set(locate__steps=6, locate__batch_size=8)
    divided.do("locate")
    alone = load_locator(LOCATOR)
    divided.set(machine__launcher="torchrun --standalone --nproc-per-node 2")
    done = divided.run("locate")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("The locator on") == 1
    together = load_locator(LOCATOR)
    assert together.lists_md5 == alone.lists_md5
    its, other = (file.networks()[0].state_dict() for file in (together, alone))
    assert any((value != other[name]).any() for name, value in its.items())
