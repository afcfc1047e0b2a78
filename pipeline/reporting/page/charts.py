"""The page's charts as SVG without a word in them: the page puts the words in its reader's language
beside them.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from pipeline.reporting.intervals import binomial_interval
from pipeline.reporting.learning_curve import LearningCurve

# Okabe and Ito's colours, told apart by the colour-blind; the page's style sheet has the same.
BLUE = "#0072b2"
VERMILION = "#d55e00"
GREY = "#767676"

_MOST_POINTS = 400
_STYLE: Any = {
    # Text stays text, in the reader's fonts; ids depend on what is drawn alone.
    "svg.fonttype": "none", "svg.hashsalt": "report", "font.family": "sans-serif", "font.size": 10,
    "axes.spines.top": False, "axes.spines.right": False, "axes.edgecolor": "#444444",
    "axes.grid": True, "grid.color": "#dddddd", "grid.linewidth": 0.6, "axes.axisbelow": True,
}  # fmt: skip


def chart_curve(history: pd.DataFrame, name: str) -> str:
    """`loss` or `accuracy` of training (dashed) and validation by epoch."""
    figure, axes = _chart()
    axes.plot(history["epoch"], history[f"train_{name}"], color=GREY, linestyle="--")
    axes.plot(history["epoch"], history[f"valid_{name}"], color=BLUE)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    if name == "accuracy":
        axes.set_ylim(0.95 * history[["train_accuracy", "valid_accuracy"]].min().min(), 1.003)
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    else:
        axes.set_ylim(bottom=0)
    return _svg(figure)


def chart_reliability(bins: pd.DataFrame) -> str:
    """Share right by confidence with its interval, beside the diagonal on which they are equal.

    `bins` has the columns confidence, accuracy, low and high.
    """
    figure, axes = _chart()
    axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1)
    axes.vlines(bins["confidence"], bins["low"], bins["high"], color=BLUE, linewidth=1.2)
    axes.scatter(bins["confidence"], bins["accuracy"], color=BLUE, s=22, zorder=3)
    axes.set(xlim=(0, 1.02), ylim=(0, 1.02))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(1, decimals=0))
    return _svg(figure)


def chart_acceptance(accepted: pd.DataFrame, rate: float) -> str:
    """Error among the accepted by the share accepted, its interval shaded, `rate` dashed.

    `accepted` has the columns accepted and errors, with one row at least.
    """
    figure, axes = _chart()
    # Of the very surest, a single mistake is a large share, which would hide the others.
    first = int(np.searchsorted(accepted["accepted"], accepted["accepted"].iloc[-1] / 10))
    places = np.unique(np.linspace(first, len(accepted) - 1, _MOST_POINTS).round().astype(int))
    counts, errors = (accepted[name].to_numpy()[places] for name in ("accepted", "errors"))
    ends = np.array([binomial_interval(*pair) for pair in zip(errors, counts, strict=True)])
    share = counts / counts[-1]
    axes.fill_between(share, ends[:, 0], ends[:, 1], color=BLUE, alpha=0.15, linewidth=0)
    axes.plot(share, errors / counts, color=BLUE)
    axes.axhline(rate, color=VERMILION, linestyle="--", linewidth=1)
    highest = max(1.1 * (errors / counts).max(), 1.3 * ends[-1, 1], 2 * rate)
    axes.set(xlim=(0, 1.01), ylim=(0, min(highest, 1)))
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    return _svg(figure)


def chart_learning(curve: LearningCurve) -> str:
    """The share of readings wrong by the number of photos: each seed, and their mean."""
    figure, axes = _chart()
    photos = [point.photos for point in curve.points]
    for point in curve.points:
        axes.scatter([point.photos] * len(point.wrong), point.wrong, color=GREY, s=14)
    axes.plot(photos, [point.mean for point in curve.points], color=BLUE, marker="o")
    twice = curve.with_twice_the_photos()
    if twice is not None:
        axes.plot(
            [photos[-1], 2 * photos[-1]], [curve.points[-1].mean, twice], color=BLUE,
            linestyle=":", marker="o", markerfacecolor="none",
        )  # fmt: skip
    axes.set(xlim=(0, None))
    axes.set_ylim(bottom=0)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    return _svg(figure)


def chart_sizes(pixels: Sequence[int]) -> str:
    """How many boxes are how many pixels wide or high."""
    figure, axes = _chart(height=2.2)
    axes.hist(pixels, bins=min(30, max(5, len(set(pixels)))), color=BLUE, edgecolor="white")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(6, integer=True, steps=[1, 2, 5, 10]))
    return _svg(figure)


def _chart(height: float = 2.9) -> tuple[Figure, Axes]:
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(4.6, height), layout="constrained")
        return figure, figure.subplots()


def _svg(figure: Figure) -> str:
    buffer = BytesIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    with mpl.rc_context(_STYLE):
        figure.savefig(buffer, format="svg", transparent=True, metadata=nothing)
    text = buffer.getvalue().decode("utf-8")
    # Without the prologue, which names the library's version.
    return text[text.index("<svg") :]
