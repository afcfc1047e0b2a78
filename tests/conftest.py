"""Shared fixtures, and how tests run beside one another."""

from __future__ import annotations

import os

# Before torch is imported, here or in what a test starts: two threads wait for each other wherever
# a test beside this one wants a core.
os.environ["OMP_NUM_THREADS"] = "1"

import shutil
import sys
from collections import Counter
from pathlib import Path

import pytest
from filelock import FileLock
from helpers import Workplace, furnish
from hypothesis import HealthCheck, settings
from joblib import cpu_count
from repository import copy_checkout, shell

from pipeline.commands.sample import sample

# A test's outcome depends on the code alone: no clock, no examples of the last run.
settings.register_profile(
    "suite",
    deadline=None,
    derandomize=True,
    database=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("suite")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers():
    """`pytest -n auto`: a worker for each core that is ours, eight at most for memory's sake."""
    return min(8, cpu_count())


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Begin with the files that have most slow tests: no worker waits for a long one at the end."""
    slow = Counter(item.path for item in items if item.get_closest_marker("slow"))
    items.sort(key=lambda item: -slow[item.path])


def pytest_collection_finish():
    """Have torch's autograd begin before a test exports or compiles a network.

    Where one of these came first, no copy of this process could train (processes.py).
    """
    if torch := sys.modules.get("torch"):
        torch.ones(1, requires_grad=True).backward()


@pytest.fixture(autouse=True, scope="session")
def english():
    """Messages in English, whatever the locale of whoever runs the tests."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PIPELINE_LANG", "en")
        yield


@pytest.fixture
def workplace(tmp_path, monkeypatch):
    """An empty workplace with the project's params.yaml; the current folder."""
    folder = tmp_path / "workplace"
    furnish(folder)
    monkeypatch.chdir(folder)
    return Workplace(folder)


FAST = {
    "train__model": "resnet8", "train__input_size": 16, "train__batch_size": 16,
    "train__epochs": 2, "train__precision": "fp32", "train__lr": 0.05,
    "locate__steps": 2, "locate__batch_size": 4, "locate__precision": "fp32",
    "machine__device": "cpu", "split__by": "photo", "crop__format": "jpg", "crop__margin": 0.1,
}  # fmt: skip


@pytest.fixture(scope="session")
def divided_once(tmp_path_factory):
    """A workplace that has come to the lists, set to train in a second."""
    place = Workplace(tmp_path_factory.mktemp("divided"))
    furnish(place.folder)
    place.set(**FAST)
    place.add_displays(12)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place.folder)
        place.do("parse", "crop", "stats", "split")
    return place


@pytest.fixture
def divided(divided_once, tmp_path):
    """A copy of it, to be changed freely."""
    return Workplace(shutil.copytree(divided_once.folder, tmp_path / "divided"))


@pytest.fixture(scope="session")
def evaluated_once(divided_once, tmp_path_factory):
    """A workplace with a small model and its figures, once for all tests."""
    folder = tmp_path_factory.mktemp("evaluated") / "workplace"
    place = Workplace(shutil.copytree(divided_once.folder, folder))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place.folder)
        place.do("train", "locate", "evaluate")
    return place


@pytest.fixture
def evaluated(evaluated_once, tmp_path, monkeypatch):
    """A copy of it, the current folder."""
    monkeypatch.chdir(shutil.copytree(evaluated_once.folder, tmp_path / "workplace"))
    return Workplace(tmp_path / "workplace")


@pytest.fixture(scope="session")
def repo(tmp_path_factory):
    """A repository in which 20 photos were drawn, the pipeline run, and the result committed.

    For reading only: one for all workers, made by the first that comes to it.
    """
    top = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        top = top.parent
    with FileLock(top / "repo.lock"):
        if not (top / "repo").exists():
            folder = copy_checkout(tmp_path_factory.mktemp("repo"))
            sample(folder / "raw", photos=20, seed=3)
            shell(folder, "dvc", "repro")
            shell(folder, "git", "add", ".")
            shell(folder, "git", "commit", "-qm", "20 photos")
            folder.rename(top / "repo")
    return top / "repo"


@pytest.fixture
def clone(repo, tmp_path):
    """A copy of that repository, to be changed freely."""
    return Path(shutil.copytree(repo, tmp_path / "clone", symlinks=True))
