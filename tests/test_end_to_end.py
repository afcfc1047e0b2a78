"""The pipeline as its user runs it: `dvc` in a real repository, on photos drawn for the test."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
import yaml
from helpers import Workplace, furnish
from repository import STAGES, digits, shell, stages_run

from pipeline.commands.sample import sample

pytestmark = pytest.mark.slow


def test_a_run_leaves_every_output(repo: Path) -> None:
    """Every output that the stages declare is there after `dvc repro`."""
    stages = yaml.safe_load((repo / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    declared = [
        next(iter(out)) if isinstance(out, dict) else out
        for stage in stages.values()
        for kind in ("outs", "metrics", "plots")
        for out in stage.get(kind, [])
    ]
    assert len(declared) == 22
    assert [path for path in declared if not (repo / path).exists()] == []


def test_the_figures_agree_with_the_predictions(repo: Path) -> None:
    """metrics.json counts what predictions.csv lists, and the lists hold every digit once."""
    predictions = pd.read_csv(repo / "reports/predictions.csv", dtype=str)
    metrics = json.loads((repo / "reports/metrics.json").read_text(encoding="utf-8"))
    wrong = predictions["actual"] != predictions["predicted"]
    assert metrics["digits"]["count"] == len(predictions)
    assert metrics["digits"]["errors"] == wrong.sum()
    assert metrics["readings"]["errors"] == predictions["photo"][wrong].nunique()
    listed = [
        line
        for side in ("train", "valid")
        for line in (repo / f"data/{side}_data.txt").read_text(encoding="utf-8").splitlines()
    ]
    cut = [p.relative_to(repo / "data/digits").as_posix() for p in repo.glob("data/digits/*/*")]
    assert sorted(listed) == sorted(cut)


def test_a_second_run_does_nothing(clone: Path) -> None:
    """`dvc repro` with nothing new runs no stage."""
    assert stages_run(shell(clone, "dvc", "repro")) == []


def test_a_rate_retrains_and_no_more(clone: Path) -> None:
    """A changed train.lr runs train and evaluate alone, and `dvc params diff` names it."""
    params = yaml.safe_load((clone / "params.yaml").read_text(encoding="utf-8"))
    params["train"]["lr"] = 0.0123
    (clone / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    assert stages_run(shell(clone, "dvc", "repro")) == ["train", "evaluate"]
    assert "train.lr" in shell(clone, "dvc", "params", "diff")


def test_own_photos_replace_the_sample(clone: Path, tmp_path: Path) -> None:
    """raw/ emptied and filled with other photos gives figures of these, and a diff to the old."""
    shutil.rmtree(clone / "raw")
    sample(clone / "raw", photos=12, seed=5)
    shell(clone, "dvc", "repro")
    cut = pd.read_csv(clone / "data/digits.csv")
    assert set(cut["photo"]) == {path.name for path in (clone / "raw").glob("*.jpg")}
    assert "digits.count" in shell(clone, "dvc", "metrics", "diff")


def test_dvc_shows_metrics_and_plots(clone: Path) -> None:
    """`dvc metrics show` and `dvc plots show` show the figures and draw a page."""
    shown = shell(clone, "dvc", "metrics", "show")
    assert all(name in shown for name in ("readings.accuracy", "deliveries.raw.digits"))
    shell(clone, "dvc", "plots", "show")
    page = (clone / "dvc_plots/index.html").read_text(encoding="utf-8")
    assert all(name in page for name in ("valid_accuracy", "confusion", "misread.png"))


def test_an_experiment_takes_another_network(clone: Path) -> None:
    """`dvc exp run -S train.model=…` trains that network and `dvc exp show` lists it."""
    shell(clone, "dvc", "exp", "run", "-n", "deeper", "-S", "train.model=resnet14", "train")
    shown = shell(clone, "dvc", "exp", "show", "--csv")
    assert "deeper" in shown
    assert "resnet14" in shown


def test_two_runs_give_the_same_model(repo: Path, tmp_path: Path) -> None:
    """A run from scratch elsewhere on the CPU gives the model byte for byte."""
    other = Workplace(tmp_path)
    shutil.copytree(repo / "raw", other.raw)
    furnish(tmp_path)
    shutil.copy(repo / "params.yaml", tmp_path)
    assert [stage for stage in STAGES[:-1] if other.run(stage).returncode] == []
    for model in ("digits.pt", "locator.pt"):
        made = [(folder / "models" / model).read_bytes() for folder in (repo, tmp_path)]
        assert made[0] == made[1]


def test_photos_elsewhere_are_measured(clone: Path, tmp_path: Path) -> None:
    """`digits measure` reports figures and pictures of a folder that no one trained on."""
    sample(tmp_path / "site", photos=5, seed=7)
    digits(clone, "measure", str(tmp_path / "site"))
    boxes = sum(xml.read_text().count("<object>") for xml in (tmp_path / "site").glob("*.xml"))
    metrics = json.loads((clone / "reports/site/metrics.json").read_text(encoding="utf-8"))
    assert metrics["digits"]["count"] == boxes
    assert metrics["readings"]["count"] == 5
    assert (clone / "reports/site/misread.png").stat().st_size > 0


def test_an_unknown_parameter_stops_the_run(clone: Path) -> None:
    """A misspelt parameter is an error that names the file, the key and the right name."""
    text = (clone / "params.yaml").read_text(encoding="utf-8")
    (clone / "params.yaml").write_text(text.replace("epochs:", "epoch:"), encoding="utf-8")
    done = Workplace(clone).run("train")
    assert done.returncode == 1
    assert "params.yaml: train.epoch is not a parameter; did you mean epochs?" in done.stderr
