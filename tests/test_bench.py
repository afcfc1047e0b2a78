"""What ours is measured against is the same mathematics and the same photos, measured honestly."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers import MACHINE, ROOT, command_environment
from PIL import Image
from torch.testing import assert_close

from bench import guidebook
from bench.accuracy import seconds_to, whole_seconds
from bench.loops import guidebook_files, our_params
from bench.peer_tesseract import tokens_of
from bench.reading import Photo, Seen, Token, answer_of, score_of, truths_of
from pipeline.commands.sample import sample
from pipeline.contracts import CHANNELS, LISTS, STATS, BoxRow, read_stats, write_list
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


def boxes(*rows):
    """The boxes of some rows of digits, the last digit first."""
    return [
        BoxRow("a.jpg", "a.xml", 1, label, 0, 0, 9, 9, row, column)
        for row, digits in enumerate(rows)
        for column, label in reversed(list(enumerate(digits)))
    ]


def test_the_truth_is_the_fullest_row_or_what_the_name_says():
    """Of rows that are as full, any is the truth; names of the LED module come before boxes."""
    assert truths_of("a.jpg", boxes("12", "0345")) == {"0345"}
    assert truths_of("a.jpg", boxes("0123", "4567")) == {"0123", "4567"}
    assert truths_of("JPEGImages/05_10_jpg.rf.1eb8.jpg", boxes("1510")) == {"0510"}


def test_an_answer_is_the_tallest_token_of_digits():
    """Words are none, a unit is left out, signs and spaces do not count."""
    seen = [
        Token("Quad", 90, 0.99), Token("-1 2.05", 40, 0.8), Token("2024:03", 12, 0.9),
        Token("7 kWh", 20, 0.9), Token("...", 99, 0.9),
    ]  # fmt: skip
    assert answer_of(seen) == Token("1205", 40, 0.8)
    assert answer_of(seen[2:]) == Token("7", 20, 0.9)
    assert answer_of(seen, frozenset({"202403"})) == Token("202403", 12, 0.9)
    assert answer_of(seen[:1]) is None
    assert answer_of([Token("0364.9kWh", 9, 0.9)]) is None
    assert answer_of([Token("0364.9kWh", 9, 0.9)], frozenset({"03649"})) == Token("03649", 9, 0.9)


def test_a_score_counts_what_is_right_and_what_is_surely_wrong():
    """Leading zeros count; who is silent is neither right nor sure; generous takes any token."""
    photos = [Photo(Path("a.jpg"), frozenset({"0066"}))] * 4
    seen = [
        Seen([Token("00.66", 9, 0.95)], 1, accepted=True),
        Seen([Token("066", 9, 0.95), Token("0066", 8, 0.2)], 1, accepted=True),
        Seen([Token("0068", 9, 0.5)], 1, accepted=False),
        Seen([], 1, accepted=False),
    ]
    score = score_of(photos, seen)
    assert (score.photos, score.right, score.silent, score.sure_and_wrong) == (4, 1, 1, 1)
    assert (score.accepted, score.accepted_wrong, score.leading_zeros) == (2, 1, 1)
    generous = score_of(photos, seen, generous=True)
    assert (generous.right, generous.sure_and_wrong) == (2, 0)
    assert score_of(photos, [Seen([], 1)] * 4).accepted is None


def test_tesseracts_words_and_lines():
    """A line of several words is a token too."""
    head = ["level", "block_num", "par_num", "line_num", "height", "conf", "text"]
    rows = ["1 0 0 0 480 -1 ", "5 1 1 1 40 91.5 05", "5 1 1 1 42 80 10", "5 2 1 1 9 70 3"]
    tsv = "\n".join("\t".join(row) for row in [head, *(row.split(" ") for row in rows)])
    assert tokens_of(tsv) == [("05 10", 42, 0.8), ("05", 40, 0.915), ("10", 42, 0.8), ("3", 9, 0.7)]


@pytest.mark.slow
def test_whole_photos_are_read_and_counted(tmp_path):
    """Ours, whole and by the base model alone, on two of four drawn photos."""
    sample(tmp_path / "drawn", photos=4)
    models = str(ROOT / "models")
    done = subprocess.run(
        [sys.executable, "-m", "bench.reading", "drawn", "--photos", "2", "--peers", "--models",
         models], cwd=tmp_path, env=command_environment(), check=True, capture_output=True,
        text=True,
    )  # fmt: skip
    lines = done.stdout.splitlines()
    assert [line.split(" | ")[1] for line in lines[2:4]] == ["ours", "ours, the base model alone"]
    assert all(" of 2 | " in line for line in lines[2:4])
    assert (
        lines[-1] == f"Command: python -m bench.reading drawn --photos 2 --peers --models {models}"
    )
