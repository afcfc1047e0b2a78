"""The one module that reads digits: it normalises by itself, and predicts in any batch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.testing import assert_close

from pipeline.learning.checkpoint import Checkpoint
from pipeline.learning.digit_reader import ChannelNorm, DigitReader, classify, predict, to_unit
from pipeline.learning.hardware import pick_hardware
from pipeline.learning.networks import build

CPU = pick_hardware("cpu", "fp32")
MEAN, STD = [0.1, 0.2, 0.3], [0.4, 0.5, 0.6]


def make_reader(seed=0):
    return DigitReader(build("resnet8", 10, seed), ChannelNorm(MEAN, STD))


def random_images(count, size=16):
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (count, size, size, 3), generator=generator, dtype=torch.uint8)


def test_bytes_and_values_of_one_image_are_read_alike():
    """A library gives bytes, height by width by colour; training gives values from 0 to 1."""
    reader, images = make_reader().eval(), random_images(3)
    values = images.permute(0, 3, 1, 2).float() / 255
    assert_close(reader(images), reader(values))


def test_values_go_from_0_to_1_and_colours_come_first():
    """A red pixel is (1, 0, 0) in the first, second and third plane."""
    red = torch.tensor([[[[255, 0, 0]]]], dtype=torch.uint8)
    assert to_unit(red).flatten().tolist() == [1, 0, 0]


def test_normalisation_gives_mean_0_and_deviation_1():
    """Each channel of a data set is normalised by its own mean and deviation."""
    images = torch.rand(8, 3, 16, 16) * torch.tensor([0.2, 0.5, 1.0]).view(1, 3, 1, 1)
    mean, std = images.mean((0, 2, 3)), images.std((0, 2, 3))
    normal = ChannelNorm(mean.tolist(), std.tolist())(images)
    assert_close(normal.mean((0, 2, 3)), torch.zeros(3), atol=1e-5, rtol=0)
    assert_close(normal.std((0, 2, 3)), torch.ones(3))


def test_a_channel_that_never_varies_is_not_divided_by_zero():
    """A display may show no blue at all."""
    normal = ChannelNorm([0.5, 0.5, 0.0], [0.1, 0.1, 0.0])
    assert normal(torch.zeros(1, 3, 2, 2)).isfinite().all()


def test_each_image_by_itself_loses_its_light():
    """Contrast, brightness and a colour cast make no difference; a flat image gives no NaN."""
    reader = DigitReader(build("resnet8", 10, seed=0), nn.InstanceNorm2d(3)).eval()
    images = torch.rand(8, 3, 16, 16)
    gain, light = torch.rand(8, 3, 1, 1) + 0.5, torch.rand(8, 3, 1, 1)
    assert_close(reader(images * gain + light), reader(images), atol=1e-2, rtol=0)
    assert reader(torch.ones(2, 3, 16, 16)).isfinite().all()


def test_mean_and_deviation_go_where_the_reader_goes():
    """They are buffers, so that a reader is moved, saved and exported whole."""
    assert {"normalise.mean", "normalise.std"} <= make_reader().state_dict().keys()


@pytest.mark.parametrize("count", [1, 255, 256, 257, 600])
def test_every_digit_is_predicted_in_order(count):
    """The order is kept also across the batches that memory asks for."""
    reader, images = make_reader(), random_images(count)
    logits = predict(reader, images, CPU)
    assert logits.shape == (count, 10)
    some = sorted({0, count // 2, count - 1})
    alone = torch.cat([predict(reader, images[i : i + 1], CPU) for i in some])
    assert_close(logits[some], alone, rtol=1e-4, atol=1e-4)


def test_a_prediction_changes_nothing():
    """The weights and the batch norms' averages stay, although the reader was in training."""
    reader = make_reader().train()
    before = {name: value.clone() for name, value in reader.state_dict().items()}
    predict(reader, random_images(20), CPU)
    assert all(torch.equal(value, before[name]) for name, value in reader.state_dict().items())


def test_classify_gives_labels_and_confidences():
    """Labels are the checkpoint's own; a confidence is its label's share of the softmax."""
    network = build("resnet8", 3, seed=0)
    checkpoint = Checkpoint(
        "resnet8", ["seven", "eight", "nine"], 16, MEAN, STD, {}, {}, network.state_dict()
    )
    images = random_images(5)
    labels, confidence = classify(checkpoint, images.numpy(), CPU)
    logits = predict(DigitReader(network, ChannelNorm(MEAN, STD)), images, CPU)
    assert labels == [checkpoint.classes[number] for number in logits.argmax(1)]
    assert confidence.dtype == np.float64
    assert confidence == pytest.approx(logits.softmax(1).amax(1).numpy(), abs=1e-6)
