"""Photos with the same bytes: found, and used once where their boxes agree."""

from __future__ import annotations

import pytest
from helpers import ROOT, display, draw_photo, jpeg, voc_xml, write

from pipeline.annotations.equal_photos import same_boxes, same_bytes
from pipeline.annotations.folder import read_folder
from pipeline.images.box import Box
from pipeline.params import load_params

PARAMS = load_params(ROOT / "params.yaml").parse
PHOTO = jpeg(draw_photo(display("70")))
SEVEN, ZERO = (Box(6, 30, 30, 70), "7"), (Box(36, 30, 60, 70), "0")


def moved(box, by):
    return box._replace(xmin=box.xmin + by)


@pytest.mark.parametrize(
    ("others", "same"),
    [
        pytest.param([SEVEN, ZERO], True, id="equal"),
        pytest.param([ZERO, SEVEN], True, id="another order"),
        pytest.param([SEVEN, (moved(ZERO[0], 1), "0")], True, id="rounded"),
        pytest.param([SEVEN, (moved(ZERO[0], -1), "0")], True, id="rounded down"),
        pytest.param([SEVEN, (moved(ZERO[0], 4), "0")], True, id="narrower"),
        pytest.param([SEVEN, (Box(40, 27, 66, 72), "0")], True, id="another hand"),
        pytest.param([SEVEN, (Box(50, 30, 74, 70), "0")], False, id="elsewhere"),
        pytest.param([SEVEN, (ZERO[0], "8")], False, id="another label"),
        pytest.param([SEVEN], False, id="one missing"),
        pytest.param([SEVEN, ZERO, (Box(66, 30, 90, 70), "1")], False, id="one more"),
        pytest.param([], False, id="none"),
    ],
)
def test_boxes_are_the_same_but_for_the_hand(others, same):
    """Labels are equal in reading order, and what two boxes share is half of the smaller one."""
    assert same_boxes([SEVEN, ZERO], others) == same
    assert same_boxes(others, [SEVEN, ZERO]) == same


def test_only_the_same_bytes_are_a_group(tmp_path):
    """Files of the same length are not enough."""
    for name, content in {"c": "11", "a": "11", "b": "12", "d": "3", "0/e": "11"}.items():
        write(tmp_path / name, content)
    assert same_bytes(tmp_path, ["0/e", "c", "a", "b", "d"]) == [["a", "c", "0/e"]]


def folder_of(tmp_path, xmls):
    """Photos of the same bytes, each with its XML."""
    for name, objects in xmls.items():
        write(tmp_path / f"{name}.jpg", PHOTO)
        write(tmp_path / f"{name}.xml", voc_xml(objects, f"{name}.jpg"))
    return read_folder(tmp_path, PARAMS)


def entries(ledger):
    return sorted((row.file, row.object, row.reason) for row in ledger.problems)


def test_a_copy_is_used_once(tmp_path):
    """The first by name is used; the others are in the ledger, and nobody's mistake."""
    ledger = folder_of(tmp_path, {"b": display("70"), "a": display("70"), "c": display("70")})
    assert {box.photo for box in ledger.boxes} == {"a.jpg"}
    assert entries(ledger) == [
        ("b.jpg", "", "photo_copy"),
        ("b.xml", "", "photo_copy"), ("b.xml", "1", "copied_box"), ("b.xml", "2", "copied_box"),
        ("c.jpg", "", "photo_copy"),
        ("c.xml", "", "photo_copy"), ("c.xml", "1", "copied_box"), ("c.xml", "2", "copied_box"),
    ]  # fmt: skip
    assert {row.detail for row in ledger.problems} == {
        "b.jpg is a copy of a.jpg",
        "c.jpg is a copy of a.jpg",
    }
    assert ledger.files == {
        "a.jpg": "used", "a.xml": "used", "b.jpg": "noted", "b.xml": "noted",
        "c.jpg": "noted", "c.xml": "noted",
    }  # fmt: skip


def test_copies_with_different_boxes_are_rejected(tmp_path):
    """Both are, with both names, as nobody knows which is right."""
    ledger = folder_of(tmp_path, {"a": display("70"), "b": display("71")})
    assert not ledger.boxes
    assert entries(ledger) == [
        (f"{name}.{file}", number, "copies_disagree")
        for name in "ab"
        for file, number in (("jpg", ""), ("xml", ""), ("xml", "1"), ("xml", "2"))
    ]
    assert {row.detail for row in ledger.problems} == {"a.jpg and b.jpg"}
    assert set(ledger.files.values()) == {"rejected"}


def test_one_copy_that_differs_spoils_all(tmp_path):
    """Two against one is no proof."""
    ledger = folder_of(tmp_path, {"a": display("70"), "b": display("70"), "c": display("7")})
    assert not ledger.boxes


def test_of_many_copies_three_are_named(tmp_path):
    """That is enough to find them."""
    ledger = folder_of(tmp_path, dict.fromkeys("abcd", display("7")) | {"e": display("8")})
    assert {row.detail for row in ledger.problems} == {"a.jpg and b.jpg and c.jpg"}


def test_a_rejected_copys_repairs_are_not_said(tmp_path):
    """`repaired` means used; what was rejected for itself stays so."""
    tidied = [(" 7", display("7")[0][1]), ("kg", (100, 30, 120, 70))]
    ledger = folder_of(tmp_path, {"a": display("7"), "b": tidied})
    assert entries(ledger) == [
        ("b.jpg", "", "photo_copy"),
        ("b.xml", "", "photo_copy"), ("b.xml", "1", "copied_box"), ("b.xml", "2", "not_a_digit"),
    ]  # fmt: skip


def test_a_copy_without_boxes_says_nothing_of_the_other(tmp_path):
    """An empty XML is no other drawing."""
    ledger = folder_of(tmp_path, {"a": display("7"), "b": []})
    assert len(ledger.boxes) == 1
    assert entries(ledger) == [("b.jpg", "", "no_object"), ("b.xml", "", "no_object")]
    assert ledger.files["b.jpg"] == ledger.files["b.xml"] == "noted"
