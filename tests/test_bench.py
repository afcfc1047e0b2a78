"""The training that ours is measured against is the same mathematics, and is timed honestly."""

from __future__ import annotations

import json

import numpy as np
import pytest
from helpers import MACHINE
from PIL import Image
from torch.testing import assert_close

from bench import guidebook
from bench.accuracy import seconds_to, whole_seconds
from bench.loops import guidebook_files, our_params
from pipeline.contracts import CHANNELS, LISTS, STATS, read_stats, write_list
from pipeline.learning.digit_reader import ChannelNorm, DigitReader
from pipeline.learning.hardware import pick_hardware
from pipeline.learning.inputs import Digits
from pipeline.learning.loop import train
from pipeline.learning.networks import build
from pipeline.learning.run import Run

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
        figure: dict(zip(CHANNELS, values, strict=True))
        for figure, values in (("mean", MEAN), ("std", STD))
    }
    STATS.write_text(json.dumps(stats))
    write_list(LISTS["train"], names)
    return names


def test_a_step_of_the_recipe_is_the_guidebooks(files):
    """The weights are the same after a batch, from files in its loop and an array in ours."""
    network, theirs = (build("resnet8", 10, seed=0) for _ in range(2))
    digits = guidebook_files(files, side=16)
    list(guidebook.train(theirs, digits, digits, guidebook.Recipe(side=16, epochs=1), stop=1))

    params = our_params(recipe=True, input_size=16, epochs=1, model="resnet8")
    cpu = pick_hardware("cpu", params.precision)
    ours = Digits.load(files, 16, cpu, MACHINE)
    reader = DigitReader(network, ChannelNorm(*read_stats()))
    list(train(reader, ours, ours, Run(params, cpu)))
    for name, weight in network.named_parameters():
        assert_close(weight, theirs.get_parameter(name), rtol=1e-3, atol=1e-4, msg=name)


def test_seconds_until_an_accuracy_holds():
    """It holds from the epoch after which there are no more errors, not the first lucky one."""
    run = {"seconds": [1.0, 2.0, 3.0, 4.0], "errors": [9, 2, 5, 3]}
    assert seconds_to(5, run) == 2.0
    assert seconds_to(3, run) == 4.0
    assert seconds_to(2, run) == float("inf")


def test_seconds_of_all_epochs_from_a_few():
    """They are a hundred times the median epoch, or the sum where all of them ran."""
    few = {"train_seconds": [9.0, 3.0, 4.0], "valid_seconds": [1.0, 1.0, 1.0]}
    assert whole_seconds(few) == 500
    assert whole_seconds({"train_seconds": [2.0] * 100, "valid_seconds": [1.0] * 100}) == 300
