"""The README's commands, each run as it is written, in a fresh clone with a home of its own."""

from __future__ import annotations

import json
import os
import re
import shutil
import site
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
import yaml
from helpers import ROOT
from repository import copy_checkout

from pipeline.sample import sample

README = (ROOT / "README.md").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Block:
    """A fenced block of commands: the heading that it stands under, its language, its lines."""

    heading: str
    language: str
    text: str


def blocks() -> list[Block]:
    found = []
    for section in re.split(r"^## ", README, flags=re.MULTILINE)[1:]:
        heading = section.splitlines()[0]
        for language, text in re.findall(r"^```(\w+)\n(.*?)^```", section, re.M | re.S):
            found.append(Block(heading, language, text))
    return found


def commands(heading: str, language: str = "sh") -> str:
    """The commands under a heading, all blocks in order."""
    return "\n".join(b.text for b in blocks() if (b.heading, b.language) == (heading, language))


@dataclass(frozen=True)
class Newcomer:
    """Someone with a clone and a home folder, who types what the README says."""

    clone: Path
    home: Path

    def types(self, script: str) -> str:
        """Run lines in one shell that stops at the first failure; returns what was printed."""
        environment = {
            "HOME": str(self.home),
            "PATH": os.environ["PATH"],
            "PHOTOS": "24",
            # `make test` within a test: set up, check style and types, and find the tests.
            "PYTEST_ADDOPTS": "--collect-only -q",
            # What mypy has found of torch and others in this checkout holds in the clone.
            "MYPY_CACHE_DIR": str(ROOT / ".mypy_cache"),
            "OMP_NUM_THREADS": "1",
            **{key: value for key, value in os.environ.items() if key.startswith("PIP_")},
            **{f"GIT_{who}_{what}": "newcomer@example.com"
               for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
        }  # fmt: skip
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=self.clone, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory: pytest.TempPathFactory) -> Newcomer:
    """A newcomer after `make`, with photos of his own at home."""
    clone = copy_checkout(tmp_path_factory.mktemp("clone"))
    home = tmp_path_factory.mktemp("home")
    for seed, name in enumerate(("photos", "new-photos", "other-site"), start=11):
        sample(home / name, photos=14 if name == "photos" else 3, seed=seed)
    # An environment of its own, in which what is installed beside this test counts as installed:
    # the download is the one thing left out.
    subprocess.run([sys.executable, "-m", "venv", clone / ".venv"], check=True)
    library = next((clone / ".venv/lib").iterdir()) / "site-packages"
    outer = [path for path in site.getsitepackages() if Path(path).is_dir()]
    (library / "outer.pth").write_text("\n".join(outer), encoding="utf-8")
    for tool in ("dvc", "ruff", "mypy", "pytest"):
        (clone / ".venv/bin" / tool).symlink_to(Path(sys.executable).parent / tool)
    person = Newcomer(clone, home)
    printed = person.types("make")
    assert "digits.accuracy" in printed
    assert "misread.png" in printed
    person.types("git add . && git commit -qm sample")
    return person


def test_a_second_make_does_nothing(newcomer: Newcomer) -> None:
    """`make` again installs nothing and runs no stage."""
    printed = newcomer.types("make")
    assert "pip install" not in printed
    assert "Running stage" not in printed


def test_make_test_sets_up_and_checks(newcomer: Newcomer) -> None:
    """`make test` checks style and types and finds the tests."""
    printed = newcomer.types(commands("Two commands").replace("make\n", "", 1))
    assert "All checks passed!" in printed
    assert "tests/test_readme.py" in printed


def test_own_photos_then_new_ones(newcomer: Newcomer) -> None:
    """Own photos take the sample's place, new ones join them, and the versions come back."""
    newcomer.types(commands("Your own photos"))
    assert len(list((newcomer.clone / "raw").glob("*.jpg"))) == 14
    newcomer.types("source .venv/bin/activate && git add . && git commit -qm 'My photos'")
    newcomer.types("source .venv/bin/activate\n" + commands("New photos"))
    assert len(list((newcomer.clone / "raw").rglob("*.jpg"))) == 17
    stats = json.loads((newcomer.clone / "data/stats.json").read_text(encoding="utf-8"))
    cut = list((newcomer.clone / "data/digits").rglob("*.jpg"))
    assert stats["digits"] == len(cut)
    compared = newcomer.types("source .venv/bin/activate\n" + commands("Is it better?"))
    assert "validation digits that neither was trained on" in compared
    newcomer.types("source .venv/bin/activate\n" + commands("Wrong labels"))
    assert (newcomer.clone / "reports/audit.csv").is_file()
    newcomer.types("source .venv/bin/activate\n" + commands("A second place"))
    assert len(list((newcomer.home / "third-machine/raw").rglob("*.jpg"))) == 17


def test_runs_are_compared(newcomer: Newcomer) -> None:
    """Experiments run and show; the guidebook's recipe is what the guidebook says."""
    script = commands("Comparing runs")
    assert "train.epochs=100" in script
    quick = re.sub(r"train\.epochs=\d+", "train.epochs=1", script)
    newcomer.types("source .venv/bin/activate\n" + quick)
    params = yaml.safe_load((newcomer.clone / "params.yaml").read_text(encoding="utf-8"))
    recipe = {
        "model": "resnet20", "input_size": 64, "batch_size": 128, "optimizer": "sgd", "lr": 0.1,
        "momentum": 0.9, "weight_decay": 0.0005, "scheduler": "cosine", "warmup_epochs": 0,
        "label_smoothing": 0, "precision": "fp32",
    }  # fmt: skip
    assert {key: params["train"][key] for key in recipe} == recipe
    assert params["train"]["augment"]["strength"] == 0
    assert params["crop"]["margin"] == 0


def test_training_starts_from_earlier_and_runs_on_two_processes(newcomer: Newcomer) -> None:
    """The README's three runs, each for one epoch."""
    script = re.sub(r"dvc exp run", "dvc exp run -S train.epochs=1", commands("Training"))
    script = script.replace("-S train.epochs=15 ", "")
    # The largest network takes minutes here.
    script = script.replace("=resnet152", "=resnet14")
    newcomer.types("source .venv/bin/activate\ngit checkout params.yaml\ndvc repro\n" + script)
    params = yaml.safe_load((newcomer.clone / "params.yaml").read_text(encoding="utf-8"))
    assert (params["train"]["launcher"], params["train"]["accumulate"]) == ("python", 8)


def test_another_site_is_measured(newcomer: Newcomer) -> None:
    """The README's command for another site leaves figures where it says."""
    newcomer.types("source .venv/bin/activate\n" + commands("Another site, another display"))
    assert (newcomer.clone / "reports/other-site/metrics.json").is_file()


def test_the_studies_are_all_there(newcomer: Newcomer) -> None:
    """The README's command would train every combination, after the pipeline's data stages."""
    script = commands("The guidebook's findings")
    assert script == "dvc repro studies/dvc.yaml\n"
    printed = newcomer.types("source .venv/bin/activate\n" + script.replace("repro", "repro --dry"))
    assert printed.count("> python -m studies.run ") == 63
    assert "'split' didn't change" in printed
    assert "'studies/dvc.yaml:draw'" in printed


def test_the_notebook_runs(newcomer: Newcomer) -> None:
    """It is where the README says, and runs with what is installed."""
    install, opened = commands("The notebook").splitlines()
    assert install == "python -m pip install --editable '.[notebook]'"
    script = opened.replace("jupyter lab", "env --unset PYTEST_ADDOPTS python -m pytest --nbmake")
    assert "1 passed" in newcomer.types("source .venv/bin/activate\n" + script + " -v")


def test_the_example_reads_a_digit(newcomer: Newcomer) -> None:
    """The model is exported, and the README's program reads from a photo what evaluate did."""
    newcomer.types("source .venv/bin/activate\n" + commands("Into your own program"))
    data, clone = newcomer.clone / "data", newcomer.clone
    digits = pd.read_csv(data / "digits.csv", dtype={"label": str})
    sure = pd.read_csv(clone / "reports/predictions.csv", dtype=str).merge(digits, on="file")
    digit = sure.sort_values("confidence").iloc[-1]
    boxes = pd.read_csv(data / "boxes.csv").set_index(["photo", "object"])
    box = boxes.loc[(digit["photo_x"], digit["object"])]
    x, y = 0.1 * (box.xmax - box.xmin), 0.1 * (box.ymax - box.ymin)
    edges = tuple(map(round, (box.xmin - x, box.ymin - y, box.xmax + x, box.ymax + y)))
    example = commands("Into your own program", "python")
    assert len(example.split("\n\n")[1].splitlines()) <= 10
    (clone / "reader.py").write_text(example.replace("(90, 40, 138, 112)", str(edges)))
    shutil.copy(clone / "raw" / digit["photo_x"], clone / "photo.jpg")
    printed = newcomer.types("source .venv/bin/activate\npython reader.py")
    label, confidence = printed.split()
    assert label == digit["predicted"]
    assert float(confidence) == pytest.approx(float(digit["confidence"]), abs=0.1)


def test_the_steps_without_make_run(newcomer: Newcomer) -> None:
    """The PowerShell and Anaconda lines run, each put as this system spells it."""
    windows = commands("Without make", "powershell")
    script = windows.replace("py -m venv .venv", "true").replace(
        ".venv\\Scripts\\Activate.ps1", "source .venv/bin/activate"
    )
    script = script.replace("Set-ExecutionPolicy -Scope Process RemoteSigned", "true")
    script = script.replace("--photos 240", "--photos 24")
    assert "\\" not in script
    shutil.rmtree(newcomer.clone / "raw")
    newcomer.types(script)
    anaconda = commands("Without make")
    if shutil.which("conda"):
        shutil.rmtree(newcomer.clone / "raw")
        newcomer.types(anaconda.replace("--photos 240", "--photos 24"))
    else:
        others = [line for line in anaconda.splitlines() if not line.startswith("conda ")]
        assert len(others) == len(anaconda.splitlines()) - 2
        # Lines that ran above, in the same order.
        assert [line for line in windows.splitlines() if line in others] == others


@pytest.mark.skipif("README_DOWNLOADS" not in os.environ, reason="set README_DOWNLOADS to download")
def test_what_is_downloaded_installs(newcomer: Newcomer) -> None:
    """The CUDA and CPU builds, and the notebook's own, are found where the README says."""
    install, _ = commands("The notebook").splitlines()
    script = commands("With an NVIDIA GPU") + install
    script = script.replace("pip install", "pip install --dry-run")
    newcomer.types("source .venv/bin/activate\n" + script)


def test_no_command_is_left_out() -> None:
    """Every block of commands stands under a heading that a test here runs."""
    run = {
        "Two commands", "Your own photos", "New photos", "A second place", "Is it better?",
        "Wrong labels", "Comparing runs", "Training", "Another site, another display",
        "Into your own program", "The guidebook's findings", "The notebook",
        "Without make", "With an NVIDIA GPU",
    }  # fmt: skip
    assert {b.heading for b in blocks() if b.language in ("sh", "powershell")} == run


def test_the_parameters_are_the_file() -> None:
    """The README shows params.yaml to the letter."""
    params = (ROOT / "params.yaml").read_text(encoding="utf-8")
    assert [b.text for b in blocks() if b.language == "yaml"] == [params]
