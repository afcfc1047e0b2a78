"""Which photos are copies of one another."""

from __future__ import annotations

from itertools import cycle, islice

import pandas as pd
import pytest
from helpers import digits_table, photos_table

from pipeline.dividing.copies import (
    add_readings,
    are_copies,
    group_copies,
    group_digits,
    photos_of,
)

PLAIN, BIT_12, BIT_13 = "0" * 64, f"{2**12 - 1:064x}", f"{2**13 - 1:064x}"


def grouped(photos, readings=("70",)):
    """Sets of photos that are copies; a photo is (name, md5, hash), readings repeat."""
    table = pd.DataFrame(photos, columns=["photo", "md5", "perceptual_hash"])
    table["reading"] = list(islice(cycle(readings), len(photos)))
    return {frozenset(its["photo"]) for _, its in table.groupby(group_copies(table))}


def far(number):
    """A hash far from every other number's."""
    return f"{number:x}" * 64


@pytest.mark.parametrize(
    ("a", "b", "copies"),
    [
        pytest.param(("a.jpg", "same", far(1)), ("b.jpg", "same", far(2)), True, id="same bytes"),
        pytest.param(
            ("x_jpg.rf.12ab.jpg", "1", far(1)), ("x_jpg.rf.9fcd.jpg", "2", far(2)), True, id=".rf."
        ),
        pytest.param(
            ("train/x_jpg.rf.1.jpg", "1", far(1)), ("valid/x_jpg.rf.2.jpg", "2", far(2)), True,
            id=".rf. in two folders",
        ),
        pytest.param(
            ("x.jpg", "1", far(1)), ("x_jpg.rf.1.jpg", "2", far(2)), True, id=".rf. and original"
        ),
        pytest.param(
            ("cam1/x.jpg", "1", far(1)), ("cam2/x.jpg", "2", far(2)), False, id="two cameras"
        ),
        pytest.param(
            ("x_jpg.rf.12ab.jpg", "1", far(1)), ("y_jpg.rf.12ab.jpg", "2", far(2)), False,
            id="two originals",
        ),
        pytest.param(("a.jpg", "1", PLAIN), ("b.jpg", "2", BIT_12), True, id="12 bits apart"),
        pytest.param(("a.jpg", "1", PLAIN), ("b.jpg", "2", BIT_13), False, id="13 bits apart"),
        pytest.param(("a.jpg", "1", far(1)), ("b.jpg", "2", far(2)), False, id="two photos"),
    ],
)  # fmt: skip
def test_two_photos_are_copies_or_not(a, b, copies):
    """They are by bytes, by Roboflow's name, or by looks."""
    assert (len(grouped([a, b])) == 1) == copies


def test_photos_that_look_alike_with_other_digits_are_no_copies():
    """A scale on a tripod gives photos that differ in their digits alone."""
    photos = [("a.jpg", "1", PLAIN), ("b.jpg", "2", PLAIN)]
    assert len(grouped(photos, ["70", "71"])) == 2


def test_a_copy_of_a_copy_is_a_copy():
    """Here it is one photo's copy by bytes, and another's by name."""
    photos = [
        ("a.jpg", "same", far(1)),
        ("x_jpg.rf.1.jpg", "same", far(2)),
        ("x_jpg.rf.2.jpg", "3", far(3)),
        ("b.jpg", "4", far(4)),
    ]
    assert grouped(photos) == {
        frozenset({"a.jpg", "x_jpg.rf.1.jpg", "x_jpg.rf.2.jpg"}),
        frozenset({"b.jpg"}),
    }


def test_no_photos_are_no_groups():
    """An empty table is none's copy."""
    assert grouped([]) == set()


def test_a_reading_is_the_photos_digits_in_reading_order():
    """It does not depend on their rows' order; a photo without digits reads as nothing."""
    photos = pd.DataFrame({"photo": ["b.jpg", "none.jpg", "a.jpg"]})
    digits = digits_table({"a.jpg": "705", "b.jpg": "1"})[::-1]
    assert list(add_readings(photos, digits)["reading"]) == ["1", "", "705"]


def test_digits_are_of_their_photos_group():
    """Those of a photo and of its copies share a group, which is called by its first photo."""
    digits = digits_table({"a.jpg": "70", "b.jpg": "123", "c.jpg": "70"})
    photos = photos_table(["c.jpg", "b.jpg", "a.jpg"])
    photos.loc[photos["photo"] != "b.jpg", "md5"] = "same"
    names = {"a.jpg": "a.jpg", "b.jpg": "b.jpg", "c.jpg": "a.jpg"}
    assert list(group_digits(digits, photos)) == [names[photo] for photo in digits["photo"]]


def test_copies_of_other_photos_are_found():
    """A photo is one of the others' copies by its bytes, or is itself among them."""
    digits = digits_table({"a.jpg": "70", "b.jpg": "123", "c.jpg": "45"})
    photos = add_readings(photos_table(["a.jpg", "b.jpg", "c.jpg"]), digits)
    others = photos[photos["photo"] == "b.jpg"].assign(photo="elsewhere.jpg")
    assert are_copies(photos, others).tolist() == [False, True, False]
    assert are_copies(photos, photos[:1]).tolist() == [True, False, False]


def test_the_photos_of_a_list_are_those_of_its_digits():
    """One digit is enough; each photo comes with its whole reading."""
    digits = digits_table({"a.jpg": "70", "b.jpg": "123"})
    found = photos_of(["2/b.jpg-1.jpg"], digits, photos_table(["a.jpg", "b.jpg"]))
    assert found[["photo", "reading"]].to_numpy().tolist() == [["b.jpg", "123"]]
