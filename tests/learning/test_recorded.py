"""On a GPU steps are recorded and replayed, which changes nothing but their speed."""

from __future__ import annotations

import pytest
import torch
from helpers import TRAIN

from pipeline.learning.digit_reader import ChannelNorm, DigitReader
from pipeline.learning.hardware import pick_hardware
from pipeline.learning.inputs import Digits
from pipeline.learning.loop import train
from pipeline.learning.networks import build
from pipeline.learning.resume import Unfinished
from pipeline.learning.run import Run

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")

AUGMENT = TRAIN.augment.model_copy(update={"shift": 0.1, "blur": 0.5, "color": 0.5, "invert": 0.2})


def digits(on_gpu=True):
    """190 digits of noise: five whole batches of 32 and one of 30."""
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (190, 16, 16, 3), generator=generator, dtype=torch.uint8)
    classes = (torch.arange(190) % 10).cuda()
    return Digits(images.cuda() if on_gpu else images, classes)


def run(its, unfinished=None, stop=None, **changes):
    """A network's weights after three epochs, or after as many as `stop` says; and its epochs."""
    hardware = pick_hardware("cuda", "bf16")
    hardware.configure(deterministic=True)
    reader = DigitReader(build("resnet8", 10, seed=0), ChannelNorm([0.5] * 3, [0.3] * 3))
    params = TRAIN.model_copy(update={"epochs": 3, "lr": 0.01, "augment": AUGMENT} | changes)
    epochs = []
    for epoch in train(reader, its, its, Run(params, hardware, unfinished=unfinished)):
        epochs.append(epoch)
        if len(epochs) == stop:
            break
    return {name: value.cpu() for name, value in reader.state_dict().items()}, epochs


def figures(epochs):
    return [(its.train_loss, its.train_accuracy, its.valid_loss) for its in epochs]


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
@pytest.mark.parametrize("accumulate", [1, 3])
def test_recorded_steps_are_those_that_were_launched(optimizer, accumulate):
    """Images that the GPU does not hold are learnt from step by step, with the same result."""
    changes = {"optimizer": optimizer, "accumulate": accumulate}
    (recorded, its), (launched, others) = (run(digits(on), **changes) for on in (True, False))
    assert figures(its) == figures(others)
    assert all(torch.equal(value, launched[name]) for name, value in recorded.items())


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_a_stopped_run_ends_as_an_undisturbed_one(tmp_path, optimizer):
    """The state of the optimizer is taken up on the GPU, where a recorded step finds it."""
    kept = Unfinished(tmp_path / "state.pt", [b"test"])
    run(digits(), kept, stop=2, optimizer=optimizer)
    again, its = run(digits(), kept, optimizer=optimizer)
    undisturbed, others = run(digits(), optimizer=optimizer)
    assert figures(its) == figures(others)
    assert all(torch.equal(value, undisturbed[name]) for name, value in again.items())
