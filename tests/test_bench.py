"""The training that ours is measured against is the same mathematics, and is timed honestly."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.testing import assert_close

from bench import guidebook
from bench.accuracy import seconds_to, whole_seconds
from bench.loops import guidebook_files, our_params
from pipeline.contracts import write_list
from pipeline.images.digits import labels_of, load_digits
from pipeline.learning.hardware import pick_hardware
from pipeline.learning.inputs import Digits, Normalisation
from pipeline.learning.loop import train
from pipeline.learning.networks import build

MEAN, STD = [0.8, 0.4, 0.5], [0.2, 0.3, 0.25]


@pytest.fixture
def files(workplace):
    """Twenty digit images of noise, and the statistics that the guidebook's loop reads."""
    names = [f"{i % 10}/{i}.png" for i in range(20)]
    # Seeded: on one noise in sixty, two ways to add up a step round apart by more than is allowed.
    chance = np.random.default_rng(0)
    for name in names:
        path = workplace.digits / name
        path.parent.mkdir(parents=True, exist_ok=True)
        noise = chance.normal(128, 90, (16, 16)).clip(0, 255).astype(np.uint8)
        Image.fromarray(noise).convert("RGB").save(path)
    stats = {
        figure: dict(zip(("red", "green", "blue"), values, strict=True))
        for figure, values in (("mean", MEAN), ("std", STD))
    }
    Path("data/stats.json").write_text(json.dumps(stats))
    write_list(Path("data/train_data.txt"), names)
    return names


def test_a_step_of_the_recipe_is_the_guidebooks(files):
    """The same weights after a batch, from image files in its loop and from one array in ours."""
    torch.manual_seed(0)
    network = build("resnet8", 10)
    theirs = build("resnet8", 10)
    theirs.load_state_dict(network.state_dict())
    digits = guidebook_files(files, side=16)
    list(guidebook.train(theirs, digits, digits, guidebook.Recipe(side=16, epochs=1), stop=1))

    params = our_params(recipe=True, input_size=16, epochs=1, model="resnet8", device="cpu")
    images = torch.from_numpy(load_digits(Path("data/digits"), files, 16))
    ours = Digits(images, torch.from_numpy(labels_of(files)))
    cpu = pick_hardware("cpu", params.precision)
    list(train(network, ours, ours, Normalisation.of(MEAN, STD, cpu.device), params, cpu))
    for name, weight in network.named_parameters():
        assert_close(weight, theirs.get_parameter(name), rtol=1e-3, atol=1e-4, msg=name)


def test_seconds_until_an_accuracy_holds():
    """From the epoch after which there is no more error than that, not the first lucky one."""
    run = {"seconds": [1.0, 2.0, 3.0, 4.0], "errors": [9, 2, 5, 3]}
    assert seconds_to(5, run) == 2.0
    assert seconds_to(3, run) == 4.0
    assert seconds_to(2, run) == float("inf")


def test_seconds_of_all_epochs_from_a_few():
    """A hundred times the median epoch, training and validation; or the sum of all that ran."""
    few = {"train_seconds": [9.0, 3.0, 4.0], "valid_seconds": [1.0, 1.0, 1.0]}
    assert whole_seconds(few) == 500
    assert whole_seconds({"train_seconds": [2.0] * 100, "valid_seconds": [1.0] * 100}) == 300
