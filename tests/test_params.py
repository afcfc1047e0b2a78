"""params.yaml: what it may hold, and what is said where it holds something else."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from helpers import ROOT, write
from pydantic import ValidationError

from pipeline.params import load_params
from pipeline.runtime.errors import UserError

TEXT = (ROOT / "params.yaml").read_text(encoding="utf-8")


def load(tmp_path, **values):
    """Parameters as in the repository, with some changed; None takes a key away."""
    tree = yaml.safe_load(TEXT)
    for key, value in values.items():
        *sections, name = key.split("__")
        section = tree
        for part in sections:
            section = section[part]
        section.pop(name, None)
        if value is not None:
            section[name] = value
    return load_params(write(tmp_path / "params.yaml", yaml.safe_dump(tree)))


def test_the_projects_own_file_is_right():
    """Every key is known, none is missing, and every value is allowed."""
    assert load_params(ROOT / "params.yaml").train.epochs >= 1


# What is wrong, in words: the change, and what the message must hold.
WRONG = {
    "unknown": ({"train__epoch": 5}, ["train.epoch ", "did you mean epochs?"]),
    "unknown section": ({"trian": {}}, ["trian ", "did you mean train?"]),
    "nested": ({"train__augment__shfit": 0.1}, ["train.augment.shfit ", "mean shift?"]),
    "missing": ({"crop__margin": None}, ["crop.margin is missing"]),
    "missing section": ({"split": None}, ["split is missing"]),
    "model": (
        {"train__model": "resnet9"},
        ["train.model is 'resnet9'", "'resnet8'", "'resnet152'"],
    ),
    "format": ({"crop__format": "gif"}, ["crop.format is 'gif'", "'jpg' or 'png'"]),
    "by": ({"split__by": "pixel"}, ["split.by", "'photo' or 'digit'"]),
    "text for number": ({"train__lr": "0.1"}, ["train.lr is '0.1'", "number"]),
    "true for number": ({"train__lr": True}, ["train.lr is True", "number"]),
    "fraction": ({"train__epochs": 2.5}, ["train.epochs is 2.5: it must be a whole number"]),
    "too small": ({"train__epochs": 0}, ["train.epochs is 0: it must be 1 or more"]),
    "zero rate": ({"train__lr": 0}, ["train.lr is 0: it must be above 0"]),
    "infinite": ({"train__lr": float("inf")}, ["train.lr is inf: it must be a finite number"]),
    "no number": ({"train__lr": float("nan")}, ["train.lr is nan"]),
    "momentum": ({"train__momentum": 1}, ["train.momentum is 1: it must be below 1"]),
    "small input": ({"train__input_size": 15}, ["train.input_size is 15", "16"]),
    "large input": (
        {"train__input_size": 257},
        ["train.input_size is 257: it must be 256 or less"],
    ),
    "negative seed": ({"train__seed": -1}, ["train.seed is -1"]),
    "scale": ({"train__augment__scale": 1}, ["train.augment.scale is 1"]),
    "no validation": ({"split__validation": 0}, ["split.validation is 0"]),
    "all validation": ({"split__validation": 1.0}, ["split.validation is 1.0"]),
    "negative margin": ({"crop__margin": -0.1}, ["crop.margin is -0.1"]),
    "digit unquoted": ({"parse__labels": {"seven": 7}}, ["parse.labels.seven is 7", "in quotes"]),
    "two digits": ({"parse__labels": {"ten": "10"}}, ["labels.ten is '10'", 'allowed: "0" to "9"']),
    "launcher": (
        {"machine__launcher": "mpirun -n 2"},
        ["machine.launcher is 'mpirun -n 2'; allowed: python, or torchrun and its options"],
    ),
    "no thread": ({"machine__threads": 0}, ["machine.threads is 0"]),
    "device": ({"machine__device": "gpu"}, ["machine.device is 'gpu'", "'auto', 'cpu' or 'cuda'"]),
    "one fold": ({"audit__folds": 1}, ["audit.folds is 1", "2"]),
    "audit's model": ({"audit__model": "resnet9"}, ["audit.model is 'resnet9'", "'resnet8'"]),
    "no list": ({"parse__ignore": "kWh"}, ["parse.ignore is 'kWh': it must be a list"]),
    "no truth": ({"train__deterministic": "yes"}, ["deterministic is 'yes': it must be true or"]),
    "no section": ({"train": 5}, ["train is 5: it must be keys with values"]),
}
MOVED = {
    "crop.cluster": "tcp://host:8786", "train.device": "cpu", "train.launcher": "python",
    "train.max_memory": 2.0, "train.compile": True,
}  # fmt: skip


@pytest.mark.parametrize(("values", "told"), WRONG.values(), ids=WRONG)
def test_a_wrong_value_is_told_by_file_key_and_what_is_allowed(tmp_path, values, told):
    """That is enough to mend it without reading our code."""
    with pytest.raises(UserError) as error:
        load(tmp_path, **values)
    message = str(error.value)
    assert message.startswith(str(tmp_path / "params.yaml"))
    assert all(part in message for part in told)
    assert "\n" not in message


@pytest.mark.parametrize("key", MOVED)
def test_a_key_that_has_moved_says_where_it_is(tmp_path, key):
    """An older params.yaml has what belongs to the machine in other sections."""
    name = key.partition(".")[2]
    with pytest.raises(UserError, match=f"{key} is machine.{name} now: move it in params.yaml"):
        load(tmp_path, **{key.replace(".", "__"): MOVED[key]})


@pytest.mark.parametrize(
    "launcher",
    [
        "python",
        "torchrun --standalone --nproc-per-node 2",
        "torchrun --nproc-per-node=gpu",
        "torchrun --nnodes 2 --node-rank 0 --nproc-per-node 1 --master-addr 10.0.0.5 "
        "--master-port 29500",
        "torchrun --nnodes=2 --rdzv-backend=c10d --rdzv-endpoint=host:29400 --rdzv-id=7 "
        "--nproc-per-node=2 --max-restarts=1",
    ],
)
def test_a_launcher_says_how_many_processes_and_where(tmp_path, launcher):
    """All that torchrun needs for one machine and for several is allowed."""
    assert load(tmp_path, machine__launcher=launcher).machine.launcher == launcher


@pytest.mark.parametrize(
    "launcher",
    [
        "torchrun",
        "torchrun ",
        "torchrun -m os",
        "torchrun --standalone evil.py",
        "torchrun --standalone; rm -rf .",
        "torchrun --standalone && rm -rf .",
        "torchrun --nproc-per-node $(rm -rf .)",
        "torchrun --nproc-per-node 2 --no-python",
        "torchrun --run-path",
        "torchrun --standalone --log-dir ..",
        "torchrun --nproc-per-node 2\n",
        "python -c 1",
        "python; rm -rf .",
        "/usr/bin/python",
        "",
    ],
)
def test_a_launcher_runs_nothing_but_the_training(tmp_path, launcher):
    """A params.yaml from elsewhere, as by `git pull`, can start no program of its own."""
    with pytest.raises(UserError, match=r"machine\.launcher is .*allowed: python, or torchrun"):
        load(tmp_path, machine__launcher=launcher)


def test_the_judges_of_an_audit_know_no_label_they_judge(tmp_path):
    """They start from nothing and keep the last epoch, whatever `train` says; seeds count up."""
    params = load(
        tmp_path, train__init="a.pt", train__keep="best", train__patience=5, train__seed=7,
        train__optimizer="sgd", audit__repeats=2, audit__strength=0.5, audit__lr=0.01,
    )  # fmt: skip
    rounds = params.audit.rounds(params.train)
    assert [its.seed for its in rounds] == [7, 8]
    for its in rounds:
        assert (its.init, its.keep, its.patience) == (None, "last", 0)
        assert (its.optimizer, its.lr, its.augment.strength) == ("adam", 0.01, 0.5)
        assert its.augment.shift == params.train.augment.shift
        assert its.batch_size == params.train.batch_size


def test_all_that_is_wrong_is_told_at_once(tmp_path):
    """There is one line for each."""
    with pytest.raises(UserError) as error:
        load(tmp_path, train__lr=-1, crop__format="gif", split__sed=0)
    assert len(str(error.value).splitlines()) == 3


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("train: [", id="unclosed"),
        pytest.param("\ttrain: 5", id="tab"),
        pytest.param(TEXT.encode("utf-16"), id="UTF-16"),
        pytest.param(b"\xff\xfe\xfa", id="bytes"),
        pytest.param("a: !!python/object/apply:os.getcwd []", id="code"),
        pytest.param("a: 2001-99-99", id="impossible date"),
        pytest.param("", id="empty"),
        pytest.param("- 1\n- 2\n", id="list"),
        pytest.param("5", id="number"),
    ],
)
def test_a_broken_file_is_told_by_its_name(tmp_path, content):
    """Whatever is in it, there is a message and no traceback."""
    path = write(tmp_path / "params.yaml", content)
    with pytest.raises(UserError, match=r"params\.yaml"):
        load_params(path)


def test_a_missing_file_is_told(workplace):
    """Most likely the command runs in another folder."""
    Path("params.yaml").unlink()
    with pytest.raises(UserError, match=r"params\.yaml is missing.*folder"):
        load_params()


def test_notepads_byte_order_mark_is_no_error(tmp_path):
    """Windows' editor puts one in front."""
    path = write(tmp_path / "params.yaml", b"\xef\xbb\xbf" + TEXT.encode())
    assert load_params(path) == load_params(ROOT / "params.yaml")


def test_a_whole_number_is_a_number(tmp_path):
    """A rate of `1` is 1.0."""
    assert load(tmp_path, train__lr=1).train.lr == 1.0


@pytest.mark.parametrize(
    ("section", "key"),
    [("train", "lr"), ("crop", "margin"), ("split", "seed"), ("parse", "ignore")],
)
def test_a_stage_cannot_change_what_it_was_given(tmp_path, section, key):
    """What was recorded is so what was used."""
    with pytest.raises(ValidationError):
        setattr(getattr(load(tmp_path), section), key, 0)
