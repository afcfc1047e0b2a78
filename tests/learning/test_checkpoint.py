"""The model file: whole, repeatable, and harmless to open."""

from __future__ import annotations

import lzma
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers import TRAIN, write
from hypothesis import given
from hypothesis import strategies as st

from pipeline.learning.checkpoint import (
    Checkpoint,
    decode_checkpoint,
    load_checkpoint,
    save_checkpoint,
    start_from,
)
from pipeline.learning.digit_reader import predict
from pipeline.learning.hardware import pick_hardware
from pipeline.learning.networks import build
from pipeline.runtime.errors import UserError

# torch warns of a pickle protocol that is not its own before it refuses the file.
pytestmark = pytest.mark.filterwarnings("ignore:Detected pickle protocol")


DATA = Path(__file__).parent / "data"
CPU = pick_hardware("cpu", "fp32")


def make_checkpoint(seed=0):
    return Checkpoint(
        model="resnet8",
        classes=list("0123456789"),
        input_size=48,
        mean=[0.1, 0.2, 0.3],
        std=[0.4, 0.5, 0.6],
        params={"crop": {"margin": 0.1, "format": "jpg"}, "train": TRAIN.model_dump()},
        lists_md5={"train": "a" * 32, "valid": "b" * 32},
        state=build("resnet8", 10, seed).state_dict(),
    )


class Bomb:
    """What runs a command when it is unpickled."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return Path.touch, (self.mark,)


def test_a_checkpoint_comes_back_as_it_was_saved(tmp_path):
    """Every value is as it was, and every weight to the last bit."""
    saved = make_checkpoint()
    save_checkpoint(tmp_path / "models/digits.pt", saved)
    loaded = load_checkpoint(tmp_path / "models/digits.pt")
    assert replace(loaded, state={}) == replace(saved, state={})
    assert loaded.state.keys() == saved.state.keys()
    assert all(torch.equal(value, saved.state[name]) for name, value in loaded.state.items())


def test_its_reader_answers_as_the_trained_network():
    """Weights, batch norm averages, and the normalisation of its images are the trained one's."""
    trained = build("resnet8", 10, seed=0)
    trained(torch.randn(8, 3, 16, 16))
    images = torch.rand(2, 3, 16, 16)
    mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in ([0.1, 0.2, 0.3], [0.4, 0.5, 0.6]))
    reader = replace(make_checkpoint(), state=trained.state_dict()).reader().eval()
    torch.testing.assert_close(reader(images), trained.eval()((images - mean) / std))


def test_a_file_of_version_1_is_read_as_it_was_then():
    """The file and its logits were written by the code that had its own residual blocks."""
    content = lzma.decompress((DATA / "version_1.pt.xz").read_bytes())
    checkpoint = decode_checkpoint(content, "version_1.pt")
    small = np.random.default_rng(1).integers(0, 256, (4, 4, 4, 3), dtype=np.uint8)
    images = torch.from_numpy(small.repeat(4, axis=1).repeat(4, axis=2))
    logits = predict(checkpoint.reader(), images, CPU)
    assert logits.numpy() == pytest.approx(np.loadtxt(DATA / "version_1_logits.txt"), abs=1e-5)


def test_a_file_of_version_1_is_saved_as_todays(tmp_path):
    """What belongs to the machine is gone from its parameters, and it comes back as it was."""
    content = lzma.decompress((DATA / "version_1.pt.xz").read_bytes())
    checkpoint = decode_checkpoint(content, "version_1.pt")
    assert not {"device", "launcher", "progressive"} & checkpoint.params["train"].keys()
    save_checkpoint(tmp_path / "digits.pt", checkpoint)
    again = load_checkpoint(tmp_path / "digits.pt")
    assert replace(again, state={}) == replace(checkpoint, state={})
    assert all(torch.equal(value, again.state[name]) for name, value in checkpoint.state.items())


def test_a_file_of_a_newer_version_is_refused(tmp_path):
    """The message says that the file is newer, not that it is damaged."""
    torch.save({"version": 3, **vars(make_checkpoint())}, tmp_path / "digits.pt")
    with pytest.raises(UserError, match=r"digits\.pt .*written by a newer version"):
        load_checkpoint(tmp_path / "digits.pt")


def test_training_can_start_from_a_checkpoint(tmp_path):
    """The network has its weights, to the last bit."""
    saved = make_checkpoint(seed=1)
    save_checkpoint(tmp_path / "digits.pt", saved)
    network = build("resnet8", 10, seed=0)
    start_from(network, "resnet8", str(tmp_path / "digits.pt"))
    assert all(torch.equal(v, saved.state[name]) for name, v in network.state_dict().items())


def test_equal_models_are_equal_bytes(tmp_path):
    """Whatever the file is called, DVC sees no change where there is none."""
    save_checkpoint(tmp_path / "a.pt", make_checkpoint())
    save_checkpoint(tmp_path / "another.pt", make_checkpoint())
    assert (tmp_path / "a.pt").read_bytes() == (tmp_path / "another.pt").read_bytes()


def test_other_weights_are_other_bytes(tmp_path):
    """DVC so sees a change where there is one."""
    save_checkpoint(tmp_path / "a.pt", make_checkpoint())
    save_checkpoint(tmp_path / "b.pt", make_checkpoint(seed=1))
    assert (tmp_path / "a.pt").read_bytes() != (tmp_path / "b.pt").read_bytes()


def test_a_file_with_code_runs_none_of_it(tmp_path):
    """It runs neither as torch writes it nor as a bare pickle."""
    mark = tmp_path / "ran"
    torch.save({"model": Bomb(mark)}, tmp_path / "torch.pt")
    write(tmp_path / "bare.pt", pickle.dumps(Bomb(mark)))
    for name in ("torch.pt", "bare.pt"):
        with pytest.raises(UserError, match=name):
            load_checkpoint(tmp_path / name)
    assert not mark.exists()


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda content: b"", id="empty"),
        pytest.param(lambda content: content[: len(content) // 2], id="half"),
        pytest.param(lambda content: content[:-1], id="last byte lost"),
        pytest.param(lambda content: content[:3], id="three bytes"),
        pytest.param(lambda content: b"\xff\xd8\xff\xe0 a photo", id="photo"),
        pytest.param(lambda content: b"<html>not found</html>", id="HTML"),
        pytest.param(lambda content: b"PK\x03\x04" + bytes(100), id="zip"),
        pytest.param(lambda content: b"PK\x05\x06" + bytes(18), id="empty zip"),
        pytest.param(lambda content: pickle.dumps({"model": "resnet8"}), id="pickle"),
    ],
)
def test_a_damaged_or_foreign_file_is_told_so(tmp_path, damage):
    """There is one message with the file's name, on one line."""
    save_checkpoint(tmp_path / "digits.pt", make_checkpoint())
    path = write(tmp_path / "digits.pt", damage((tmp_path / "digits.pt").read_bytes()))
    with pytest.raises(UserError, match=r"digits\.pt is not a model of this pipeline") as error:
        load_checkpoint(path)
    assert "\n" not in str(error.value)
    assert "weights_only" not in str(error.value)


@pytest.mark.parametrize(
    "change",
    [
        {"model": "resnet9"},
        {"model": ["resnet8"]},
        {"model": "resnet14"},
        {"classes": list("012")},
        {"classes": None},
        {"state": {}},
        {"state": None},
        {"state": [1]},
        {"state": {"head.weight": "x"}},
        {"extra": 1},
        {"version": "two"},
        {"version": None},
    ],
    ids=str,
)
def test_values_that_make_no_model_are_refused(tmp_path, change):
    """They may come from another project, or from an edit by hand."""
    torch.save({"version": 2, **vars(make_checkpoint())} | change, tmp_path / "digits.pt")
    with pytest.raises(UserError, match="is not a model of this pipeline"):
        load_checkpoint(tmp_path / "digits.pt")


@pytest.mark.parametrize("content", [[1, 2], "text", 5, {"model": "resnet8"}, {1: 2}], ids=str)
def test_other_content_is_refused(tmp_path, content):
    """A torch file may hold anything but a checkpoint."""
    torch.save(content, tmp_path / "digits.pt")
    with pytest.raises(UserError, match="is not a model of this pipeline"):
        load_checkpoint(tmp_path / "digits.pt")


def test_a_missing_file_says_what_to_run(tmp_path):
    """The model comes from `dvc repro` or `dvc pull`."""
    with pytest.raises(UserError, match=r"digits\.pt is missing: run `dvc repro`"):
        load_checkpoint(tmp_path / "digits.pt")


@given(content=st.binary(max_size=120))
def test_any_bytes_are_refused(tmp_path, content):
    """Whatever the file holds, there is a message and no crash."""
    with pytest.raises(UserError):
        load_checkpoint(write(tmp_path / "digits.pt", content))


@given(content=st.binary(min_size=1, max_size=60))
def test_any_pickle_like_bytes_are_refused(tmp_path, content):
    """Bytes that begin as a pickle does are no pickle to load."""
    with pytest.raises(UserError):
        load_checkpoint(write(tmp_path / "digits.pt", b"\x80\x02" + content))


@pytest.mark.parametrize(
    "change",
    [
        {"input_size": 100_000}, {"input_size": "32"}, {"mean": [float("nan")] * 3},
        {"mean": [0.1]}, {"std": [2.0, 0.1, 0.1]},
        {"classes": ["<b>0</b>", "1"]}, {"classes": ["0"]},
        {"lists_md5": {"train": "<script>", "valid": "b" * 32}}, {"lists_md5": {}},
        {"params": {"crop": {"margin": -1.0, "format": "jpg"}, "train": TRAIN.model_dump()}},
        {"params": {"crop": {"margin": 0.1, "format": "jpg"}, "train": {"lr": "<b>"}}},
        {"params": {}}, {"model": "resnet9"},
        {"state": {"head.bias": torch.full((10,), float("inf"))}},
    ],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_what_no_training_writes_is_no_model(tmp_path, change):
    """A stranger's file is held to what params.yaml allows, before anything relies on it."""
    save_checkpoint(tmp_path / "a.pt", replace(make_checkpoint(), **change))
    with pytest.raises(UserError, match="not a model of this pipeline"):
        load_checkpoint(tmp_path / "a.pt")
