"""Who wrote an XML, told by what it leaves in the file, and how it counts its pixels."""

from __future__ import annotations

import pytest
from helpers import display, voc_xml

from pipeline.annotations.dialects import PROPOSED, REVIEWED, coordinates_of, recognise, to_edges
from pipeline.annotations.voc import parse_voc
from pipeline.annotations.voc_writer import write_voc
from pipeline.images.box import Box

BNDBOX = "<bndbox><xmin>{}</xmin><ymin>{}</ymin><xmax>{}</xmax><ymax>{}</ymax></bndbox>"
SIZE = "<size><width>160</width><height>120</height></size>"


def voc(head="", box=(10, 20, 30, 40), bndbox=BNDBOX, rest="", filename="a.jpg", verified=""):
    """An annotation with one object."""
    attribute = f' verified="{verified}"' if verified else ""
    return parse_voc(
        f"<annotation{attribute}>{head}<filename>{filename}</filename>{SIZE}<object><name>7</name>"
        f"{bndbox.format(*box)}{rest}</object></annotation>".encode()
    )


def source(database="", annotation="", image=""):
    return (
        f"<source><database>{database}</database><annotation>{annotation}</annotation>"
        f"<image>{image}</image></source>"
    )


ROBOFLOW_BOX = "<bndbox><xmin>{0}</xmin><xmax>{2}</xmax><ymin>{1}</ymin><ymax>{3}</ymax></bndbox>"
THREE_UNKNOWN = source("Unknown", "Unknown", "Unknown")
ATTRIBUTES = "<attributes><attribute><name>id</name></attribute></attributes>"
WRITERS = [
    pytest.param(voc("<owner><name>Label Studio</name></owner>"), "label_studio", id="owner"),
    pytest.param(voc(bndbox=ROBOFLOW_BOX, filename="a_jpg.rf.0a1b.jpg"), "roboflow", id=".rf."),
    pytest.param(voc(source("roboflow.com"), bndbox=ROBOFLOW_BOX), "roboflow", id="roboflow"),
    pytest.param(
        voc("<folder>VOC</folder>" + source("roboflow.ai")), "supervision", id="supervision"
    ),
    pytest.param(voc(source("The VOC2007 Database", "PASCAL VOC2007", "flickr")), "voc", id="voc"),
    pytest.param(voc(source("", "PASCAL VOC2012")), "voc", id="voc, annotation"),
    pytest.param(voc(source("The VOC2007 Database")), "voc", id="voc, database"),
    pytest.param(voc(source("Unknown", "CVAT")), "cvat", id="cvat"),
    pytest.param(voc(rest=ATTRIBUTES), "cvat", id="attributes"),
    pytest.param(voc(THREE_UNKNOWN), "datumaro", id="datumaro"),
    pytest.param(voc(THREE_UNKNOWN, rest=ATTRIBUTES), "datumaro", id="datumaro, attributes"),
    pytest.param(
        voc("<folder>Annotation</folder><path>C:/a.jpg</path>" + source("Unknown"), verified="yes"),
        "vott",
        id="vott",
    ),
    pytest.param(voc("<path>C:/a.jpg</path>" + source("Unknown")), "labelimg", id="labelimg"),
    pytest.param(voc("<path>a.jpg</path>" + source(PROPOSED)), "proposed", id="proposed"),
    pytest.param(voc("<path>a.jpg</path>" + source(REVIEWED)), "reviewed", id="reviewed"),
    pytest.param(
        voc("<folder>raw</folder><path>/a.jpg</path>" + source("Unknown"), verified="yes"),
        "labelimg",
        id="labelimg, verified",
    ),
    pytest.param(
        voc("<folder>Annotation</folder><path>/a.jpg</path>" + source("Unknown")),
        "labelimg",
        id="labelimg, folder",
    ),
    pytest.param(voc(THREE_UNKNOWN + "<path>/a.jpg</path>"), "labelimg", id="with path"),
    pytest.param(voc(), "unknown", id="bare"),
    pytest.param(voc(source("Unknown")), "unknown", id="Unknown without path"),
    pytest.param(voc("<path>/a.jpg</path>"), "unknown", id="path alone"),
    pytest.param(voc(filename="a_jpg.rf.0a1b.jpg"), "unknown", id=".rf., another order"),
    pytest.param(voc(bndbox=ROBOFLOW_BOX), "unknown", id="the order alone"),
    pytest.param(voc("<folder>VOC</folder>"), "unknown", id="folder VOC"),
    pytest.param(voc(source("roboflow.ai")), "unknown", id="roboflow.ai"),
    pytest.param(voc("<owner><name>Flickr</name></owner>"), "unknown", id="another owner"),
    pytest.param(voc("<folder>Annotation</folder>"), "unknown", id="folder Annotation"),
    pytest.param(parse_voc(b"<annotation/>"), "unknown", id="empty"),
]


@pytest.mark.parametrize(("file", "name"), WRITERS)
def test_a_writer_is_recognised(file, name):
    """It is known by its tells together, not by one that others share."""
    assert recognise(file).name == name


def test_the_samples_and_the_tests_annotations_are_labelimgs():
    """They are written as labelImg writes, and are taken for that."""
    written = write_voc("a.jpg", (160, 120), [(Box(6, 30, 30, 70), "7")])
    for content in (voc_xml(display("7")).encode(), written):
        assert recognise(parse_voc(content)).name == "labelimg"


VOC2007 = source("The VOC2007 Database")
SUPERVISION = "<folder>VOC</folder>" + source("roboflow.ai")


@pytest.mark.parametrize(
    ("file", "coordinates"),
    [
        pytest.param(voc(), "zero_based", id="unknown"),
        pytest.param(voc("<path>/a.jpg</path>" + source("Unknown")), "zero_based", id="labelimg"),
        pytest.param(voc(VOC2007), "one_based", id="voc"),
        pytest.param(voc(VOC2007, box=(1, 1, 30, 40)), "one_based", id="voc, from 1"),
        pytest.param(voc(VOC2007, box=(0, 1, 30, 40)), "zero_based", id="voc with x 0"),
        pytest.param(voc(VOC2007, box=(1, 0, 30, 40)), "zero_based", id="voc with y 0"),
        pytest.param(voc(VOC2007, box=("x", 1, 30, 40)), "one_based", id="voc, no number"),
        pytest.param(voc(SUPERVISION), "one_based", id="supervision"),
        pytest.param(voc(SUPERVISION, (1, 1, 160, 120)), "one_based", id="supervision, whole"),
        pytest.param(voc(SUPERVISION, (1, 1, 161, 40)), "all_plus_one", id="before 0.31, x"),
        pytest.param(voc(SUPERVISION, (1, 1, 30, 121)), "all_plus_one", id="before 0.31, y"),
        pytest.param(voc(SUPERVISION, (1, 1, 162, 40)), "one_based", id="far beyond"),
        pytest.param(voc(SUPERVISION, (0, 1, 161, 40)), "zero_based", id="0 and beyond"),
        pytest.param(voc(VOC2007, (1, 1, 161, 40)), "one_based", id="voc, beyond"),
        pytest.param(
            voc(bndbox=ROBOFLOW_BOX, filename="a.rf.1.jpg"), "all_plus_one", id="roboflow"
        ),
        pytest.param(voc(THREE_UNKNOWN, (1.0, 2.0, 3.5, 4.0)), "zero_based", id="datumaro"),
        pytest.param(voc(THREE_UNKNOWN, (1, 2, 3, 4)), "one_based", id="datumaro, pixels"),
        pytest.param(voc(THREE_UNKNOWN, (0, 2, 3, 4)), "zero_based", id="datumaro, whole edges"),
        pytest.param(voc(THREE_UNKNOWN, (1, 2, 3, "4.0")), "zero_based", id="one decimal point"),
    ],
)
def test_coordinates_follow_from_the_writer_and_the_values(file, coordinates):
    """A 0, a decimal point or an edge beyond the photo says more than a head that was copied."""
    assert coordinates_of(file, recognise(file), "auto") == coordinates


@pytest.mark.parametrize("setting", ["zero_based", "one_based"])
@pytest.mark.parametrize("head", ["", VOC2007, SUPERVISION, THREE_UNKNOWN])
def test_the_setting_overrides_the_writer(head, setting):
    """It does so for every writer."""
    file = voc(head, box=(1, 1, 161, 40))
    assert coordinates_of(file, recognise(file), setting) == setting


@pytest.mark.parametrize(
    ("coordinates", "edges"),
    [
        ("zero_based", (10, 20, 31, 41)),
        ("one_based", (9, 19, 31, 41)),
        ("all_plus_one", (9, 19, 30, 40)),
    ],
)
def test_values_become_edges_from_0(coordinates, edges):
    """They are half-open, so that the maximum is the edge behind the last pixel."""
    assert to_edges((10, 20, 31, 41), coordinates) == edges
