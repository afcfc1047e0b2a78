"""The guidebook's studies: combinations trained once each, and what is drawn from them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from fnmatch import fnmatch
from pathlib import Path

import pandas as pd
import pytest
import yaml
from helpers import ROOT, TRAIN, write
from PIL import Image
from repository import environment, shell

from pipeline.learning.schedule import learning_rate
from pipeline.runtime.errors import UserError
from studies.compare import Combination, compare, find_all
from studies.draw import as_guidebook_poly, by_depth, by_schedule, guidebook_poly_rate, load_results
from studies.run import guidebook_params

STUDY = "studies/dvc.yaml"
RATES = [0.1, 0.01, 0.001, 0.0001]
BUDGETS = yaml.safe_load((ROOT / "studies/params.yaml").read_text(encoding="utf-8"))
ONE = "resnet8-cosine-sgd-0.1"


@pytest.fixture
def study(clone):
    """A repository whose study has a budget of seconds, one seed, and no result yet."""
    set_budget(clone, share=0.3, input_size=16, epochs=1, precision="fp32")
    grid = clone / STUDY
    text = grid.read_text(encoding="utf-8")
    grid.write_text(text.replace("seed: [0, 1, 2]", "seed: [0]"), encoding="utf-8")
    shutil.rmtree(clone / "studies/results", ignore_errors=True)
    (clone / "studies/dvc.lock").unlink(missing_ok=True)
    return clone


def set_budget(folder: Path, **budget: object) -> None:
    path = folder / "studies/params.yaml"
    params = yaml.safe_load(path.read_text(encoding="utf-8"))
    params["budget"] |= budget
    path.write_text(yaml.safe_dump(params), encoding="utf-8")


def trained(printed: str) -> list[str]:
    """The combinations that a `dvc repro` trained."""
    running = [line for line in printed.splitlines() if line.startswith("Running stage")]
    return [line.split(":")[1].rstrip("'") for line in running]


@pytest.mark.slow
def test_a_combination_is_trained_once(study):
    """It is trained again only after the budget that it was trained with has changed."""
    target = f"{STUDY}:optimizers@adam-0.001-0"
    assert trained(shell(study, "dvc", "repro", target)) == ["optimizers@adam-0.001-0"]
    result = json.loads((study / "studies/results/adam-0.001-0.json").read_text(encoding="utf-8"))
    training = (study / "data/train_data.txt").read_text(encoding="utf-8").splitlines()
    assert result["train_digits"] == -(-3 * len(training) // 10)
    assert 0 <= result["valid_accuracy"] <= 1
    assert {key: result[key] for key in ("model", "optimizer", "scheduler", "lr", "seed")} == {
        "model": "resnet8", "optimizer": "adam", "scheduler": "cosine", "lr": 0.001, "seed": 0,
    }  # fmt: skip
    assert trained(shell(study, "dvc", "repro", target)) == []
    set_budget(study, share=0.2)
    assert trained(shell(study, "dvc", "repro", target)) == ["optimizers@adam-0.001-0"]


@pytest.mark.slow
def test_a_stopped_study_goes_on_where_it_was(study):
    """Killed in its second combination, it trains that one, and not the first again."""
    running = subprocess.Popen(
        ["dvc", "repro", f"{STUDY}:squared"],
        cwd=study, env=environment(study), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    printed = ""
    while len(trained(printed)) < 2:
        assert running.poll() is None
        printed += running.stdout.readline()
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    both = trained(printed)
    assert trained(shell(study, "dvc", "repro", f"{STUDY}:squared")) == both[1:]
    results = {path.name for path in (study / "studies/results").glob("*.json")}
    assert results == {f"{name.replace('@', '-')}.json" for name in both}


@pytest.mark.slow
def test_the_pipeline_runs_no_study(study):
    """`dvc repro` in the project's folder leaves the hour of training alone."""
    shell(study, "dvc", "repro")
    assert not (study / "studies/results").exists()


@pytest.mark.slow
def test_diverged_training_reads_nothing(study):
    """Its accuracy is 0, and the study goes on."""
    out = study / "studies/results/diverged.json"
    printed = shell(
        study, "python", "-m", "studies.run", str(out), "--model", "resnet8", "--optimizer", "sgd",
        "--scheduler", "poly", "--lr", "1e30", "--seed", "0", "--share", "0.3",
        "--input_size", "16", "--epochs", "2", "--precision", "fp32",
    )  # fmt: skip
    assert "is not a number" in printed
    assert json.loads(out.read_text(encoding="utf-8"))["valid_accuracy"] == 0


def test_all_is_fixed_that_the_guidebook_fixes():
    """It is fixed whatever the user's own parameters are."""
    own = TRAIN.model_copy(update={"label_smoothing": 0.2, "warmup_epochs": 3, "batch_size": 8})
    params = guidebook_params(own, lr=0.1, model="resnet20")
    fixed = {
        "batch_size": 128, "momentum": 0.9, "weight_decay": 0.0005, "warmup_epochs": 0,
        "label_smoothing": 0, "lr": 0.1, "model": "resnet20",
    }  # fmt: skip
    assert {key: getattr(params, key) for key in fixed} == fixed
    assert params.augment.strength == 0


@pytest.mark.parametrize("lr", RATES)
def test_the_guidebooks_poly_is_the_rate_squared(lr):
    """Its multiplier has the rate in it once more, at every epoch."""
    poly = TRAIN.model_copy(
        update={"scheduler": "poly", "epochs": 100, "warmup_epochs": 0, "lr": lr}
    )
    squared = poly.model_copy(update={"lr": guidebook_poly_rate(lr)})
    for epoch in range(100):
        multiplied = lr * learning_rate(poly, epoch)
        assert learning_rate(squared, epoch) == pytest.approx(multiplied, rel=1e-12)


def test_the_guidebooks_poly_is_drawn_from_the_squares():
    """It is at 0.1 what the right one is at 0.01."""
    poly = pd.DataFrame({"lr": [0.1, 0.01, 0.0001], "mean": [0.9, 0.6, 0.2]})
    drawn = as_guidebook_poly(poly, [0.1, 0.01])
    assert list(zip(drawn["lr"], drawn["mean"], strict=True)) == [(0.1, 0.6), (0.01, 0.2)]


def test_every_point_of_every_figure_is_in_the_table():
    """The committed table has three seeds of each point, none trained twice."""
    table = pd.read_csv(ROOT / "studies/results.csv")
    recipe = table["epochs"] == BUDGETS["recipe"]["epochs"]
    assert set(table["seeds"][~recipe]) == {3}
    grid = table[table["epochs"] == BUDGETS["budget"]["epochs"]]
    assert len(table) == len(grid) + 1
    assert {name: sorted(rows["lr"]) for name, rows in by_schedule(grid).items()} == dict.fromkeys(
        ["cosine", "poly", "exponential", "the guidebook's poly"], sorted(RATES)
    )
    assert list(by_depth(grid)["model"]) == ["resnet8", "resnet14", "resnet20"]


@pytest.mark.slow
def test_the_table_and_the_picture_are_those_of_the_results(tmp_path):
    """The committed table's figures give that table again, and a picture."""
    write_results(tmp_path, "*")
    draw_in(tmp_path)
    table = (tmp_path / "studies/results.csv").read_bytes()
    assert table == (ROOT / "studies/results.csv").read_bytes()
    with Image.open(tmp_path / "studies/figures.png") as picture:
        thirds = [picture.crop((i * picture.width // 3, 0, (i + 1) * picture.width // 3, 396))
                  for i in range(3)]  # fmt: skip
    # Each figure has the colours of its lines.
    assert all(len(third.convert("RGB").getcolors(100_000)) > 50 for third in thirds)


@pytest.mark.slow
def test_a_stopped_study_is_drawn_as_far_as_it_is(tmp_path):
    """One combination of them all is enough."""
    write_results(tmp_path, f"{ONE}-*")
    draw_in(tmp_path)
    assert len(pd.read_csv(tmp_path / "studies/results.csv")) == 1
    assert (tmp_path / "studies/figures.png").exists()


@pytest.mark.slow
def test_a_result_of_another_budget_is_left_out_and_named(tmp_path):
    """A study that is half retrained shows what the new budget came to, of both no mean."""
    write_results(tmp_path, f"{ONE}-*", "recipe-0")
    for name in (f"{ONE}-1", "recipe-0"):
        path = tmp_path / f"studies/results/{name}.json"
        result = json.loads(path.read_text(encoding="utf-8"))
        path.write_text(json.dumps(result | {"precision": "other"}), encoding="utf-8")
    printed = draw_in(tmp_path)
    assert "another budget" in printed
    assert f"recipe-0.json, {ONE}-1.json;" in printed
    assert list(pd.read_csv(tmp_path / "studies/results.csv")["seeds"]) == [2]


@pytest.mark.parametrize("patterns", [(), (f"{ONE}-*",)], ids=["none", "of another budget"])
def test_no_result_is_told(tmp_path, patterns):
    """The message says what to run."""
    write_results(tmp_path, *patterns)
    set_budget(tmp_path, epochs=21)
    with pytest.raises(UserError, match=r"holds no result: run `dvc repro studies/dvc\.yaml`"):
        load_results(tmp_path / "studies")


def trainings(*right: int, seeds: int = 3, **settings: object) -> pd.DataFrame:
    """Trainings that read so many of each photo's ten digits right."""
    photos = {f"{number}.jpg": [count, 10] for number, count in enumerate(right)}
    return pd.DataFrame([{"seed": seed, "photos": photos, **settings} for seed in range(seeds)])


def test_combinations_are_compared_on_the_same_photos():
    """Of 40 photos one reads half of every second one's digits more: a quarter of all."""
    better, worse = trainings(*[10, 8] * 20), trainings(*[5, 8] * 20, seeds=2)
    found = compare(25, Combination("deep", better), Combination("shallow", worse))
    assert (found.figure, found.one, found.other) == (25, "deep", "shallow")
    assert found.difference == 0.25
    assert 0 < found.low < 0.25 < found.high < 0.5
    assert (found.seeds_for, found.seeds) == (2, 2)


def test_nothing_is_said_of_what_was_not_trained():
    """Only pairs of which both have a seed in common are compared."""
    settings = {"model": "resnet8", "optimizer": "sgd", "valid_accuracy": 0.9}
    grid = pd.concat([
        trainings(9, 9, scheduler="cosine", lr=0.1, **settings),
        trainings(8, 9, scheduler="poly", lr=0.1, seeds=1, **settings),
        trainings(8, 9, scheduler="cosine", lr=0.01, **settings),
    ])  # fmt: skip
    assert [(its.one, its.other, its.seeds) for its in find_all(grid)] == [
        ("sgd 0.1", "sgd 0.01", 3), ("cosine 0.1", "poly 0.1", 1),
    ]  # fmt: skip


def write_results(folder: Path, *patterns: str) -> None:
    """Write the results of these names that the committed table comes from, and their budgets.

    The table has the seeds' mean, lowest and highest accuracy, and so a third one's.
    """
    (folder / "studies/results").mkdir(parents=True)
    shutil.copy(ROOT / "studies/params.yaml", folder / "studies")
    for row in pd.read_csv(ROOT / "studies/results.csv").to_dict("records"):
        low, high = row["lowest"], row["highest"]
        # The mean is rounded: where two seeds have the lowest, what is left may lie below it.
        middle = [min(max(3 * row["mean"] - low - high, low), high)] if row["seeds"] == 3 else []
        for seed, accuracy in enumerate(sorted([low, *middle, high])[: row["seeds"]]):
            part = "recipe" if row["epochs"] == BUDGETS["recipe"]["epochs"] else "budget"
            name = "recipe" if part == "recipe" else f"{row['model']}-{row['scheduler']}"
            name = name if part == "recipe" else f"{name}-{row['optimizer']}-{row['lr']}"
            if any(fnmatch(f"{name}-{seed}", pattern) for pattern in patterns):
                result = row | BUDGETS[part] | {
                    "seed": seed, "valid_accuracy": accuracy, "photos": {"a.jpg": [1, 1]},
                }  # fmt: skip
                write(folder / f"studies/results/{name}-{seed}.json", json.dumps(result))


def draw_in(folder: Path) -> str:
    """Draw, as a process, in another folder with this checkout's code; what it prints."""
    return shell(folder, "env", f"PYTHONPATH={ROOT}", "python", "-m", "studies.draw")
