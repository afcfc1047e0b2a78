"""The training loop: what it reports is right, it learns, and it does the same again."""

from __future__ import annotations

import math
import shutil

import pytest
import torch
import torch.nn.functional as F
from helpers import TRAIN
from torch import nn

from pipeline.command import UserError
from pipeline.learning.hardware import pick_hardware
from pipeline.learning.inputs import Digits, Normalisation, normalise_each
from pipeline.learning.loop import make_optimizer, predict, train
from pipeline.learning.resnet import build

CPU = pick_hardware("cpu", "fp32")
PLAIN = Normalisation.of([0, 0, 0], [1, 1, 1], CPU.device)


class Linear(nn.Module):
    """Logits linear in the pixels: no batch norm, so that each digit's loss is its own."""

    def __init__(self, seed=0):
        super().__init__()
        torch.manual_seed(seed)
        self.head = nn.Linear(3 * 16 * 16, 10)

    def forward(self, images):
        return self.head(images.flatten(1))


def bars(count, seed=0):
    """Digits that even a small network tells apart: a bright bar in the class's own place."""
    generator = torch.Generator().manual_seed(seed)
    classes = torch.arange(count) % 10
    images = torch.randint(0, 80, (count, 16, 16, 3), generator=generator, dtype=torch.uint8)
    for image, label in zip(images, classes.tolist(), strict=True):
        image[
            1 + 3 * (label % 5) : 3 + 3 * (label % 5), (label // 5) * 8 : 8 + (label // 5) * 8
        ] = 255
    return Digits(images, classes)


def run(network, digits=None, normalise=PLAIN, hardware=CPU, **changes):
    digits = digits or bars(40)
    params = TRAIN.model_copy(update=changes)
    return list(train(network, digits, bars(20, seed=1), normalise, params, hardware))


def unit(images):
    return images.permute(0, 3, 1, 2).float() / 255


@pytest.mark.parametrize("batch_size", [40, 8, 16, 7, 39, 1])
def test_training_figures_are_means_over_digits(batch_size):
    """A last smaller batch weighs by its digits; here the weights hardly move, so all is known."""
    digits = bars(40)
    network = Linear()
    logits = network(unit(digits.images))
    [epoch] = run(network, digits, batch_size=batch_size, epochs=1, lr=1e-12, momentum=0)
    assert epoch.train_loss == pytest.approx(F.cross_entropy(logits, digits.classes).item(), 1e-4)
    right = (logits.argmax(1) == digits.classes).float().mean().item()
    assert epoch.train_accuracy == pytest.approx(right, abs=1e-6)


def test_validation_figures_are_the_trained_networks():
    """Of its state after the epoch, in evaluation mode."""
    torch.manual_seed(0)
    network = build("resnet8", 10)
    epoch = run(network)[-1]
    validation = bars(20, seed=1)
    network.eval()
    logits = network(unit(validation.images))
    assert epoch.valid_loss == pytest.approx(
        F.cross_entropy(logits, validation.classes).item(), 1e-4
    )
    right = (logits.argmax(1) == validation.classes).float().mean().item()
    assert epoch.valid_accuracy == pytest.approx(right)


def test_epochs_are_numbered_from_1_with_the_rate_at_their_middle():
    """The rows of history.csv."""
    epochs = run(Linear(), epochs=4, lr=0.01, scheduler="poly")
    assert [epoch.epoch for epoch in epochs] == [1, 2, 3, 4]
    assert [epoch.lr for epoch in epochs] == pytest.approx(
        [0.01 * (1 - (done + 0.5) / 4) ** 0.9 for done in range(4)]
    )
    assert all(epoch.seconds > 0 for epoch in epochs)


def test_label_smoothing_is_in_the_training_loss_only():
    """So that runs with and without it can be compared on validation."""
    digits = bars(40)
    network = Linear()
    logits = network(unit(digits.images))
    changes = {"epochs": 1, "lr": 1e-12, "momentum": 0, "batch_size": 40}
    [epoch] = run(network, digits, label_smoothing=0.2, **changes)
    [plain] = run(Linear(), digits, **changes)
    smoothed = F.cross_entropy(logits, digits.classes, label_smoothing=0.2).item()
    assert epoch.train_loss == pytest.approx(smoothed, 1e-4)
    assert epoch.valid_loss == plain.valid_loss


@pytest.mark.parametrize("lr", [1e30, 1e36])
def test_a_loss_that_is_no_number_stops_the_run(lr):
    """With the epoch, the rate and what to change; never a model of NaN."""
    torch.manual_seed(0)
    with pytest.raises(UserError, match=r"epoch 1 at a rate of \d\S+: .*train\.lr"):
        run(build("resnet8", 10), lr=lr, epochs=3, batch_size=8)


def test_averages_that_are_no_numbers_stop_the_run():
    """Batch norm can be lost where the loss is still a number; such a model reads nothing."""

    class Overflow(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm = nn.BatchNorm1d(10)
            self.head = nn.Linear(3 * 16 * 16, 10)

        def forward(self, images):
            return self.norm(1e30 * self.head(images.flatten(1)))

    with pytest.raises(UserError, match=r"a weight is not a number in epoch 1 .*train\.lr"):
        run(Overflow(), epochs=1, batch_size=40)


@pytest.mark.parametrize("batch_size", [40, 7])
@pytest.mark.parametrize("accumulate", [2, 3, 100])
def test_a_batch_in_parts_is_the_same_step(batch_size, accumulate):
    """Gradients add up to those of the whole batch, to rounding; so do the figures."""
    whole, parts = Linear(), Linear()
    [expected] = run(whole, batch_size=batch_size, epochs=1, lr=0.01)
    [epoch] = run(parts, batch_size=batch_size, epochs=1, lr=0.01, accumulate=accumulate)
    torch.testing.assert_close(parts.head.weight, whole.head.weight, atol=1e-6, rtol=1e-4)
    assert epoch.train_loss == pytest.approx(expected.train_loss, 1e-5)
    assert epoch.train_accuracy == expected.train_accuracy


def rising_and_falling(**changes):
    """A network and its epochs, of which a rate that is far too high makes some worse."""
    torch.manual_seed(0)
    network = build("resnet8", 10)
    return network, run(network, epochs=8, lr=0.5, scheduler="exponential", **changes)


@pytest.mark.parametrize("keep", ["last", "best"])
def test_the_epoch_that_is_asked_for_is_kept(keep):
    """The last, or the first of the highest accuracy and then the lowest loss on validation."""
    network, epochs = rising_and_falling(keep=keep)
    merits = [(epoch.valid_accuracy, -epoch.valid_loss) for epoch in epochs]
    assert max(merits) > merits[-1]
    expected = epochs[-1] if keep == "last" else epochs[merits.index(max(merits))]
    validation = bars(20, seed=1)
    logits = predict(network, validation.images, PLAIN, CPU)
    loss = F.cross_entropy(logits, validation.classes).item()
    assert loss == pytest.approx(expected.valid_loss, 1e-4)


def test_training_stops_when_nothing_gets_better():
    """After `patience` epochs of which none was better than the best before."""
    _, epochs = rising_and_falling()
    merits = [(epoch.valid_accuracy, -epoch.valid_loss) for epoch in epochs]
    patience = 2
    stop = next(
        count for count in range(patience + 1, 9)
        if max(merits[count - patience : count]) <= max(merits[: count - patience])
    )  # fmt: skip
    assert stop < 8
    _, stopped = rising_and_falling(patience=patience)
    assert [epoch.valid_loss for epoch in stopped] == [e.valid_loss for e in epochs[:stop]]


@pytest.mark.skipif(not shutil.which("g++"), reason="torch.compile needs a C++ compiler")
def test_a_compiled_network_learns_the_same():
    """To rounding, with the same names in its weights."""
    plain, compiled = (Linear() for _ in range(2))
    expected = run(plain, epochs=1, lr=0.01)
    epochs = run(compiled, epochs=1, lr=0.01, compile=True)
    assert epochs[0].train_loss == pytest.approx(expected[0].train_loss, 1e-4)
    assert compiled.state_dict().keys() == plain.state_dict().keys()
    torch.testing.assert_close(compiled.head.weight, plain.head.weight, atol=1e-5, rtol=1e-4)


def trained_on_gpu(images, network):
    """Weights of the head after two epochs on a GPU, from images wherever they are."""
    hardware = pick_hardware("cuda", "auto")
    hardware.configure(deterministic=True)
    side = Digits(images, bars(200).classes.cuda())
    normalise = Normalisation.of([0, 0, 0], [1, 1, 1], hardware.device)
    blur = TRAIN.augment.model_copy(update={"shift": 0.1, "blur": 1.0})
    params = TRAIN.model_copy(update={"augment": blur})
    list(train(network, side, side, normalise, params, hardware))
    return network.head.weight


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_a_gpu_repeats_to_the_bit_where_that_is_asked_for():
    """With `train.deterministic`."""
    weights = []
    for _ in range(2):
        torch.manual_seed(0)
        weights.append(trained_on_gpu(bars(200).images.cuda(), build("resnet8", 10)))
    assert torch.equal(*weights)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_images_that_the_gpu_does_not_hold_train_the_same():
    """Batches sent from memory, step by step."""
    images = bars(200).images
    assert torch.equal(trained_on_gpu(images, Linear()), trained_on_gpu(images.cuda(), Linear()))


@pytest.mark.parametrize("count", [1, 255, 256, 257, 600])
def test_every_digit_is_predicted_in_order(count):
    """Also across the batches that memory asks for."""
    torch.manual_seed(0)
    network = build("resnet8", 10)
    images = torch.randint(0, 256, (count, 16, 16, 3), dtype=torch.uint8)
    logits = predict(network, images, PLAIN, CPU)
    assert logits.shape == (count, 10)
    some = sorted({0, count // 2, count - 1})
    alone = torch.cat([predict(network, images[i : i + 1], PLAIN, CPU) for i in some])
    torch.testing.assert_close(logits[some], alone, rtol=1e-4, atol=1e-4)


def test_a_prediction_changes_nothing():
    """Neither the weights nor the batch norms' averages."""
    network = build("resnet8", 10)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    predict(network, bars(20).images, PLAIN, CPU)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def trained(seed, **changes):
    torch.manual_seed(seed)
    network = build("resnet8", 10)
    augmentation = TRAIN.augment.model_copy(update={"shift": 0.1, "brightness": 0.2})
    run(network, augment=augmentation, seed=seed, **changes)
    return network.state_dict()


def test_the_same_seed_gives_the_same_weights():
    """Bit for bit on one machine; and another seed gives others."""
    first, again, other = trained(3), trained(3), trained(4)
    assert all(torch.equal(value, again[name]) for name, value in first.items())
    assert not torch.equal(first["head.weight"], other["head.weight"])


def test_nothing_drawn_elsewhere_changes_a_run():
    """Order and augmentation follow from seed and epoch, not from torch's default generator."""
    weights = []
    for draws in (0, 7):
        network = Linear()
        torch.rand(draws)
        run(network, augment=TRAIN.augment.model_copy(update={"shift": 0.1}))
        weights.append(network.head.weight)
    assert torch.equal(*weights)


@pytest.mark.parametrize(("optimizer", "lr"), [("sgd", 0.1), ("adam", 0.01)])
def test_separable_digits_are_learned(optimizer, lr):
    """At least 99 of 100 on digits not seen in training."""
    torch.manual_seed(0)
    network = build("resnet8", 10)
    epochs = run(network, bars(300), optimizer=optimizer, lr=lr, epochs=6)
    assert epochs[-1].valid_accuracy >= 0.99
    assert epochs[-1].train_loss < 0.2 * epochs[0].train_loss


def test_bf16_learns_too():
    """Half precision in the convolutions, the loss in full."""
    torch.manual_seed(0)
    network = build("resnet8", 10)
    epochs = run(network, bars(200), hardware=pick_hardware("cpu", "bf16"), epochs=5)
    assert epochs[-1].valid_accuracy >= 0.95
    assert all(weight.dtype == torch.float32 for weight in network.parameters())


def test_normalisation_gives_mean_0_and_deviation_1():
    """Channel by channel."""
    images = torch.rand(8, 3, 16, 16) * torch.tensor([0.2, 0.5, 1.0]).view(1, 3, 1, 1)
    mean, std = images.mean((0, 2, 3)), images.std((0, 2, 3))
    normal = Normalisation.of(mean.tolist(), std.tolist(), CPU.device)(images)
    torch.testing.assert_close(normal.mean((0, 2, 3)), torch.zeros(3), atol=1e-5, rtol=0)
    torch.testing.assert_close(normal.std((0, 2, 3)), torch.ones(3))


def test_a_channel_that_never_varies_is_not_divided_by_zero():
    """Digits of a display that shows no blue at all."""
    normal = Normalisation.of([0.5, 0.5, 0], [0.1, 0.1, 0], CPU.device)
    assert normal(torch.zeros(1, 3, 2, 2)).isfinite().all()


def test_each_image_by_itself_loses_its_light():
    """Contrast, brightness and a cast of the colours make no difference, nor one flat image."""
    images = torch.rand(8, 3, 16, 16)
    gain, light = torch.rand(8, 3, 1, 1) + 0.1, torch.rand(8, 3, 1, 1)
    torch.testing.assert_close(
        normalise_each(images * gain + light), normalise_each(images), atol=1e-3, rtol=0
    )
    assert (normalise_each(torch.ones(2, 3, 4, 4)) == 0).all()


def test_normalisation_reaches_the_network():
    """In training and in prediction alike: shifted images with a shifted mean are the same."""
    digits = bars(40)
    lighter = Digits(digits.images // 2 + 50, digits.classes)
    shifted = Normalisation.of([50 / 255] * 3, [1, 1, 1], CPU.device)
    darker = Digits(digits.images // 2, digits.classes)
    epochs = []
    for its_digits, normalise in ((darker, PLAIN), (lighter, shifted)):
        params = TRAIN.model_copy(update={"epochs": 1, "lr": 0.01})
        epochs += train(Linear(), its_digits, its_digits, normalise, params, CPU)
    assert epochs[0].train_loss == pytest.approx(epochs[1].train_loss, 1e-4)
    assert epochs[0].valid_loss == pytest.approx(epochs[1].valid_loss, 1e-4)


@pytest.mark.parametrize(("name", "kind"), [("sgd", torch.optim.SGD), ("adam", torch.optim.Adam)])
def test_the_optimizer_has_the_parameters(name, kind):
    """Rate, momentum, and an L2 penalty on all weights alike."""
    params = TRAIN.model_copy(update={"optimizer": name, "weight_decay": 0.01, "momentum": 0.8})
    network = build("resnet8", 10)
    optimizer = make_optimizer(network, params)
    assert type(optimizer) is kind
    [group] = optimizer.param_groups
    assert len(group["params"]) == len(list(network.parameters()))
    assert (group["lr"], group["weight_decay"]) == (0.1, 0.01)
    assert group.get("momentum", 0.8) == 0.8


@pytest.mark.parametrize(("progressive", "small"), [(0, 0), (0.5, 2), (0.7, 2), (0.75, 3)])
def test_the_first_epochs_see_smaller_digits(progressive, small):
    """Of about half the side, for a share of the epochs; validation always sees them whole."""

    class Witness(nn.Module):
        def __init__(self):
            super().__init__()
            self.head = nn.Linear(3, 10)
            self.sides = {True: [], False: []}

        def forward(self, images):
            self.sides[self.training].append(images.shape[2:])
            return self.head(images.mean((2, 3)))

    network = Witness()
    run(network, epochs=4, batch_size=40, progressive=progressive)
    assert network.sides[True] == [(9, 9)] * small + [(16, 16)] * (4 - small)
    assert network.sides[False] == [(16, 16)] * 4


def test_the_rate_changes_step_by_step():
    """One epoch of plain SGD on constant gradients moves by the sum of the schedule's rates."""

    class Constant(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(10))

        def forward(self, images):
            # The loss of two equal logits is flat enough for a rate of 1e-4 to leave it so.
            return self.weight.expand(len(images), 10)

    network = Constant()
    zeros = Digits(
        torch.zeros(40, 16, 16, 3, dtype=torch.uint8), torch.zeros(40, dtype=torch.int64)
    )
    run(network, zeros, epochs=1, batch_size=10, lr=1e-4, momentum=0)
    rates = [1e-4 * (1 + math.cos(math.pi * step / 4)) / 2 for step in range(4)]
    assert network.weight[0].item() == pytest.approx(0.9 * sum(rates), rel=1e-3)
