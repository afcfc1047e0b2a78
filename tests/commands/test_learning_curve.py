"""`digits learning-curve`: trainings on shares of the photos, and the report that shows them."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers import Workplace
from repository import shell

from pipeline.commands.learning_curve import choose
from pipeline.contracts import CURVE, DIGITS, LISTS, read_list


def test_a_share_is_of_photos_and_a_larger_one_has_it(divided, monkeypatch):
    """All digits of a photo are learnt from or none; with a seed, shares are nested."""
    monkeypatch.chdir(divided.folder)
    digits = DIGITS.read_frame()
    digits = digits.assign(group=digits["photo"])
    half, most, all_of_them = (choose(digits, share, 3) for share in (0.5, 0.75, 1.0))
    assert set(half["file"]) < set(most["file"]) < set(all_of_them["file"]) == set(digits["file"])
    counts = digits["photo"].value_counts()
    assert (half["photo"].value_counts() == counts[half["photo"].unique()]).all()
    assert set(choose(digits, 0.5, 4)["file"]) != set(half["file"])


@pytest.mark.slow
def test_the_curve_is_learnt_once_and_shown(clone: Path) -> None:
    """A second command trains nothing; `dvc repro` puts the curve on the page, and only there."""
    Workplace(clone).set(train__epochs=1)
    matrix = clone / "learning_curve/dvc.yaml"
    text = matrix.read_text(encoding="utf-8")
    text = text.replace("[0.25, 0.5, 0.75, 1.0]", "[0.5, 1.0]").replace("[0, 1, 2]", "[0]")
    matrix.write_text(text, encoding="utf-8")
    shell(clone, "dvc", "repro")
    assert "What more photos would bring" not in page(clone)
    printed = shell(clone, "digits", "learning-curve")
    assert printed.count("Running stage 'learning_curve") == 2
    rows = CURVE.read(clone / CURVE.path)
    assert [(row.share, row.seed) for row in rows] == [(0.5, 0), (1.0, 0)]
    train = read_list(clone / LISTS["train"])
    assert rows[0].digits < rows[1].digits == len(train)
    assert "Running stage" not in shell(clone, "digits", "learning-curve")
    again = shell(clone, "dvc", "repro")
    assert again.count("Running stage") == again.count("Running stage 'evaluate'") == 1
    assert "What more photos would bring" in page(clone)


def page(clone: Path) -> str:
    return (clone / "reports/index.html").read_text(encoding="utf-8")
