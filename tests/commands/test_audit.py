"""The audit as a command: wrong labels are found, named by their place, and put right."""

from __future__ import annotations

import logging
import os
import random
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helpers import Workplace, contents, furnish
from repository import shell

from pipeline.commands.audit import PAGE, find_doubtful, judge, load_digits
from pipeline.commands.sample import sample
from pipeline.contracts import DIGITS, DOUBTS
from pipeline.images.digits import labels_of
from pipeline.params import load_params
from pipeline.runtime.errors import UserError

log = logging.getLogger(__name__)

NAME = re.compile(r"<name>(\d)</name>")
FLIPPED = 6  # of 300 digits


def flip_labels(raw: Path, count: int, seed: int = 0) -> dict[tuple[str, int], str]:
    """Give some digits another label, in their XML; returns the right ones by XML and object."""
    draw = random.Random(seed)
    places = [
        (xml, i)
        for xml in sorted(raw.glob("*.xml"))
        for i in range(len(NAME.findall(xml.read_text(encoding="utf-8"))))
    ]
    right = {}
    for xml, i in draw.sample(places, count):
        text = xml.read_text(encoding="utf-8")
        name = list(NAME.finditer(text))[i]
        wrong = draw.choice("0123456789".replace(name[1], ""))
        xml.write_text(f"{text[: name.start(1)]}{wrong}{text[name.end(1) :]}", encoding="utf-8")
        right[xml.name, i + 1] = name[1]
    return right


@pytest.fixture(scope="module")
def flipped(tmp_path_factory):
    """A workplace of photos with some flipped labels, cut; and the right labels."""
    place = Workplace(tmp_path_factory.mktemp("flipped"))
    furnish(place.folder)
    place.set(
        train__input_size=16, machine__device="cpu", train__precision="fp32",
        audit__folds=3, audit__model="resnet8", audit__epochs=20, audit__lr=0.005,
        audit__strength=0.5, audit__repeats=1,
    )  # fmt: skip
    place.add_displays(60)
    right = flip_labels(place.raw, FLIPPED)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place.folder)
        place.do("parse", "crop", "stats")
    return place, right


@pytest.fixture
def workplace(flipped, tmp_path, monkeypatch):
    """A copy of it, the current folder."""
    monkeypatch.chdir(shutil.copytree(flipped[0].folder, tmp_path / "workplace"))
    return Workplace(tmp_path / "workplace")


def recall(found, right):
    """Share of the flipped labels among as many suggestions, each with the right label."""
    first = found[: len(right)]
    places = zip(first["xml"], first["object"], strict=True)
    suggested = dict(zip(places, first["suggested"], strict=True))
    return sum(suggested.get(place) == label for place, label in right.items()) / len(right)


@pytest.mark.slow
def test_flipped_labels_come_first(workplace, flipped):
    """All are among as many suggestions, each with its right label and its place."""
    result = workplace.digits_command("audit")
    assert result.returncode == 0, result.stderr
    found = DOUBTS.read_frame()
    assert recall(found, flipped[1]) == 1
    assert len(found) < 2 * FLIPPED
    assert f"{len(found)} of 300 labels are doubtful: see reports/audit.csv" in result.stderr
    page = PAGE.read_text(encoding="utf-8")
    assert all(xml in page for xml in found["xml"])


@pytest.mark.skipif("AUDIT_SAMPLE" not in os.environ, reason="set AUDIT_SAMPLE: takes half an hour")
@pytest.mark.parametrize(("share", "draws"), [(0.01, 5), (0.03, 3)])
def test_the_samples_flipped_labels_come_first(tmp_path, monkeypatch, share, draws):
    """At least 90 % are among as many suggestions, with params.yaml as it stands."""
    furnish(tmp_path)
    monkeypatch.chdir(tmp_path)
    sample(Path("raw"), photos=240, seed=0)
    place = Workplace(tmp_path)
    place.do("parse", "crop", "stats")
    digits = len(DIGITS.read_frame())
    shutil.copytree("raw", "unflipped")
    found = []
    for seed in range(draws):
        shutil.rmtree("raw")
        shutil.copytree("unflipped", "raw")
        right = flip_labels(Path("raw"), round(share * digits), seed)
        place.do("parse", "crop", "audit")
        found.append(recall(DOUBTS.read_frame(), right))
        log.info("%s flipped, draw %d: %.1f %% found", share, seed, 100 * found[-1])
    assert min(found) >= 0.9


@pytest.mark.slow
def test_the_rounds_are_averaged(workplace):
    """Two rounds are the mean of what each of their seeds has alone."""
    workplace.set(audit__epochs=1)
    digits = load_digits()
    files, groups = list(digits["file"]), digits["group"].to_numpy()
    params = load_params()
    judged = [
        judge(files, groups, params.model_copy(update=update))
        for update in (
            {},
            {"train": params.train.model_copy(update={"seed": params.train.seed + 1})},
            {"audit": params.audit.model_copy(update={"repeats": 2})},
        )
    ]
    assert not np.allclose(judged[0], judged[1])
    assert np.allclose(judged[2], (judged[0] + judged[1]) / 2)


def probabilities_of(*answers: tuple[int, float]) -> np.ndarray:
    """A row a digit: the probability of one class, the rest shared by the others."""
    rows = np.array([[(1 - share) / 9] * 10 for _, share in answers])
    for row, (answer, share) in zip(rows, answers, strict=True):
        row[answer] = share
    return rows


def doubts(labels, photos, probabilities):
    places = enumerate(zip(labels, photos, strict=True))
    files = [f"{label}/{photo}{i}" for i, (label, photo) in places]
    digits = pd.DataFrame({"file": files, "label": [*labels], "photo": [*photos]})
    return find_doubtful(digits, labels_of(files), probabilities)


def test_the_surest_suggestions_come_first():
    """A label is doubtful because it was read as another, not because it was hard to read."""
    found = doubts("117", "abc", probabilities_of((3, 0.46), (8, 0.91), (7, 0.91)))
    assert found["file"].tolist() == ["1/b1", "1/a0"]
    assert found["suggested"].tolist() == ["8", "3"]
    # Of a photo with one digit, its lead is the photo's certainty, too.
    assert found["quality"].tolist() == pytest.approx([0.095, 0.42])


def test_a_blurred_photos_digits_come_last():
    """One is misread with confidence, and yet behind a label that is read otherwise less surely."""
    blurred, sharp = [(1, 0.94), (1, 0.3), (1, 0.3)], [(3, 0.85), (7, 0.99), (8, 0.99)]
    found = doubts("456278", "bbbsss", probabilities_of(*blurred, *sharp))
    assert found["file"].tolist()[:2] == ["2/s3", "4/b0"]
    assert len(found) == 4


def test_a_photo_with_anothers_labels_comes_first():
    """Its digits are all read otherwise, and surely, so it is not taken for a blurred one."""
    swapped, sharp = [(1, 0.98), (2, 0.98), (3, 0.98)], [(3, 0.85), (7, 0.99), (8, 0.99)]
    found = doubts("456278", "wwwsss", probabilities_of(*swapped, *sharp))
    assert found["file"].tolist() == ["4/w0", "5/w1", "6/w2", "2/s3"]


@pytest.mark.slow
def test_only_the_doubtful_are_listed_the_worst_first(workplace):
    """They are in a fixed order, the same in every run, whatever the networks have learnt."""
    workplace.set(audit__epochs=1)
    workplace.do("audit")
    first = contents(Path("reports"))
    found = DOUBTS.read_frame()
    assert found[["quality", "file"]].apply(tuple, axis=1).is_monotonic_increasing
    assert found["quality"].between(0, 1).all()
    assert (found["actual"] != found["suggested"]).all()
    assert list(found["actual"]) == [file.split("/")[0] for file in found["file"]]
    workplace.do("audit")
    assert contents(Path("reports")) == first


def test_networks_that_learnt_too_little_are_told(workplace, caplog):
    """Their doubts are not worth much, and the log says so."""
    workplace.set(audit__epochs=1, audit__lr=0.0001)
    caplog.set_level("INFO")
    workplace.do("audit")
    assert "raise audit.epochs" in caplog.text


def test_too_few_photos_are_told(workplace):
    """The message says what to change."""
    digits = DIGITS.read_frame()
    few = digits[digits["photo"].isin(sorted(digits["photo"])[:2])]
    DIGITS.write_frame(few)
    with pytest.raises(UserError, match=r"audit\.folds is 3, but .* from [12] photos"):
        workplace.do("audit")


@pytest.mark.parametrize("file", ["digits.csv", "photos.csv"])
def test_a_missing_input_is_told(workplace, file):
    """The message says what to run, as its stage has not run."""
    (workplace.folder / "data" / file).unlink()
    with pytest.raises(UserError, match=rf"{file} is missing: run `dvc repro`"):
        workplace.do("audit")


@pytest.mark.slow
def test_it_runs_when_asked_and_only_for_new_digits(clone):
    """`dvc repro` leaves it alone; its own command runs it, and again when a label was mended."""
    ask = ("dvc", "repro", "audit/dvc.yaml")
    assert "audit" not in shell(clone, "dvc", "repro")
    assert "Running stage 'audit/dvc.yaml:audit'" in shell(clone, *ask)
    assert "Running stage" not in shell(clone, *ask)
    assert "Running stage" not in shell(clone, "dvc", "repro")
    flip_labels(clone / "raw", 1)
    ran = re.findall(r"Running stage '(?:.*:)?(\w+)'", shell(clone, *ask))
    assert ran == ["parse", "crop", "audit"]
