"""`digits measure`: a model on another folder of photos."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from helpers import contents, display, draw_photo, voc_xml, write
from PIL import Image

from pipeline.commands.measure import main
from pipeline.contracts import LISTS, PREDICTIONS, PROBLEMS, read_list
from pipeline.runtime.errors import UserError

WRITTEN = {
    "details.json",
    "index.html",
    "metrics.json",
    "misread.png",
    "predictions.csv",
    "problems.csv",
}

pytestmark = pytest.mark.slow


def predictions(folder="reports/other"):
    return PREDICTIONS.read_frame(Path(folder) / "predictions.csv")


def metrics(folder="reports/other"):
    return json.loads((Path(folder) / "metrics.json").read_text(encoding="utf-8"))


def photos_of(side):
    """The names, without their ending, of the photos that have digits on a side."""
    return sorted({Path(file).stem.split("-")[0] for file in read_list(LISTS[side])})


def test_other_photos_are_measured_as_those_trained_on(evaluated):
    """The validation photos as a folder of their own give the same predictions."""
    expected = predictions("reports")
    for name in photos_of("valid"):
        for suffix in (".jpg", ".xml"):
            file = f"{name}{suffix}"
            write(Path("other") / file, (evaluated.raw / file).read_bytes())
    main(["other"])
    found = predictions().sort_values("file", ignore_index=True)
    assert found.drop(columns="confidence").equals(
        expected.drop(columns="confidence").sort_values("file", ignore_index=True)
    )
    assert metrics()["digits"] == metrics("reports")["digits"]
    assert set(contents(Path("reports/other"))) == WRITTEN


def test_other_photos_are_cut_as_the_model_was_trained(evaluated):
    """With the margin in the model, whatever params.yaml says today."""
    write(Path("other/a.xml"), voc_xml(display("70123"), "a.png"))
    draw_photo(display("70123")).save("other/a.png")
    main(["other"])
    evaluated.set(crop__margin=0.5, train__input_size=32)
    main(["other", "--out", "again"])
    assert predictions("again").equals(predictions())


def test_photos_that_the_model_was_trained_on_are_left_out(evaluated):
    """Nor are those measured that were saved again under another name; the log counts them."""
    trained_on = photos_of("train")
    shutil.copytree(evaluated.raw, "other")
    known, again = f"other/{trained_on[0]}", f"other/again-{trained_on[1]}"
    Image.open(f"other/{trained_on[1]}.jpg").save(f"{again}.jpg", quality=60)
    shutil.move(f"other/{trained_on[1]}.xml", f"{again}.xml")
    Path(f"other/{trained_on[1]}.jpg").unlink()
    done = evaluated.digits_command("measure", "other")
    assert done.returncode == 0, done.stderr
    assert f"{len(trained_on)} noted trained_on" in done.stderr
    problems = PROBLEMS.read(Path("reports/other/problems.csv"))
    left_out = {row.file for row in problems if row.reason == "trained_on"}
    assert {Path(f"{known}.jpg").name, Path(f"{again}.jpg").name} < left_out
    assert len(left_out) == len(trained_on)
    assert set(predictions()["photo"]) == set(predictions("reports")["photo"])


def test_nothing_is_measured_on_known_photos_alone(evaluated):
    """No figure is better than one that flatters."""
    name = photos_of("train")[0]
    for suffix in (".jpg", ".xml"):
        write(Path(f"other/{name}{suffix}"), (evaluated.raw / f"{name}{suffix}").read_bytes())
    with pytest.raises(UserError, match="trained on all photos in other/"):
        main(["other"])


def test_a_model_from_elsewhere_may_know_the_photos(evaluated):
    """Nobody can say whether it does, and that is told, in the log and beside the figures."""
    shutil.copytree(evaluated.raw, "other")
    shutil.move("models/digits.pt", "elsewhere.pt")
    write(LISTS["train"], LISTS["train"].read_bytes() + b"7/another-1.jpg\n")
    done = evaluated.digits_command("measure", "other", "--model", "elsewhere.pt")
    said = "data/ is not what the model was trained on"
    assert f"WARNING: {said}" in done.stderr
    assert said in Path("reports/other/index.html").read_text(encoding="utf-8")
    assert metrics()["digits"]["count"] == 60


def test_photos_that_chose_the_model_are_told(evaluated, caplog):
    """Where validation chose the epoch, its photos are measured, and the figures are too good."""
    said = "The epoch was chosen by these very photos"
    shutil.copytree(evaluated.raw, "other")
    main(["other"])
    assert said not in caplog.text
    evaluated.set(train__keep="best")
    evaluated.do("train")
    main(["other"])
    assert said in caplog.text


def test_a_photo_with_a_rejected_label_is_no_reading(evaluated, caplog):
    """What is left of it is measured as digits."""
    write(Path("other/a.xml"), voc_xml([("O", display("0")[0][1]), *display("70123")[1:]], "a.jpg"))
    write(Path("other/b.xml"), voc_xml([(".", display("0")[0][1]), *display("94567")[1:]], "b.jpg"))
    for name, digits in (("a", "70123"), ("b", "94567")):
        draw_photo(display(digits), seed=ord(name)).save(f"other/{name}.jpg")
    with caplog.at_level("INFO"):
        main(["other"])
    assert metrics()["digits"]["count"] == 8
    assert (metrics()["readings"]["count"], metrics()["readings"]["left_out"]) == (1, 1)
    assert "Left out of the readings: 1 photos" in caplog.text


def test_the_reports_of_the_pipeline_and_the_photos_are_left_alone(evaluated):
    """The tracked figures are those of the pipeline."""
    before = contents(evaluated.folder / "reports"), contents(evaluated.raw)
    shutil.copytree(evaluated.raw, "other")
    main(["other", "--out", "elsewhere"])
    assert (contents(evaluated.folder / "reports"), contents(evaluated.raw)) == before
    assert set(contents(Path("elsewhere"))) == WRITTEN


def test_photos_without_a_digit_are_told(evaluated):
    """And problems.csv says why."""
    write(Path("other/a.xml"), voc_xml(display("7"), "a.jpg"))
    with pytest.raises(UserError, match=r"no usable digit in other/.*problems\.csv"):
        main(["other"])
    reasons = {row.reason for row in PROBLEMS.read(Path("reports/other/problems.csv"))}
    assert "no_photo" in reasons


def test_it_speaks_korean(evaluated, monkeypatch, capsys, caplog):
    """Its help, what it finds, and what is wrong."""
    for name in ("PIPELINE_LANG", "LANGUAGE"):
        monkeypatch.setenv(name, "ko")
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "사용법: digits measure" in capsys.readouterr().out
    write(Path("other/a.xml"), voc_xml(display("7"), "a.jpg"))
    with caplog.at_level("INFO"), pytest.raises(UserError, match="쓸 수 있는 숫자가 없습니다"):
        main(["other"])
    assert "사진을 XML과 같은 이름으로 XML 옆에 두거나" in caplog.text
