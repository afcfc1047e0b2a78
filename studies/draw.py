"""Draw the guidebook's figures 24 to 26 from what the combinations came to, mean and spread.

studies/results, studies/params.yaml -> studies/results.csv, studies/figures.png

A result of another budget than that of params.yaml is left out with a warning.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

import pandas as pd
import yaml
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipeline.runtime.command import make_parser, run
from pipeline.runtime.errors import UserError
from pipeline.runtime.files import write_file

log = logging.getLogger(__name__)

_COMBINATION = ["model", "optimizer", "scheduler", "lr", "share", "input_size", "epochs"]
_COLORS = ("#1f3b57", "#e08e0b", "#5b9a68", "#c0392b")


def main() -> None:
    """Load the results there are, save the table and the picture."""
    parser = make_parser("studies.draw", __doc__)
    parser.parse_args()
    folder = Path("studies")
    grid, recipe = load_results(folder)
    table = pd.concat([grid, recipe]).to_csv(index=False, lineterminator="\n")
    write_file(folder / "results.csv", table.encode("utf-8"))
    write_file(folder / "figures.png", draw_figures(grid))


def load_results(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The figures' combinations, and the final recipe: a row each, its seeds together.

    Columns: what was combined, `seeds`, and of the validation accuracies, 0..1, `mean`, `lowest`
    and `highest`. Raises `UserError` where there is none.
    """
    table = load_trainings(folder)
    grid, recipe = (table[table["part"] == part] for part in ("budget", "recipe"))
    return summarise(grid), summarise(recipe)


def load_trainings(folder: Path) -> pd.DataFrame:
    """Every training as studies/results/*.json has it, and its `part`: `budget` or `recipe`.

    `folder` holds results/ and params.yaml. Of a stopped study, those that have been trained with
    the budget of params.yaml. Raises `UserError` where there is none.
    """
    budgets = yaml.safe_load((folder / "params.yaml").read_text(encoding="utf-8"))
    paths = sorted((folder / "results").glob("*.json"))
    results = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
    parts = ["recipe" if path.name.startswith("recipe-") else "budget" for path in paths]
    # Half retrained after its budget was changed, a study holds results of both.
    current = [
        budgets[part].items() <= result.items() and "photos" in result
        for part, result in zip(parts, results, strict=True)
    ]
    if left_out := [path.name for path, its in zip(paths, current, strict=True) if not its]:
        log.warning(
            "WARNING: left out, since of another budget than studies/params.yaml has: %s; "
            "`dvc repro studies/dvc.yaml` trains them again", ", ".join(left_out),
        )  # fmt: skip
    if not any(current):
        raise UserError(f"{folder}/results/ holds no result: run `dvc repro studies/dvc.yaml`")
    return pd.DataFrame(results).assign(part=parts)[current]


def summarise(results: pd.DataFrame) -> pd.DataFrame:
    """One row a combination: number of seeds, mean, lowest and highest validation accuracy."""
    return (
        results.groupby(_COMBINATION)["valid_accuracy"]
        .agg(seeds="count", mean="mean", lowest="min", highest="max")
        .round(6)
        .reset_index()
    )


def by_optimizer(grid: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Figure 24: resnet8 with cosine, by optimizer; each a row a rate."""
    rows = grid[(grid["model"] == "resnet8") & (grid["scheduler"] == "cosine")]
    return {name: rows[rows["optimizer"] == name] for name in ("sgd", "adam")}


def by_depth(grid: pd.DataFrame) -> pd.DataFrame:
    """Figure 25: sgd at 0.1 with cosine, a row a network, by depth."""
    models = ["resnet8", "resnet14", "resnet20"]
    rows = grid[
        (grid["optimizer"] == "sgd") & (grid["lr"] == 0.1) & (grid["scheduler"] == "cosine")
    ]
    return rows.set_index("model").reindex(models).dropna().reset_index()


def by_schedule(grid: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Figure 26: resnet8 with sgd, by schedule; each a row a rate, and the guidebook's poly."""
    rows = grid[(grid["model"] == "resnet8") & (grid["optimizer"] == "sgd")]
    rates = rows.loc[rows["scheduler"] == "cosine", "lr"]
    poly = rows[rows["scheduler"] == "poly"]
    return {
        "cosine": rows[rows["scheduler"] == "cosine"],
        "poly": poly[poly["lr"].isin(rates)],
        "exponential": rows[rows["scheduler"] == "exponential"],
        "the guidebook's poly": as_guidebook_poly(poly, list(rates)),
    }


def as_guidebook_poly(poly: pd.DataFrame, rates: list[float]) -> pd.DataFrame:
    """What the guidebook's poly comes to at `rates`, from what the right one does.

    It multiplies the rate by `lr * (1 - epoch / epochs) ** 0.9`, which has the rate in it once
    more: it is the right poly at lr squared.
    """
    squares = {guidebook_poly_rate(lr): lr for lr in rates}
    rows = poly[poly["lr"].isin(list(squares))]
    return rows.assign(lr=rows["lr"].map(squares))


def guidebook_poly_rate(lr: float) -> float:
    """The rate at which the right poly is the guidebook's at `lr`: squared, as one writes it."""
    return float(f"{lr**2:.6g}")


def draw_figures(grid: pd.DataFrame) -> bytes:
    """Figures 24, 25 and 26 side by side, mean and spread of the seeds, as PNG."""
    figure = Figure(figsize=(12.6, 3.6), layout="constrained")
    optimizers, depths, schedules = figure.subplots(1, 3)
    _draw_by_rate(optimizers, by_optimizer(grid))
    _draw_by_model(depths, by_depth(grid))
    _draw_by_rate(schedules, by_schedule(grid))
    titles = ("24: optimizer and rate", "25: depth", "26: schedule and rate")
    for axes, title in zip((optimizers, depths, schedules), titles, strict=True):
        axes.set(title=title, ylabel="validation digits right, %")
        axes.grid(alpha=0.3)
    buffer = BytesIO()
    # Without the library's version in it: the same figures are the same bytes.
    figure.savefig(buffer, format="png", dpi=110, metadata={"Software": None})
    return buffer.getvalue()


def _draw_by_rate(axes: Axes, series: Mapping[str, pd.DataFrame]) -> None:
    for i, (name, rows) in enumerate(series.items()):
        # Side by side, so that no spread hides another.
        rates = rows["lr"] * 1.12 ** (i - (len(series) - 1) / 2)
        _draw_spread(axes, rates, rows, "o-", _COLORS[i], name)
    axes.set(xlabel="learning rate", xscale="log", ylim=(0, 103))
    axes.legend()


def _draw_by_model(axes: Axes, rows: pd.DataFrame) -> None:
    _draw_spread(axes, pd.Series(range(len(rows))), rows, "o", _COLORS[0])
    axes.set_xticks(range(len(rows)), rows["model"])
    axes.set_xlim(-0.5, len(rows) - 0.5)


def _draw_spread(
    axes: Axes, x: pd.Series, rows: pd.DataFrame, style: str, color: str, label: str = ""
) -> None:
    mean, lowest, highest = (100 * rows[name] for name in ("mean", "lowest", "highest"))
    spread = [mean - lowest, highest - mean]
    axes.errorbar(x, mean, spread, fmt=style, color=color, label=label, markersize=5, capsize=4)


if __name__ == "__main__":
    run(main)
