"""Corrections as photos with XML, read by the pipeline and by another reader of XML."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pandas as pd
import pytest
from helpers import Workplace, contents, display, furnish
from reviewing import Person, Plant, serving

from service.names import safe_name
from service.training_data import export_corrections


@pytest.fixture
def plant(tmp_path):
    """A plant without photos yet."""
    return Plant(tmp_path / "plant")


def labels(xml):
    """Label and box of each object, as another reader sees them."""
    root = ET.fromstring(xml)
    return [
        (its.findtext("name"), tuple(int(edge.text) for edge in its.find("bndbox")))
        for its in root.iter("object")
    ]


def drawn(digits):
    """What the XML of drawn digits should have."""
    return [(label, tuple(map(int, box))) for label, box in display(digits)]


def answer(plant, *texts, who="kim", **values):
    """Let somebody answer what waits, in its order."""
    with serving(plant) as address:
        person = Person(address, who)
        for text in texts:
            item = person.next()
            assert person.say(item["reading_id"], text=text, **values).status_code == 200


def test_a_correction_has_the_readers_boxes_and_the_persons_labels(plant):
    """The photo beside it is the one that was recorded, to the byte."""
    plant.add("a.jpg", "1234", "1284")
    answer(plant, "1234")
    ((path, xml),) = plant.xml().items()
    assert labels(xml) == drawn("1234")
    assert re.fullmatch(r"corrected/\d{4}-\d\d-\d\d/picked/[0-9a-f]{12}_a\.xml", path)
    photo = (plant.raw / path).with_suffix(".jpg")
    assert photo.read_bytes() == (plant.photos / "a.jpg").read_bytes()


def test_points_minus_and_colons_have_no_box(plant):
    """Only the ten digits are labels."""
    boxes = [(0, 40, 5, 50), *(box for _, box in display("125"))]
    photo_id = plant.add_photo("a.jpg", "125")
    plant.add_reading(photo_id, "-12.5", boxes=boxes)
    answer(plant, "-12.6")
    (xml,) = plant.xml().values()
    assert labels(xml) == drawn("126")


def test_what_was_drawn_at_random_lies_apart(plant):
    """Whatever became of it; only of that may figures be taken."""
    plant.add("a.jpg", "12")
    plant.add("b.jpg", "34", spot_check=True, confidence=0.6)
    plant.add("c.jpg", "56", status="accepted", spot_check=True)
    with serving(plant) as address:
        person = Person(address)
        while item := person.next():
            person.say(item["reading_id"], text={"a": "12", "b": "34", "c": "56"}[item["photo"][0]])
    kinds = {path[-5]: path.split("/")[2] for path in plant.xml()}
    assert kinds == {"a": "picked", "b": "random", "c": "random"}


def test_without_a_box_for_each_digit_nothing_is_learned(plant):
    """The answer stands all the same; with the person's boxes, something is."""
    its = plant.add("a.jpg", "123", "12")
    with serving(plant) as address:
        person = Person(address)
        person.next()
        person.say(its, text="123", key="a" * 32)
        assert plant.xml() == {} and plant.weights()[its].text == "123"
        person.undo(its, "a" * 32)
        boxes = [{"label": label, "box": list(box)} for label, box in display("123")]
        assert person.say(its, text="123", boxes=boxes).json()["note"] == ""
    (xml,) = plant.xml().values()
    assert labels(xml) == drawn("123")


def test_what_is_undone_is_taken_back(plant):
    """Photo and XML; unreadable ones are not learned from either."""
    its = plant.add("a.jpg", "12")
    with serving(plant) as address:
        person = Person(address)
        person.next()
        person.say(its, text="13", key="a" * 32)
        assert len(plant.xml()) == 1
        person.undo(its, "a" * 32)
        assert contents(plant.raw) == {}
        person.say(its, "unreadable")
        assert contents(plant.raw) == {}


def test_the_displays_of_a_photo_share_an_xml(plant):
    """As far as a person has answered; after an undo only the other is left."""
    photo_id = plant.add_photo("a.jpg", "1234")
    boxes = [box for _, box in display("1234")]
    top = plant.add_reading(photo_id, "12", boxes=boxes[:2], confidence=0.1)
    below = plant.add_reading(photo_id, "34", boxes=boxes[2:], display_no=1)
    with serving(plant) as address:
        person = Person(address)
        person.next()
        person.say(top, text="12", key="a" * 32)
        assert [labels(xml) for xml in plant.xml().values()] == [drawn("1234")[:2]]
        person.say(below, text="34")
        assert [labels(xml) for xml in plant.xml().values()] == [drawn("1234")]
        person.undo(top, "a" * 32)
        assert [labels(xml) for xml in plant.xml().values()] == [drawn("1234")[2:]]


def test_what_a_kill_left_undone_is_mended(plant):
    """Whatever is missing, half there or too much comes right; a second run changes nothing."""
    for name, text in (("a.jpg", "12"), ("b.jpg", "34"), ("c.jpg", "56")):
        plant.add(name, text)
    answer(plant, "12", "34", "56")
    whole = contents(plant.raw)
    paths = sorted(plant.raw.rglob("*.xml"))
    paths[0].unlink()
    paths[1].with_suffix(".jpg").unlink()
    paths[1].unlink()
    paths[2].write_bytes(paths[2].read_bytes().replace(b"<name>5</name>", b"<name>6</name>"))
    for _ in range(2):
        assert export_corrections(plant.engine, plant.raw) == 3
        assert contents(plant.raw) == whole


def test_another_models_reading_takes_nothing_back(plant):
    """What a person said of a photo stays true of it."""
    plant.add("a.jpg", "12")
    answer(plant, "13")
    before = contents(plant.raw)
    plant.add_reading(1, "12", model="m2")
    assert export_corrections(plant.engine, plant.raw) == 1
    assert contents(plant.raw) == before


def test_what_a_person_saved_in_a_tool_stays(plant):
    """Such XML has the tool's source, and better boxes than ours."""
    plant.add("a.jpg", "12")
    answer(plant, "12")
    (path,) = plant.raw.rglob("*.xml")
    better = path.read_bytes().replace(b"digits review", b"Unknown").replace(b"<xmin>6", b"<xmin>7")
    path.write_bytes(better)
    export_corrections(plant.engine, plant.raw)
    assert path.read_bytes() == better


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("<img src=x onerror=alert(1)>.jpg", "img_src_x_onerror_alert_1"),
        ("press 2/사진 1.jpg", "사진_1"),
        ("a\x07\u202eb.jpg", "a_b"),
        ("....jpg", "photo"),
        ("CON.jpg", "CON"),
        (f"{'가' * 300}.jpg", "가" * 60),
        ("a\udcffb.jpg", "a_b"),
    ],
)
def test_a_hostile_name_becomes_harmless(path, name):
    """Letters, digits and few signs are left of it."""
    assert safe_name(path) == name


def test_parse_accepts_what_was_corrected(plant, tmp_path, monkeypatch):
    """The stage finds each digit with its label, and rejects nothing."""
    plant.add("press/<b>1</b>.jpg", "1234", "1284", station="press")
    plant.add("b.jpg", "123", "12", confidence=0.9)
    furnish(tmp_path / "workplace")
    place = Workplace(tmp_path / "workplace")
    monkeypatch.chdir(place.folder)
    plant.raw = place.raw
    with serving(plant) as address:
        person = Person(address)
        person.say(person.next()["reading_id"], text="1234")
        boxes = [{"label": label, "box": list(box)} for label, box in display("123")]
        person.say(person.next()["reading_id"], text="123", boxes=boxes)
    place.set(split__by="photo")
    done = place.run("parse")
    assert done.returncode == 0, done.stderr
    rows = pd.read_csv(place.folder / "data/boxes.csv", dtype=str)
    found = rows.sort_values(["photo", "column"]).groupby("photo")["label"].sum()
    assert sorted(found) == ["123", "1234"]
