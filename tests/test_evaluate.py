"""Stage 6: a model and digits to figures, pictures and a page."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from helpers import Workplace, contents, write
from PIL import Image
from repository import shell

from pipeline.contracts import DIGITS, PREDICTIONS, read_list
from pipeline.reporting.metrics import measure
from pipeline.runtime.errors import UserError
from pipeline.runtime.files import md5

PICTURES = {"digits.png", "misread.png"}
WRITTEN = {"index.html", "metrics.json", "model_card.md", "predictions.csv", *PICTURES}


@pytest.fixture(scope="module")
def evaluated(divided_once, tmp_path_factory):
    """A workplace with a small model and its figures, once for all tests."""
    folder = tmp_path_factory.mktemp("evaluated") / "workplace"
    place = Workplace(shutil.copytree(divided_once.folder, folder))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place.folder)
        place.do("train", "evaluate")
    return place


@pytest.fixture
def workplace(evaluated, tmp_path, monkeypatch):
    """A copy of it, the current folder."""
    monkeypatch.chdir(shutil.copytree(evaluated.folder, tmp_path / "workplace"))
    return Workplace(tmp_path / "workplace")


def metrics():
    return json.loads(Path("reports/metrics.json").read_text(encoding="utf-8"))


def page():
    return Path("reports/index.html").read_text(encoding="utf-8")


def test_the_stage_writes_figures_and_pictures(workplace):
    """As a process: what it writes, and the figures it says."""
    for name in WRITTEN:
        (workplace.folder / "reports" / name).unlink()
    result = workplace.run("evaluate")
    assert result.returncode == 0, result.stderr
    assert set(contents(workplace.folder / "reports")) == {"history.csv", *WRITTEN}
    for name in PICTURES:
        Image.open(workplace.folder / "reports" / name).verify()
    digits = metrics()["digits"]
    assert f"({digits['errors']} of {digits['count']} wrong)" in result.stderr


def test_the_stage_takes_no_options(workplace, capsys):
    """What DVC runs is what a person runs."""
    with pytest.raises(SystemExit):
        workplace.do("evaluate", arguments=("--model", "models/digits.pt"))
    assert "unrecognized arguments: --model" in capsys.readouterr().err


def test_the_page_has_the_runs_figures_and_curves(workplace):
    """The accuracy that metrics.json has, and a picture for each curve and chart."""
    for score in (metrics()[name] for name in ("digits", "readings")):
        assert f'<p class="number">{score["accuracy"]:.2%}</p>' in page()
    assert page().count("data:image/svg+xml") == 6


def test_every_validation_digit_is_predicted_and_no_other(workplace):
    """A row each, in the list's order, with its own label and photo."""
    found = PREDICTIONS.read_frame()
    assert list(found["file"]) == read_list(Path("data/valid_data.txt"))
    assert list(found["actual"]) == [file.split("/")[0] for file in found["file"]]
    assert set(found["predicted"]) <= set("0123456789")
    assert found["confidence"].between(0.1, 1).all()
    photo_of = DIGITS.read_frame().set_index("file")["photo"]
    assert list(found["photo"]) == list(photo_of[found["file"]])


def test_the_figures_are_those_of_the_predictions(workplace):
    """By photo, every validation photo is whole and is a reading."""
    found = PREDICTIONS.read_frame()
    assert metrics() == measure(found, set(found["photo"])).as_numbers()
    assert metrics()["readings"]["count"] == found["photo"].nunique()


def test_the_model_card_is_of_this_model_and_its_data(workplace):
    """Its hashes and counts are those of the files."""
    card = Path("reports/model_card.md").read_text(encoding="utf-8")
    for file in ("models/digits.pt", "data/train_data.txt", "data/valid_data.txt"):
        assert f"| {file} | {md5(Path(file).read_bytes())} |" in card
    sides = [read_list(Path(f"data/{side}_data.txt")) for side in ("train", "valid")]
    for label in "0123456789":
        train, valid = (sum(file.startswith(f"{label}/") for file in files) for files in sides)
        assert f"| digit {label} | {train} | {valid} |" in card
    score = metrics()["digits"]
    assert f"| digits | {score['count']} | {score['errors']} | " in card
    assert "| `split.by` | `photo` |" in card
    assert "| `train.model` | `resnet8` |" in card


def test_a_photo_with_digits_in_training_is_no_reading(workplace):
    """One digit of a validation photo is taken off the list."""
    valid = read_list(Path("data/valid_data.txt"))
    write(Path("data/valid_data.txt"), "".join(f"{file}\n" for file in valid[1:]))
    workplace.do("train", "evaluate")
    found = PREDICTIONS.read_frame()
    assert metrics()["readings"]["count"] == found["photo"].nunique() - 1


def test_another_split_than_the_models_is_refused(workplace):
    """Digits that the model was trained on would flatter it."""
    train = read_list(Path("data/train_data.txt"))
    write(Path("data/valid_data.txt"), "".join(f"{file}\n" for file in train))
    with pytest.raises(UserError, match="trained on another split"):
        workplace.do("evaluate")


def test_a_second_run_gives_the_same_bytes(workplace, monkeypatch):
    """Figures, pictures, card and page depend on the inputs alone.

    Neither on the language, nor on a label audit, nor on what git has committed.
    """
    first = contents(workplace.folder / "reports")
    monkeypatch.setenv("PIPELINE_LANG", "ko")
    write(Path("reports/audit.csv"), "no table\n")
    shell(workplace.folder, "git", "init", "-q", "-b", "main")
    shell(workplace.folder, "git", "add", "reports/metrics.json")
    shell(workplace.folder, "git", "commit", "-qm", "a run")
    workplace.do("evaluate")
    Path("reports/audit.csv").unlink()
    assert contents(workplace.folder / "reports") == first


@pytest.mark.parametrize(
    "file",
    [
        "models/digits.pt",
        "data/valid_data.txt",
        "data/digits.csv",
        "data/problems.csv",
        "reports/history.csv",
    ],
)
def test_a_missing_input_is_told(workplace, file):
    """Its stage has not run."""
    (workplace.folder / file).unlink()
    with pytest.raises(UserError, match=rf"{file} is missing: run `dvc repro`"):
        workplace.do("evaluate")


def test_a_list_that_names_an_unknown_digit_is_told(workplace):
    """The model and the list agree, but digits.csv is of other digits: not a traceback."""
    file = read_list(Path("data/valid_data.txt"))[0]
    digits = DIGITS.read_frame()
    DIGITS.write_frame(digits[digits["file"] != file])
    with pytest.raises(UserError, match=rf"valid_data\.txt names {file}, which is not in"):
        workplace.do("evaluate")


def test_the_order_of_the_tables_does_not_matter(workplace):
    """Digits are found by their file."""
    first = contents(workplace.folder / "reports")
    DIGITS.write_frame(DIGITS.read_frame()[::-1])
    workplace.do("evaluate")
    assert contents(workplace.folder / "reports") == first
