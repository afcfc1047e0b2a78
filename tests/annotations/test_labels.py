"""Labels that are no digits: what they mean, and what to paste into params.yaml."""

from __future__ import annotations

import pytest
import yaml
from helpers import ROOT

from pipeline.annotations.labels import is_whole_display, meant_digit, propose
from pipeline.annotations.ledger import Ledger
from pipeline.annotations.rules import Finding
from pipeline.params import load_params

PARAMS = load_params(ROOT / "params.yaml").parse


@pytest.mark.parametrize(
    ("label", "digit"),
    [
        ("digit_7", "7"), ("seven", "7"), ("Seven", "7"), ("num 0", "0"), ("class-3", "3"),
        ("칠", "7"), ("숫자 9", "9"), ("7segment", None), ("kg", None), ("O", None),
        ("digit_12", None), ("l", None),
    ],
)  # fmt: skip
def test_another_spelling_means_a_digit(label, digit):
    """What ends with one digit, or names one; a letter that looks like one does not."""
    assert meant_digit(label) == digit


@pytest.mark.parametrize(
    ("label", "whole"),
    [
        ("1720", True), ("17.20", True), ("-3.5 kg", True), ("0,75", True), ("display", True),
        ("LCD", True), ("숫자", True), ("7", False), ("digit_7", False), ("kg", False),
        (".", False), ("2024-03-04", False), ("", False),
    ],
)  # fmt: skip
def test_a_box_round_the_whole_display_is_known_by_its_label(label, whole):
    """A number of several digits, or a word for a display."""
    assert is_whole_display(label) == whole


def test_what_is_proposed_can_be_pasted():
    """As YAML it has what was set before and what was found; each label with its count."""
    ledger = Ledger()
    for label in ("digit_7", "digit_7", "seven", "O", "O", "kg", "it's: {", "예"):
        ledger.note("a.xml", 1, Finding("not_a_digit", repr(label)))
    params = PARAMS.model_copy(update={"labels": {"sieben": "7"}, "ignore": ["."]})
    labels_said, labels, typed_said, ignore_said, ignore = propose(ledger.problems, params)
    assert "digit_7 2, seven 1" in labels_said
    assert yaml.safe_load(labels) == {"labels": {"sieben": "7", "digit_7": "7", "seven": "7"}}
    # Ignored, a digit would be lost.
    assert "correct them in their XML (O 2)" in typed_said
    assert "kg 1" in ignore_said
    assert yaml.safe_load(ignore) == {"ignore": [".", "kg", "it's: {", "예"]}


def test_nothing_is_proposed_where_all_labels_are_digits():
    """Other problems are no matter of labels."""
    ledger = Ledger()
    ledger.note("a.xml", 1, Finding("no_box", ""))
    assert propose(ledger.problems, PARAMS) == []
