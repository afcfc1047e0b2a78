"""What people labelled on a photo, as the locator learns from it."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from pipeline.contracts import BoxRow, ObjectRow
from pipeline.params import MachineParams
from pipeline.reading.labelled import count_displays, gather, load_scenes

MACHINE = MachineParams(
    device="cpu", threads=1, launcher="python", max_memory=None, compile=False, cluster=None
)


def digit(column, row=0, photo="a.png", height=40):
    """The box of a 3 in a row."""
    left, top = 20 + 30 * column, 20 + 60 * row
    return BoxRow(photo, "a.xml", column + 1, "3", left, top, left + 24, top + height, row, column)


def other(label, box, photo="a.png"):
    """A box that is no digit's."""
    return ObjectRow(photo, "a.xml", 9, label, *box)


@pytest.mark.parametrize(
    ("box", "after"),
    [
        pytest.param((74, 54, 80, 60), (0, 1, 0), id="between two digits"),
        pytest.param((66, 54, 72, 60), (0, 1, 0), id="within the digit's box"),
        pytest.param((104, 54, 110, 60), (0, 0, 1), id="behind the last"),
        pytest.param((74, 20, 80, 26), (0, 0, 0), id="too high: no point"),
    ],
)
def test_a_point_is_behind_the_digit_beside_it(box, after):
    """Wherever in its cell it was drawn."""
    (photo,) = gather([digit(i) for i in range(3)], [other(".", box)], [], ["."])
    assert photo.after == after


def test_without_a_labelled_point_nobody_says():
    """The photo may show one all the same."""
    (photo,) = gather([digit(0), digit(1)], [], [], ["."])
    assert photo.after == (-1, -1)


def test_a_label_that_is_unknown_may_be_a_digit():
    """One that is to be ignored is none."""
    others = [other("?", (0, 0, 9, 9)), other("kWh", (9, 9, 20, 20)), other(".", (44, 54, 48, 60))]
    (photo,) = gather([digit(0)], others, ["kWh", "."], ["."])
    assert [its.label for its in photo.unsure] == ["?"]


def test_the_usual_number_of_displays_is_counted():
    """Most photos have two rows here."""
    digits = [digit(0, row, name) for name in ("a", "b") for row in (0, 1)] + [digit(0, 0, "c")]
    assert count_displays(gather(digits, [], [], [])) == 2


@pytest.mark.parametrize("height", [20, 200])
def test_a_photo_is_kept_as_large_as_its_digits_need(tmp_path, height):
    """Its digits lie on the same share of it as before."""
    Image.new("RGB", (800, 600)).save(tmp_path / "a.png")
    photos = gather([digit(1, height=height)], [], [], [])
    (scene,) = load_scenes(tmp_path, photos, MACHINE)
    assert (scene.photo.width < 800) == (height == 200)
    box = np.array([62, 20 + height / 2, 24, height]) / [800, 600, 800, 600]
    size = np.array([*scene.photo.size, *scene.photo.size])
    assert np.allclose(scene.boxes[0] / size, box, atol=0.005)
