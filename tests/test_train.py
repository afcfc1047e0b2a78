"""Stage 5 as a command: two lists and the digits to a model and its history."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from helpers import command_environment, contents, write

from pipeline.contracts import HISTORY
from pipeline.learning.checkpoint import load_checkpoint
from pipeline.runtime.errors import UserError
from pipeline.runtime.files import md5


@pytest.fixture
def workplace(divided, monkeypatch):
    """A workplace that has come to the lists; the current folder."""
    monkeypatch.chdir(divided.folder)
    return divided


@pytest.mark.slow
def test_the_command_trains_a_model_and_says_how(workplace):
    """The process tells a line an epoch, and writes history.csv and digits.pt."""
    result = workplace.run("train")
    assert result.returncode == 0, result.stderr
    assert "resnet8 on the CPU" in result.stderr
    assert result.stderr.count("Epoch: ") == 2
    history = HISTORY.read_frame()
    assert list(history["epoch"]) == [1, 2]
    assert history["train_loss"].gt(0).all()
    assert history[["train_accuracy", "valid_accuracy"]].stack().between(0, 1).all()
    assert load_checkpoint().model == "resnet8"


def test_the_model_knows_where_it_is_from(workplace):
    """It has all that is needed to use it, and the lists it was trained on."""
    workplace.do("train")
    checkpoint = load_checkpoint()
    stats = json.loads(Path("data/stats.json").read_text())
    assert checkpoint.classes == list("0123456789")
    assert checkpoint.input_size == 16
    assert checkpoint.mean == [stats["mean"][name] for name in ("red", "green", "blue")]
    assert checkpoint.std == [stats["std"][name] for name in ("red", "green", "blue")]
    assert checkpoint.params["crop"] == {"margin": 0.1, "format": "jpg"}
    assert checkpoint.params["train"]["lr"] == 0.05
    assert checkpoint.lists_md5 == {
        side: md5(Path(f"data/{side}_data.txt").read_bytes()) for side in ("train", "valid")
    }


def test_the_same_seed_gives_the_same_weights(workplace):
    """Every weight is the same to the bit; another seed gives others."""
    models = []
    for seed in (3, 3, 4):
        workplace.set(train__seed=seed, train__epochs=1)
        workplace.do("train")
        models.append(load_checkpoint().state)
    assert all(torch.equal(value, models[1][name]) for name, value in models[0].items())
    assert not torch.equal(models[0]["head.weight"], models[2]["head.weight"])


@pytest.mark.slow
def test_the_network_and_its_precision_are_the_parameters(workplace):
    """The log names both, and the model is of the network that was asked for."""
    workplace.set(train__model="resnet14", train__epochs=1, train__precision="bf16")
    printed = workplace.run("train").stderr
    assert re.search(r"resnet14 on the CPU, .*, bf16: \d+ digits", printed)
    assert load_checkpoint().model == "resnet14"


def test_what_belongs_to_the_machine_is_not_in_the_model(workplace):
    """The same recipe on another machine is the same file, as far as its figures go."""
    models = []
    for memory in (None, 1.0):
        workplace.set(machine__max_memory=memory, train__epochs=1)
        workplace.do("train")
        models.append(load_checkpoint().params)
    assert models[0] == models[1]
    assert models[0].keys() == {"crop", "train"}


@pytest.mark.parametrize("side", ["train", "valid"])
def test_an_empty_list_is_told(workplace, side):
    """The message says what to change."""
    write(workplace.folder / f"data/{side}_data.txt", "")
    with pytest.raises(UserError, match=rf"{side}_data\.txt is empty: .*split\.validation"):
        workplace.do("train")


@pytest.mark.parametrize("file", ["data/train_data.txt", "data/valid_data.txt", "data/stats.json"])
def test_a_missing_input_is_told(workplace, file):
    """The message says what to run, as its stage has not run."""
    (workplace.folder / file).unlink()
    with pytest.raises(UserError, match=rf"{file} is missing: run `dvc repro`"):
        workplace.do("train")


def test_a_missing_digit_is_told_and_leaves_the_old_model(workplace):
    """Nothing is written before all is well."""
    write(workplace.folder / "models/digits.pt", "old")
    next(workplace.digits.rglob("*.jpg")).unlink()
    with pytest.raises(UserError, match="cannot be read"):
        workplace.do("train")
    left = contents(workplace.folder / "models")
    assert {name: its for name, its in left.items() if "/" not in name} == {"digits.pt": b"old"}
    assert not (workplace.folder / "reports").exists()


def test_training_starts_from_an_earlier_model(workplace):
    """Its weights stay to the last bit where the rate is too small to move them."""
    workplace.do("train")
    earlier = Path("models/digits.pt").rename("earlier.pt")
    workplace.set(train__init="earlier.pt", train__epochs=1, train__lr=1e-30, train__seed=9)
    workplace.do("train")
    weights = load_checkpoint().state
    before = load_checkpoint(earlier).state
    assert torch.equal(weights["head.weight"], before["head.weight"])


def test_a_start_of_another_network_is_told(workplace):
    """The message says what to set."""
    workplace.do("train")
    Path("models/digits.pt").rename("earlier.pt")
    workplace.set(train__init="earlier.pt", train__model="resnet14")
    with pytest.raises(UserError, match=r"earlier\.pt is a resnet8, .*: set train\.model: resnet8"):
        workplace.do("train")


def test_a_start_that_is_missing_is_told(workplace):
    """The message has the reason that is likeliest under DVC."""
    workplace.set(train__init="models/digits.pt")
    with pytest.raises(UserError, match=r"train\.init: models.digits\.pt is missing .*copy it"):
        workplace.do("train")


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="a process's memory is limited in POSIX's way")
def test_too_little_memory_is_told(workplace):
    """A process with too little for one step of the largest network has no traceback."""
    workplace.set(train__model="resnet152", train__input_size=256, train__batch_size=64)
    script = (
        "import resource; from pipeline import train; from pipeline.runtime.command import run\n"
        "resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30)); run(train.main)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=workplace.folder,
        env=command_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "out of memory in a step of resnet152: set train.accumulate: 2" in done.stderr
    assert "Traceback" not in done.stderr


def test_digits_mapped_from_a_file_train_the_same_model(workplace):
    """Every weight is the same to the bit, and no file is left."""
    left = {"params.yaml", "raw", "data", "models", "reports", ".dvc"}
    states = []
    for limit in (None, 1e-6):
        workplace.set(machine__max_memory=limit)
        workplace.do("train")
        assert {path.name for path in Path().iterdir()} == left
        states.append(load_checkpoint().state)
    assert all(torch.equal(value, states[1][name]) for name, value in states[0].items())
