"""Stage 6 as a command: a model and digits to figures and pictures."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from helpers import ROOT, Workplace, contents, display, draw_photo, voc_xml, write
from PIL import Image
from repository import shell

from pipeline.command import UserError
from pipeline.files import md5, read_list
from pipeline.reporting.metrics import measure
from pipeline.tables import AUDIT, BOXES, DIGITS, PREDICTIONS, read_table, write_table

TRAIN = Path("data/train_data.txt")
PICTURES = {"curves.png", "digits.png", "confusion.png", "misread.png"}


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory):
    """A workplace with a small model and its figures, once for all tests."""
    place = Workplace(tmp_path_factory.mktemp("evaluated"))
    shutil.copy(ROOT / "params.yaml", place.folder)
    place.set(
        train__model="resnet8", train__input_size=16, train__batch_size=16, train__epochs=2,
        train__device="cpu", train__precision="fp32", split__by="photo", crop__margin=0.1,
        split__validation=0.2,
    )  # fmt: skip
    place.add_displays(12)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place.folder)
        place.do("parse", "crop", "stats", "split", "train", "evaluate")
    return place


@pytest.fixture
def workplace(evaluated, tmp_path, monkeypatch):
    """A copy of it, the current folder."""
    monkeypatch.chdir(shutil.copytree(evaluated.folder, tmp_path / "workplace"))
    return Workplace(tmp_path / "workplace")


def metrics(folder="reports"):
    return json.loads((Path(folder) / "metrics.json").read_text(encoding="utf-8"))


def predictions(folder="reports"):
    return read_table(Path(folder) / "predictions.csv", PREDICTIONS)


def test_the_command_writes_figures_and_pictures(workplace):
    """As a process: what it writes, and the figures it says."""
    for name in ("index.html", "metrics.json", "model_card.md", "predictions.csv", *PICTURES):
        (workplace.folder / "reports" / name).unlink()
    result = workplace.run("evaluate")
    assert result.returncode == 0, result.stderr
    assert set(contents(workplace.folder / "reports")) == {
        "history.csv", "index.html", "metrics.json", "model_card.md", "predictions.csv", *PICTURES,
    }  # fmt: skip
    for name in PICTURES:
        Image.open(workplace.folder / "reports" / name).verify()
    digits = metrics()["digits"]
    assert f"({digits['errors']} of {digits['count']} wrong)" in result.stderr


def page(folder="reports"):
    return (Path(folder) / "index.html").read_text(encoding="utf-8")


def test_the_page_has_the_runs_figures_and_curves(workplace):
    """The accuracy that metrics.json has, and a picture for each curve."""
    digits, readings = (metrics()[name] for name in ("digits", "readings"))
    for score in (digits, readings):
        assert f'<p class="number">{score["accuracy"]:.2%}</p>' in page()
    assert page().count('data-attribute="alt"') == 6
    assert "labels were not audited" in page()
    assert "last committed run" not in page()


def test_the_page_shows_the_label_audit_where_there_is_one(workplace):
    """The table that audit leaves in reports/."""
    digits = read_table(Path("data/digits.csv"), DIGITS).head(1)
    audit = digits.rename(columns={"label": "actual"}).assign(
        xml="mend-me.xml", suggested="0", quality=0.0125
    )
    write_table(Path("reports/audit.csv"), AUDIT, audit)
    workplace.do("evaluate")
    assert "raw/mend-me.xml" in page()
    assert "0.0125" in page()


def test_the_page_stands_beside_the_last_committed_run(workplace):
    """That of git's HEAD; a change that is not committed does not count."""
    shell(workplace.folder, "git", "init", "-q", "-b", "main")
    write(Path("reports/metrics.json"), '{"digits": {"accuracy": 0.125, "count": 8}}')
    shell(workplace.folder, "git", "add", "reports/metrics.json")
    shell(workplace.folder, "git", "commit", "-qm", "a run")
    workplace.do("evaluate")
    assert "12.50% <small>(n = 8)</small>" in page()
    assert shell(workplace.folder, "git", "rev-parse", "HEAD")[:7] in page()
    first = page()
    workplace.do("evaluate")
    assert page() == first


def test_every_validation_digit_is_predicted_and_no_other(workplace):
    """A row each, in the list's order, with its own label and photo."""
    found = predictions()
    assert list(found["file"]) == read_list(Path("data/valid_data.txt"))
    assert list(found["actual"]) == [file.split("/")[0] for file in found["file"]]
    assert set(found["predicted"]) <= set("0123456789")
    assert found["confidence"].between(0.1, 1).all()
    photo_of = read_table(Path("data/digits.csv"), DIGITS).set_index("file")["photo"]
    assert list(found["photo"]) == list(photo_of[found["file"]])


def test_the_figures_are_those_of_the_predictions(workplace):
    """By photo, every validation photo is whole and is a reading."""
    found = predictions()
    assert metrics() == measure(found, set(found["photo"]))
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
    """One digit of a validation photo moved to the other list."""
    valid = read_list(Path("data/valid_data.txt"))
    write(Path("data/valid_data.txt"), "".join(f"{file}\n" for file in valid[1:]))
    workplace.do("train", "evaluate")
    assert metrics()["readings"]["count"] == predictions()["photo"].nunique() - 1


def test_another_split_than_the_models_is_refused(workplace):
    """Digits that the model was trained on would flatter it."""
    train = read_list(Path("data/train_data.txt"))
    write(Path("data/valid_data.txt"), "".join(f"{file}\n" for file in train))
    with pytest.raises(UserError, match="trained on another split"):
        workplace.do("evaluate")


def test_a_second_run_gives_the_same_bytes(workplace):
    """Figures and pictures alike."""
    first = contents(workplace.folder / "reports")
    workplace.do("evaluate")
    assert contents(workplace.folder / "reports") == first


def test_other_photos_are_measured_as_those_trained_on(workplace):
    """The validation photos as a folder of their own give the same predictions."""
    expected = predictions()
    for photo in set(expected["photo"]):
        write(Path("other") / photo, (workplace.raw / photo).read_bytes())
        xml = Path(photo).with_suffix(".xml")
        write(Path("other") / xml, (workplace.raw / xml).read_bytes())
    workplace.do("evaluate", arguments=("--photos", "other"))
    found = predictions("reports/other").sort_values("file", ignore_index=True)
    assert found.drop(columns="confidence").equals(
        expected.drop(columns="confidence").sort_values("file", ignore_index=True)
    )
    assert metrics("reports/other")["digits"] == metrics()["digits"]


def test_other_photos_are_cut_as_the_model_was_trained(workplace):
    """With the margin in the model, whatever params.yaml says today."""
    write(Path("other/a.xml"), voc_xml(display("70123"), "a.png"))
    draw_photo(display("70123")).save("other/a.png")
    workplace.do("evaluate", arguments=("--photos", "other"))
    first = (workplace.folder / "reports/other/predictions.csv").read_bytes()
    workplace.set(crop__margin=0.5, train__input_size=32)
    workplace.do("evaluate", arguments=("--photos", "other", "--out", "again"))
    assert (workplace.folder / "again/predictions.csv").read_bytes() == first


def test_photos_that_the_model_was_trained_on_are_left_out(workplace):
    """Nor saved again under another name; each is listed, and the log says how many."""
    trained_on = sorted({Path(file).stem.split("-")[0] for file in read_list(TRAIN)})
    shutil.copytree(workplace.raw, "other")
    known, again = f"other/{trained_on[0]}", f"other/again-{trained_on[1]}"
    Image.open(f"other/{trained_on[1]}.jpg").save(f"{again}.jpg", quality=60)
    shutil.move(f"other/{trained_on[1]}.xml", f"{again}.xml")
    Path(f"other/{trained_on[1]}.jpg").unlink()
    done = workplace.run("evaluate", "--photos", "other")
    assert done.returncode == 0, done.stderr
    assert f"{len(trained_on)} noted trained_on" in done.stderr
    problems = pd.read_csv("reports/other/problems.csv")
    left_out = set(problems["file"][problems["reason"] == "trained_on"])
    assert {Path(f"{known}.jpg").name, Path(f"{again}.jpg").name} < left_out
    assert len(left_out) == len(trained_on)
    assert set(predictions("reports/other")["photo"]) == set(predictions()["photo"])


def test_nothing_is_measured_on_known_photos_alone(workplace):
    """No figure is better than one that flatters."""
    name = Path(read_list(TRAIN)[0]).stem.split("-")[0]
    for suffix in (".jpg", ".xml"):
        write(Path(f"other/{name}{suffix}"), (workplace.raw / f"{name}{suffix}").read_bytes())
    with pytest.raises(UserError, match="trained on all photos in other/"):
        workplace.do("evaluate", arguments=("--photos", "other"))


def test_a_model_from_elsewhere_may_know_the_photos(workplace):
    """Which is said, since it cannot be told."""
    shutil.copytree(workplace.raw, "other")
    write(TRAIN, (workplace.folder / TRAIN).read_bytes() + b"7/another-1.jpg\n")
    done = workplace.run("evaluate", "--photos", "other")
    assert "WARNING: data/ is not what the model was trained on" in done.stderr
    assert metrics("reports/other")["digits"]["count"] == 60


def test_measuring_other_photos_leaves_the_reports_alone(workplace):
    """The tracked figures are those of the pipeline."""
    before = contents(workplace.folder / "reports")
    raw = contents(workplace.raw)
    shutil.copytree(workplace.raw, "other")
    workplace.do("evaluate", arguments=("--photos", "other", "--out", "elsewhere"))
    assert contents(workplace.folder / "reports") == before
    assert contents(workplace.raw) == raw
    assert {"index.html", "metrics.json", "predictions.csv", "problems.csv"} <= set(
        contents(Path("elsewhere"))
    )


def test_other_photos_without_a_digit_are_told(workplace):
    """And problems.csv says why."""
    write(Path("other/a.xml"), voc_xml(display("7"), "a.jpg"))
    with pytest.raises(UserError, match=r"no usable digit in other/.*problems\.csv"):
        workplace.do("evaluate", arguments=("--photos", "other"))
    assert "no_photo" in set(pd.read_csv("reports/other/problems.csv")["reason"])


@pytest.mark.parametrize(
    "file",
    [
        "models/digits.pt",
        "data/valid_data.txt",
        "data/boxes.csv",
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
    """The list is of other digits than digits.csv: not a traceback."""
    with Path("data/valid_data.txt").open("a", encoding="utf-8") as file:
        file.write("7/unknown-1.jpg\n")
    with pytest.raises(UserError):
        workplace.do("evaluate")


def test_boxes_are_matched_by_photo_and_object(workplace):
    """The order of boxes.csv does not matter."""
    first = contents(workplace.folder / "reports")
    path = Path("data/boxes.csv")
    read_table(path, BOXES)[::-1].to_csv(path, index=False)
    workplace.do("evaluate")
    assert contents(workplace.folder / "reports") == first
