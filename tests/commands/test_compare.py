"""Two revisions' models, compared on the digits that neither was trained on."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from helpers import Workplace, display
from repository import STAGES, copy_checkout, digits, shell

from pipeline.commands.compare import main, unseen_digits
from pipeline.commands.sample import sample
from pipeline.contracts import DIGITS, LISTS, WHOLE, write_list


def compare(folder: Path, *arguments: str, code: int = 0) -> str:
    return digits(folder, "compare", *arguments, code=code)


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two commits: a model after one epoch, then the same photos and more after thirty."""
    folder = copy_checkout(tmp_path_factory.mktemp("history"))
    sample(folder / "raw", photos=40, seed=3)
    place = Workplace(folder)
    place.set(train__optimizer="adam", train__lr=0.003, train__batch_size=16)
    for epochs, stages in ((1, STAGES), (30, ["train", "evaluate"])):
        place.set(train__epochs=epochs)
        assert [stage for stage in stages if place.run(stage).returncode] == []
        shell(folder, "dvc", "commit", "--force", "raw.dvc", "dvc.yaml")
        shell(folder, "git", "add", ".")
        shell(folder, "git", "commit", "-qm", f"{epochs} epochs")
    return folder


@pytest.mark.slow
def test_the_better_model_is_found(history: Path) -> None:
    """Both read the same unseen digits, and the report adds up and tells that one is better."""
    printed = compare(history, "HEAD~1")
    report = json.loads((history / "reports/compare/compare.json").read_text(encoding="utf-8"))
    listed = (history / "data/valid_data.txt").read_text(encoding="utf-8").splitlines()
    metrics, details = (
        json.loads((history / f"reports/{name}.json").read_text(encoding="utf-8"))
        for name in ("metrics", "details")
    )
    assert report["count"] == len(listed)
    assert report["new_right"] == report["count"] - metrics["digits"]["errors"]
    assert report["new_right"] - report["old_right"] == report["gained"] - report["lost"]
    assert report["p_value"] < 0.05
    assert report["interval"][0] > 0
    assert f"trained on: {len(listed)} (photos: {details['digits']['photos']})" in printed
    assert report["photos"] == details["digits"]["photos"] >= report["uneven"] > 5
    assert f"one is ahead on {report['uneven']} photos" in printed
    assert f"Digits in their boxes: Better: {report['gained']} more are read right" in printed
    assert (history / "reports/compare/gained.png").stat().st_size > 5000


@pytest.mark.slow
def test_whole_photos_are_compared_by_what_both_read(history: Path, tmp_path: Path) -> None:
    """Of photos in both readings.csv, whatever their names; the last line says so."""
    folder = Path(shutil.copytree(history, tmp_path / "whole", symlinks=True))
    path = folder / "reports/readings.csv"
    table = WHOLE.read_frame(path)
    assert len(table) >= 8
    WHOLE.write_frame(table.assign(right=1), path)
    shell(folder, "dvc", "commit", "--force", "dvc.yaml")
    shell(folder, "git", "commit", "--allow-empty", "-qam", "all right")
    # Since then, seven are read wrong, and one photo has not been read.
    worse = table.assign(right=[0] * 7 + [1] * (len(table) - 7))[:-1]
    path.unlink()
    WHOLE.write_frame(worse, path)
    printed = compare(folder, "HEAD").splitlines()[-1]
    count = len(worse)
    assert printed.startswith(
        f"Whole photos, without boxes: {count}, of which HEAD read {count} right and today "
        f"{count - 7}. Worse: 7 fewer are read right, 0 more."
    )
    report = json.loads((folder / "reports/compare/compare.json").read_text(encoding="utf-8"))
    assert (report["whole_photos"]["lost"], report["whole_photos"]["gained"]) == (7, 0)


@pytest.mark.slow
def test_a_drop_fails(history: Path, tmp_path: Path) -> None:
    """With --max-drop a worse model exits with 1, and an equal one with 0."""
    folder = Path(shutil.copytree(history, tmp_path / "worse", symlinks=True))
    assert "No difference can be told" in compare(folder, "HEAD", "--max-drop", "0.002")
    shell(folder, "git", "checkout", "-q", "HEAD~1")
    shell(folder, "dvc", "checkout", "dvc.yaml")
    printed = compare(folder, "main", "--max-drop", "0.002", code=1)
    assert "FAILED: the accuracy fell by more than 0.002" in printed


@pytest.mark.parametrize("share", ["2", "-0.1", "nan"])
def test_a_drop_is_a_share(share: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A gate of 2, meant as 2 %, would let everything pass, and so is refused."""
    with pytest.raises(SystemExit, match="2"):
        main(["HEAD", "--max-drop", share])
    assert "2 % is 0.02" in capsys.readouterr().err


@pytest.mark.slow
def test_digits_the_old_model_was_trained_on_are_left_out(history: Path, tmp_path: Path) -> None:
    """After another split only those validation digits count that were validation before too."""
    folder = Path(shutil.copytree(history, tmp_path / "split", symlinks=True))
    before = set((folder / "data/valid_data.txt").read_text(encoding="utf-8").splitlines())
    place = Workplace(folder)
    place.set(split__seed=5, split__validation=0.4, train__epochs=1)
    assert [stage for stage in ("split", "train") if place.run(stage).returncode] == []
    after = set((folder / "data/valid_data.txt").read_text(encoding="utf-8").splitlines())
    compare(folder, "HEAD")
    report = json.loads((folder / "reports/compare/compare.json").read_text(encoding="utf-8"))
    assert 0 < len(after & before) < len(after)
    assert report["count"] == len(after & before)


@pytest.mark.slow
def test_a_burst_that_the_old_model_learnt_from_is_left_out(workplace: Workplace) -> None:
    """Its photos are copies by where their digits are, which the old revision's tables tell."""
    shell(workplace.folder, "git", "init", "-q")
    shell(workplace.folder, "dvc", "init", "-q")
    workplace.add("old.jpg", display("1234"), seed=1)
    workplace.add("other.jpg", display("98765"), seed=2)
    workplace.do("parse", "crop")
    save_lists(trained_on="old.jpg")
    shell(workplace.folder, "git", "add", "--force", "data")
    shell(workplace.folder, "git", "commit", "-qm", "old")
    (workplace.raw / "old.jpg").unlink()
    workplace.add("new.jpg", display("1234", left=7), seed=9)
    workplace.do("parse", "crop")
    save_lists(trained_on="")
    assert set(unseen_digits("HEAD")["photo"]) == {"other.jpg"}


def save_lists(trained_on: str) -> None:
    """Training is the digits of one photo, validation all others'."""
    digits = DIGITS.read_frame()
    trained = digits["photo"] == trained_on
    write_list(LISTS["train"], list(digits["file"][trained]))
    write_list(LISTS["valid"], list(digits["file"][~trained]))


@pytest.mark.slow
def test_an_unknown_revision_is_a_message(history: Path) -> None:
    """A revision that does not exist is named, with what to do."""
    printed = compare(history, "nowhere", code=1)
    assert "nowhere is no git revision: `git log --oneline` lists them" in printed


@pytest.mark.slow
def test_a_model_that_is_nowhere_is_a_message(history: Path, tmp_path: Path) -> None:
    """A clone that ran the pipeline itself has its own version, not the earlier ones."""
    folder = tmp_path / "clone"
    shell(history, "git", "clone", "-q", str(history), str(folder))
    for name in ("data", "models", "reports"):
        shutil.copytree(history / name, folder / name, dirs_exist_ok=True)
    printed = compare(folder, "HEAD~1", code=1)
    assert "models/digits.pt of HEAD~1 is neither in DVC's cache nor in a remote" in printed
    assert "ERROR: nothing to compare with: " in printed
