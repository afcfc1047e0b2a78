"""The training loop: what it reports is right, it learns, and it does the same again."""

from __future__ import annotations

import shutil

import pytest
import torch
import torch.nn.functional as F
from helpers import TRAIN
from torch import nn

from pipeline.contracts import EpochRow
from pipeline.learning.digit_reader import ChannelNorm, DigitReader, predict
from pipeline.learning.hardware import pick_hardware
from pipeline.learning.inputs import Digits
from pipeline.learning.loop import has_stalled, make_optimizer, train
from pipeline.learning.networks import build
from pipeline.learning.run import Run
from pipeline.runtime.errors import UserError

CPU = pick_hardware("cpu", "fp32")


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


def as_reader(network, light=0.0):
    """A reader whose network sees the values as they are, but for `light` taken away."""
    return DigitReader(network, ChannelNorm([light] * 3, [1.0] * 3))


def run(network, digits=None, hardware=CPU, compiled=False, **changes):
    """Train a network on digits, and give its epochs."""
    params = TRAIN.model_copy(update=changes)
    how = Run(params, hardware, compiled=compiled)
    return list(train(as_reader(network), digits or bars(40), bars(20, seed=1), how))


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
    """They are of its state after the epoch, in evaluation mode."""
    network = build("resnet8", 10, seed=0)
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
    """These are the rows of history.csv; a cosine over two epochs is 85 % and 15 % there."""
    epochs = run(Linear(), epochs=2, lr=0.01)
    assert [epoch.epoch for epoch in epochs] == [1, 2]
    assert [epoch.lr for epoch in epochs] == pytest.approx([0.00853553, 0.00146447], rel=1e-5)
    assert all(epoch.seconds > 0 for epoch in epochs)


def test_label_smoothing_is_in_the_training_loss_only():
    """Runs with and without it can so be compared on validation."""
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
    """The message has the epoch, the rate and what to change; no model of NaN is left."""
    with pytest.raises(UserError, match=r"epoch 1 at a rate of \d\S+: .*train\.lr"):
        run(build("resnet8", 10, seed=0), lr=lr, epochs=3, batch_size=8)


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
    network = build("resnet8", 10, seed=0)
    return network, run(network, epochs=8, lr=0.5, scheduler="exponential", **changes)


@pytest.mark.parametrize("keep", ["last", "best"])
def test_the_epoch_that_is_asked_for_is_kept(keep):
    """It is the last, or the one of the highest accuracy and then the lowest loss."""
    network, epochs = rising_and_falling(keep=keep)
    merits = [(epoch.valid_accuracy, -epoch.valid_loss) for epoch in epochs]
    assert max(merits) > merits[-1]
    expected = epochs[-1] if keep == "last" else epochs[merits.index(max(merits))]
    validation = bars(20, seed=1)
    logits = predict(as_reader(network), validation.images, CPU)
    loss = F.cross_entropy(logits, validation.classes).item()
    assert loss == pytest.approx(expected.valid_loss, 1e-4)


def history(*figures):
    """Epochs with an accuracy and a loss each, on validation."""
    return [
        EpochRow(number, 0.1, 1.0, 0.5, loss, accuracy, 1.0)
        for number, (accuracy, loss) in enumerate(figures, 1)
    ]


@pytest.mark.parametrize(
    ("figures", "stalled"),
    [
        pytest.param([(0.9, 1)], False, id="one epoch"),
        pytest.param([(0.9, 1), (0.8, 1)], False, id="worse once"),
        pytest.param([(0.9, 1), (0.8, 1), (0.8, 1)], True, id="worse twice"),
        pytest.param([(0.9, 1), (0.9, 1), (0.9, 1)], True, id="equal twice"),
        pytest.param([(0.9, 1), (0.8, 1), (0.9, 0.5)], False, id="less loss"),
        pytest.param([(0.9, 1), (0.8, 1), (0.91, 2)], False, id="more right"),
        pytest.param([(0.9, 1), (0.95, 1), (0.8, 1)], False, id="best was the last but one"),
    ],
)
def test_training_has_stalled_after_its_patience(figures, stalled):
    """A patience of two is over when the two last epochs were no better than the best before."""
    assert has_stalled(history(*figures), 2) == stalled
    assert not has_stalled(history(*figures), 0)


def test_training_stops_when_it_has_stalled():
    """The epochs up to there are those of a run without patience."""
    _, epochs = rising_and_falling()
    _, stopped = rising_and_falling(patience=2)
    assert len(stopped) < len(epochs)
    assert has_stalled(stopped, 2)
    assert not has_stalled(stopped[:-1], 2)
    figures = [(epoch.valid_accuracy, epoch.valid_loss) for epoch in epochs]
    assert figures[: len(stopped)] == [(its.valid_accuracy, its.valid_loss) for its in stopped]


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("g++"), reason="torch.compile needs a C++ compiler")
def test_a_compiled_network_learns_the_same():
    """It is the same to rounding, with the same names of its weights."""
    plain, compiled = (Linear() for _ in range(2))
    expected = run(plain, epochs=1, lr=0.01)
    epochs = run(compiled, epochs=1, lr=0.01, compiled=True)
    assert epochs[0].train_loss == pytest.approx(expected[0].train_loss, 1e-4)
    assert compiled.state_dict().keys() == plain.state_dict().keys()
    torch.testing.assert_close(compiled.head.weight, plain.head.weight, atol=1e-5, rtol=1e-4)


def trained_on_gpu(images, network):
    """Weights of the head after two epochs on a GPU, from images wherever they are."""
    hardware = pick_hardware("cuda", "auto")
    hardware.configure(deterministic=True)
    digits = Digits(images, bars(200).classes.cuda())
    blur = TRAIN.augment.model_copy(update={"shift": 0.1, "blur": 1.0})
    params = TRAIN.model_copy(update={"augment": blur})
    list(train(as_reader(network), digits, digits, Run(params, hardware)))
    return network.head.weight


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_a_gpu_repeats_to_the_bit_where_that_is_asked_for():
    """Under `train.deterministic`, two runs give the same weights."""
    weights = []
    for _ in range(2):
        weights.append(trained_on_gpu(bars(200).images.cuda(), build("resnet8", 10, seed=0)))
    assert torch.equal(*weights)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_images_that_the_gpu_does_not_hold_train_the_same():
    """Their batches are sent from memory, step by step."""
    images = bars(200).images
    assert torch.equal(trained_on_gpu(images, Linear()), trained_on_gpu(images.cuda(), Linear()))


def trained(seed, **changes):
    network = build("resnet8", 10, seed=seed)
    augmentation = TRAIN.augment.model_copy(update={"shift": 0.1, "brightness": 0.2})
    run(network, augment=augmentation, seed=seed, **changes)
    return network.state_dict()


def test_the_same_seed_gives_the_same_weights():
    """They are the same bit for bit on one machine; another seed gives others."""
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


@pytest.mark.slow
@pytest.mark.parametrize(("optimizer", "lr"), [("sgd", 0.1), ("adam", 0.01)])
def test_separable_digits_are_learned(optimizer, lr):
    """All but one of a hundred digits not seen in training are read right."""
    network = build("resnet8", 10, seed=0)
    epochs = run(network, bars(300), optimizer=optimizer, lr=lr, epochs=6)
    assert epochs[-1].valid_accuracy >= 0.99
    assert epochs[-1].train_loss < 0.2 * epochs[0].train_loss


def test_bf16_learns_too():
    """Convolutions compute in half precision, the weights and the loss are in full."""
    network = build("resnet8", 10, seed=0)
    epochs = run(network, bars(200), hardware=pick_hardware("cpu", "bf16"), epochs=5)
    assert epochs[-1].valid_accuracy >= 0.95
    assert all(weight.dtype == torch.float32 for weight in network.parameters())


def test_normalisation_reaches_the_network():
    """Shifted images with a shifted mean are the same, in training and in validation."""
    digits = bars(40)
    lighter = Digits(digits.images // 2 + 50, digits.classes)
    darker = Digits(digits.images // 2, digits.classes)
    params = TRAIN.model_copy(update={"epochs": 1, "lr": 0.01})
    epochs = []
    for its_digits, light in ((darker, 0.0), (lighter, 50 / 255)):
        reader = as_reader(Linear(), light)
        epochs += train(reader, its_digits, its_digits, Run(params, CPU))
    assert epochs[0].train_loss == pytest.approx(epochs[1].train_loss, 1e-4)
    assert epochs[0].valid_loss == pytest.approx(epochs[1].valid_loss, 1e-4)


@pytest.mark.parametrize(("name", "kind"), [("sgd", torch.optim.SGD), ("adam", torch.optim.Adam)])
def test_the_optimizer_has_the_parameters(name, kind):
    """It has the rate, the momentum, and an L2 penalty on all weights alike."""
    params = TRAIN.model_copy(update={"optimizer": name, "weight_decay": 0.01, "momentum": 0.8})
    network = build("resnet8", 10, seed=0)
    optimizer = make_optimizer(network, params)
    assert type(optimizer) is kind
    [group] = optimizer.param_groups
    assert len(group["params"]) == len(list(network.parameters()))
    assert (group["lr"], group["weight_decay"]) == (0.1, 0.01)
    assert group.get("momentum", 0.8) == 0.8


def test_every_batch_has_the_size_of_the_images():
    """Training and validation alike see the digits as large as they were loaded."""

    class Witness(nn.Module):
        def __init__(self):
            super().__init__()
            self.head = nn.Linear(3, 10)
            self.sizes = {True: [], False: []}

        def forward(self, images):
            self.sizes[self.training].append(tuple(images.shape))
            return self.head(images.mean((2, 3)))

    network = Witness()
    run(network, epochs=2, batch_size=30)
    assert network.sizes[True] == [(30, 3, 16, 16), (10, 3, 16, 16)] * 2
    assert network.sizes[False] == [(20, 3, 16, 16)] * 2


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
    # Four rates along a cosine from 1e-4 are 1, 0.854, 0.5 and 0.146 of it; the gradient is 0.9.
    assert network.weight[0].item() == pytest.approx(0.9 * 2.5e-4, rel=1e-3)
