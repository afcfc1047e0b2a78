"""Stage 6: a model and digits to figures, pictures and a page."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from helpers import contents, write
from PIL import Image
from repository import shell

from pipeline.contracts import DIGITS, LISTS, PHOTOS, PREDICTIONS, read_list
from pipeline.dividing.copies import group_digits
from pipeline.reporting.metrics import measure
from pipeline.reporting.whole import Whole
from pipeline.runtime.errors import UserError
from pipeline.runtime.files import md5

PICTURES = {"digits.png", "misread.png"}
WRITTEN = {
    "details.json", "index.html", "metrics.json", "model_card.md", "predictions.csv",
    "readings.csv", *PICTURES,
}  # fmt: skip


def metrics(name="metrics"):
    return json.loads(Path(f"reports/{name}.json").read_text(encoding="utf-8"))


def page():
    return Path("reports/index.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_stage_writes_figures_and_pictures(evaluated):
    """As a process: what it writes, and the figures it says."""
    for name in WRITTEN:
        (evaluated.folder / "reports" / name).unlink()
    result = evaluated.run("evaluate")
    assert result.returncode == 0, result.stderr
    assert set(contents(evaluated.folder / "reports")) == {"history.csv", *WRITTEN}
    for name in PICTURES:
        Image.open(evaluated.folder / "reports" / name).verify()
    digits = metrics()["digits"]
    assert f"({digits['errors']} of {digits['count']} wrong)" in result.stderr


def test_the_stage_takes_no_options(evaluated, capsys):
    """What DVC runs is what a person runs."""
    with pytest.raises(SystemExit):
        evaluated.do("evaluate", arguments=("--model", "models/digits.pt"))
    assert "unrecognized arguments: --model" in capsys.readouterr().err


def test_the_page_has_the_runs_figures_and_curves(evaluated):
    """The accuracy that metrics.json has, and a picture for each curve and chart."""
    for score in (metrics()[name] for name in ("digits", "readings")):
        assert f'<p class="number">{score["accuracy"]:.2%}</p>' in page()
    assert page().count("data:image/svg+xml") == 6


def test_every_validation_digit_is_predicted_and_no_other(evaluated):
    """A row each, in the list's order, with its own label and photo."""
    found = PREDICTIONS.read_frame()
    assert list(found["file"]) == read_list(Path("data/valid_data.txt"))
    assert list(found["actual"]) == [file.split("/")[0] for file in found["file"]]
    assert set(found["predicted"]) <= set("0123456789")
    assert found["confidence"].between(0.1, 1).all()
    photo_of = DIGITS.read_frame().set_index("file")["photo"]
    assert list(found["photo"]) == list(photo_of[found["file"]])


def test_the_figures_are_those_of_the_predictions(evaluated):
    """By photo, every validation photo is whole and is a reading; copies are known as such."""
    found = PREDICTIONS.read_frame()
    digits = DIGITS.read_frame()
    group = group_digits(digits, PHOTOS.read_frame()).set_axis(digits["file"])
    found["group"] = group[found["file"]].to_numpy()
    whole = Whole(set(found["photo"]), set())
    figures = metrics()
    figures.pop("unboxed")  # of whole photos, which no digit's box is given for
    assert figures == measure(found, whole).as_numbers()
    assert metrics()["readings"]["count"] == found["photo"].nunique()


def test_the_model_card_is_of_this_model_and_its_data(evaluated):
    """Its hashes and counts are those of the files."""
    card = Path("reports/model_card.md").read_text(encoding="utf-8")
    for file in ("models/digits.pt", "data/train_data.txt", "data/valid_data.txt"):
        assert f"| {file} | {md5(Path(file).read_bytes())} |" in card
    sides = [read_list(Path(f"data/{side}_data.txt")) for side in ("train", "valid")]
    for label in "0123456789":
        train, valid = (sum(file.startswith(f"{label}/") for file in files) for files in sides)
        assert f"| digit {label} | {train} | {valid} |" in card
    score = {**metrics()["digits"], **metrics("details")["digits"]}
    counts = f"{score['count']} | {score['photos']} | {score['errors']}"
    assert f"| digits | {counts} | {score['accuracy']:.2%}".replace("%", " %") in card
    assert "which the model was not trained on" in card
    assert "| `split.by` | `photo` |" in card
    assert "| `train.model` | `resnet8` |" in card


@pytest.mark.slow
def test_a_photo_with_digits_in_training_is_no_reading(evaluated):
    """One digit of a validation photo is taken off the list."""
    valid = read_list(Path("data/valid_data.txt"))
    write(Path("data/valid_data.txt"), "".join(f"{file}\n" for file in valid[1:]))
    evaluated.do("train", "evaluate")
    found = PREDICTIONS.read_frame()
    assert metrics()["readings"]["count"] == found["photo"].nunique() - 1


@pytest.mark.slow
def test_a_photo_with_a_rejected_label_is_no_reading(evaluated, caplog):
    """One digit of each photo was labelled "O": what is left is right or wrong, but no reading."""
    for xml in evaluated.raw.glob("*.xml"):
        text = xml.read_text(encoding="utf-8")
        write(xml, re.sub(r"<name>\d</name>", "<name>O</name>", text, count=1))
    evaluated.do("parse", "crop", "stats", "split", "train")
    with caplog.at_level("INFO"):
        evaluated.do("evaluate")
    found = metrics()["readings"]
    photos = PREDICTIONS.read_frame()["photo"].nunique()
    assert (found["count"], found["left_out"]) == (0, photos)
    assert metrics()["digits"]["count"] == 4 * photos
    assert f"Left out of the readings: {photos} photos" in caplog.text
    assert "No reading can be counted" in page()


@pytest.mark.slow
def test_a_copy_of_a_photo_is_no_further_evidence(evaluated):
    """A validation photo saved again is read twice, and counts as one photo."""
    before = {**metrics()["readings"], **metrics("details")["readings"]}
    name = Path(PREDICTIONS.read_frame()["photo"][0]).stem
    with Image.open(evaluated.raw / f"{name}.jpg") as photo:
        photo.save(evaluated.raw / f"{name}-again.jpg", quality=85)
    text = (evaluated.raw / f"{name}.xml").read_text(encoding="utf-8")
    write(evaluated.raw / f"{name}-again.xml", text.replace(f"{name}.jpg", f"{name}-again.jpg"))
    evaluated.do("parse", "crop")
    rows = DIGITS.read_frame()
    added = rows["file"][rows["photo"] == f"{name}-again.jpg"]
    write(LISTS["valid"], LISTS["valid"].read_bytes() + "".join(f"{f}\n" for f in added).encode())
    evaluated.do("train", "evaluate")
    after = {**metrics()["readings"], **metrics("details")["readings"]}
    assert (after["count"], after["photos"]) == (before["count"] + 1, before["photos"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"train__keep": "best"}, "The epoch was chosen by these very photos"),
        ({"train__patience": 9}, "The epoch was chosen by these very photos"),
        ({"train__init": "first.pt"}, "The model started from another one"),
        ({"split__by": "digit"}, "Other digits of these same photos were trained on"),
    ],
)
def test_what_flatters_is_said_where_the_figures_are(evaluated, change, said, caplog):
    """In the log, above the page's promise and in its verdict, and in the model card."""
    shutil.copy("models/digits.pt", "first.pt")
    evaluated.set(**change)
    evaluated.do("split", "train", "evaluate")
    assert f"WARNING: {said}" in caplog.text
    # Where digits of every photo are on both sides, there is no reading and so no promise.
    places = 2 if metrics()["readings"]["count"] else 1
    assert page().count(f'<strong><span data-en="{said}') == places
    card = Path("reports/model_card.md").read_text(encoding="utf-8")
    assert f"- **{said}" in card
    unseen = "chosen" in said
    assert ("none of them trained on" in page()) == unseen
    assert ("which the model was not trained on" in card) == unseen


@pytest.mark.slow
def test_drawn_photos_are_called_drawn(evaluated):
    """By the XML that `digits sample` writes, of which parse keeps count."""
    write(Path("data/annotations.json"), json.dumps({"dialects": {"sample": 12}}))
    evaluated.do("evaluate")
    card = Path("reports/model_card.md").read_text(encoding="utf-8")
    for text in (page(), card):
        assert "The photos are drawn by `digits sample`" in text


def test_another_split_than_the_models_is_refused(evaluated):
    """Digits that the model was trained on would flatter it."""
    train = read_list(Path("data/train_data.txt"))
    write(Path("data/valid_data.txt"), "".join(f"{file}\n" for file in train))
    with pytest.raises(UserError, match="trained on another split"):
        evaluated.do("evaluate")


@pytest.mark.slow
def test_a_second_run_gives_the_same_bytes(evaluated, monkeypatch):
    """Figures, pictures, card and page depend on the inputs alone.

    Neither on the language, nor on a label audit, nor on what git has committed.
    """
    first = contents(evaluated.folder / "reports")
    monkeypatch.setenv("PIPELINE_LANG", "ko")
    write(Path("reports/audit.csv"), "no table\n")
    shell(evaluated.folder, "git", "init", "-q", "-b", "main")
    shell(evaluated.folder, "git", "add", "reports/metrics.json")
    shell(evaluated.folder, "git", "commit", "-qm", "a run")
    evaluated.do("evaluate")
    Path("reports/audit.csv").unlink()
    assert contents(evaluated.folder / "reports") == first


@pytest.mark.parametrize(
    "file",
    [
        "models/digits.pt",
        "data/valid_data.txt",
        "data/annotations.json",
        "data/digits.csv",
        "data/photos.csv",
        "data/problems.csv",
        "reports/history.csv",
    ],
)
def test_a_missing_input_is_told(evaluated, file):
    """Its stage has not run."""
    (evaluated.folder / file).unlink()
    with pytest.raises(UserError, match=rf"{file} is missing: run `dvc repro`"):
        evaluated.do("evaluate")


def test_a_list_that_names_an_unknown_digit_is_told(evaluated):
    """The model and the list agree, but digits.csv is of other digits: not a traceback."""
    file = read_list(Path("data/valid_data.txt"))[0]
    digits = DIGITS.read_frame()
    DIGITS.write_frame(digits[digits["file"] != file])
    with pytest.raises(UserError, match=rf"valid_data\.txt names {file}, which is not in"):
        evaluated.do("evaluate")


@pytest.mark.slow
def test_the_order_of_the_tables_does_not_matter(evaluated):
    """Digits are found by their file."""
    first = contents(evaluated.folder / "reports")
    DIGITS.write_frame(DIGITS.read_frame()[::-1])
    evaluated.do("evaluate")
    assert contents(evaluated.folder / "reports") == first
