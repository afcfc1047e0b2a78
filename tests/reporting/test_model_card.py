"""The model card: it says what it was given, with intervals, and what the figures do not say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.reporting.caveats import UNKNOWN, doubt_drawn
from pipeline.reporting.metrics import Figures
from pipeline.reporting.model_card import Facts, Problem, Side, model_card
from pipeline.reporting.score import Score

FACTS = Facts(
    model="resnet8",
    model_md5="5" * 32,
    weights=78042,
    parameters={"crop": {"margin": 0.1}, "train": {"lr": 0.002, "augment": {"shift": 0.08}}},
    caveats=(),
    figures=Figures(
        digits=Score(98, 100, 14, (0.93, 0.99456)),
        readings=Score(10, 10, 9, (0.7225, 1.0)),
        left_out=0,
        deliveries={},
        classes={"0": Score(48, 50, 12, (0.8654, 0.989)), "7": Score(50, 50, 13, (0.9, 1.0))},
        macro_f1=0.98,
        ece=0.01,
    ),
    training=Side(1200, {"0": 4000, "7": 3999, "8": 2}, "a" * 32),
    validation=Side(14, {"0": 50, "7": 49, "8": 1}, "b" * 32),
    problems=(Problem("rejected", "no_photo", 3), Problem("noted", "other_file", 1)),
    mean=(0.8, 0.4, 0.5),
    std=(0.2, 0.25, 0.3),
)


def rows(card: str) -> set[str]:
    return set(card.splitlines())


def test_what_it_was_trained_on_is_counted():
    """Photos and digits of each side, and of each label."""
    card = model_card(FACTS)
    assert "trained on 8,001 digits of 1,200 photos" in card
    assert {
        "| photos | 1,200 | 14 |", "| digits | 8,001 | 100 |",
        "| digit 0 | 4,000 | 50 |", "| digit 8 | 2 | 1 |",
    } <= rows(card)  # fmt: skip


def test_every_figure_has_its_count_and_interval():
    """And on how many photos it was counted."""
    assert {
        "| digits | 100 | 14 | 2 | 98.00 % | 93.00 to 99.46 % |",
        "| readings | 10 | 9 | 0 | 100.00 % | 72.25 to 100.00 % |",
        "| digit 0 | 50 | 12 | 2 | 96.00 % | 86.54 to 98.90 % |",
    } <= rows(model_card(FACTS))


def test_no_reading_has_no_figure():
    """Where digits of every photo are on both sides."""
    nothing = Score(0, 0, 0, (0.0, 1.0))
    figures = replace(FACTS.figures, readings=nothing)
    assert "| readings | 0 | 0 | 0 |  |  |" in rows(model_card(replace(FACTS, figures=figures)))


def test_files_are_known_by_their_hashes():
    """The model and both lists."""
    assert {
        f"| models/digits.pt | {'5' * 32} |",
        f"| data/train_data.txt | {'a' * 32} |",
        f"| data/valid_data.txt | {'b' * 32} |",
    } <= rows(model_card(FACTS))


def test_problems_are_counted_by_reason():
    """Or there were none."""
    assert "| rejected | `no_photo` | 3 |" in rows(model_card(FACTS))
    assert "None." in rows(model_card(replace(FACTS, problems=())))


def test_parameters_and_colours_are_listed():
    """Nested ones by their path, as `dvc exp run -S` takes them."""
    assert {
        "| `crop.margin` | `0.1` |", "| `train.augment.shift` | `0.08` |",
        "| mean | 0.80000000 | 0.40000000 | 0.50000000 |",
    } <= rows(model_card(FACTS))  # fmt: skip


@pytest.mark.parametrize("caveat", [UNKNOWN, *doubt_drawn({"sample": 3})])
def test_a_caveat_stands_above_the_figures(caveat):
    """And what nobody knows is not claimed."""
    card = model_card(replace(FACTS, caveats=(caveat,)))
    assert card.index("## Figures") < card.index(f"- **{caveat.english}**") < card.index("| digits")
    claim = "which the model was not trained on"
    assert (claim in card) != caveat.denies_unseen
    assert claim in model_card(FACTS)


def test_photos_left_out_of_the_readings_are_told():
    """Only where there are any."""
    figures = replace(FACTS.figures, left_out=3)
    assert "Left out of the readings: 3 photos." in model_card(replace(FACTS, figures=figures))
    assert "Left out" not in model_card(FACTS)


def test_the_label_that_is_least_sure_is_named():
    """It is the rarest of validation."""
    assert "rarest label of validation is 8, with 1 digits" in model_card(FACTS)
