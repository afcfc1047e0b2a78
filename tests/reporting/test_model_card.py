"""The model card: it says what it was given, with intervals, and what the figures do not say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.reporting.model_card import Facts, Problem, Side, model_card
from pipeline.reporting.score import Score

FACTS = Facts(
    model="resnet8",
    model_md5="5" * 32,
    weights=78042,
    parameters={"crop": {"margin": 0.1}, "train": {"lr": 0.002, "augment": {"shift": 0.08}}},
    split_by="photo",
    digits=Score(98, 100),
    readings=Score(10, 10),
    classes={"0": Score(48, 50), "7": Score(50, 50)},
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
    """Wilson's: 98 of 100 is 93.00 to 99.45 %, 10 of 10 is 72.25 to 100 %."""
    assert {
        "| digits | 100 | 2 | 98.00 % | 93.00 to 99.45 % |",
        "| readings | 10 | 0 | 100.00 % | 72.25 to 100.00 % |",
        "| digit 0 | 50 | 2 | 96.00 % | 86.54 to 98.90 % |",
    } <= rows(model_card(FACTS))


def test_no_reading_has_no_figure():
    """Where digits of every photo are on both sides."""
    assert "| readings | 0 | 0 |  |  |" in rows(model_card(replace(FACTS, readings=Score(0, 0))))


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


@pytest.mark.parametrize("split_by", ["photo", "digit"])
def test_a_split_that_leaks_is_told(split_by):
    """And only that one; the label that is least sure is named in any case."""
    card = model_card(replace(FACTS, split_by=split_by))
    assert ("on both sides** (`split.by: digit`)" in card) == (split_by == "digit")
    assert "rarest label of validation is 8, with 1 digits" in card
