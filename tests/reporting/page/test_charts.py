"""The page's charts: SVG that is the same for the same figures, in no language."""

from __future__ import annotations

import warnings
import xml.etree.ElementTree as ET

import pandas as pd
import pytest

from pipeline.reporting.page.charts import (
    chart_acceptance,
    chart_curve,
    chart_reliability,
    chart_sizes,
)


def history(accuracies):
    count = len(accuracies)
    columns = {f"{side}_loss": [1.0] * count for side in ("train", "valid")}
    columns |= {f"{side}_accuracy": accuracies for side in ("train", "valid")}
    return pd.DataFrame({"epoch": range(1, count + 1)} | columns)


def bins(*rows):
    return pd.DataFrame(rows, columns=["confidence", "accuracy", "low", "high"])


def accepted(*rows):
    return pd.DataFrame(rows, columns=["threshold", "accepted", "errors"])


CHARTS = {
    "loss": lambda: chart_curve(history([0.5, 0.9]), "loss"),
    "accuracy": lambda: chart_curve(history([0.5, 0.9]), "accuracy"),
    "one epoch": lambda: chart_curve(history([0.5]), "accuracy"),
    "reliability": lambda: chart_reliability(bins((0.95, 1, 0.9, 1), (0.5, 0.25, 0.1, 0.6))),
    "no bin": lambda: chart_reliability(bins()),
    "acceptance": lambda: chart_acceptance(accepted((0.9, 1, 0), (0.8, 20, 1)), 0.001),
    "one reading": lambda: chart_acceptance(accepted((0.9, 1, 1)), 0.001),
    "many readings": lambda: chart_acceptance(
        accepted(*((1 - i / 9000, i + 1, i // 100) for i in range(9000))), 0.001
    ),
    "sizes": lambda: chart_sizes([20, 30, 30, 44]),
    "one size": lambda: chart_sizes([20]),
}  # fmt: skip


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_is_svg_without_a_word(name):
    """Numbers alone are written in it, and no warning comes up."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        text = CHARTS[name]()
    tree = ET.fromstring(text)
    assert tree.tag == "{http://www.w3.org/2000/svg}svg"
    written = [e.text or "" for e in tree.iter("{http://www.w3.org/2000/svg}text")]
    assert written
    assert not [word for word in written if any(letter.isalpha() for letter in word)]
    assert len(text) < 100_000


@pytest.mark.parametrize("name", ["accuracy", "reliability", "acceptance", "sizes"])
def test_the_same_figures_are_the_same_chart(name):
    """Byte for byte, with no date in it; others are another."""
    assert CHARTS[name]() == CHARTS[name]()
    assert "date" not in CHARTS[name]()
    assert CHARTS["reliability"]() != chart_reliability(bins((0.95, 0.5, 0.4, 0.6)))
