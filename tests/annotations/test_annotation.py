"""One XML and its photo, judged by the rules, without a look at the rest of the folder."""

from __future__ import annotations

import pytest
from helpers import ROOT, SIZE, display, draw_photo, jpeg, voc_xml, write

from pipeline.annotations.annotation import AnnotationReader
from pipeline.annotations.matching import PhotoFinder
from pipeline.annotations.rules import Finding
from pipeline.images.box import Box
from pipeline.params import load_params

PARAMS = load_params(ROOT / "params.yaml").parse


def read(folder, xml, params=PARAMS):
    """The annotation a.xml of a folder that has the photo a.jpg."""
    write(folder / "a.jpg", jpeg(draw_photo(display("70"))))
    write(folder / "a.xml", xml)
    return AnnotationReader(folder, PhotoFinder(["a.jpg"]), params).read("a.xml")


def test_usable_boxes_come_by_their_number(tmp_path):
    """Photo, tool and every object's number are told."""
    annotation = read(tmp_path, voc_xml(display("70"), "a.jpg"))
    assert (annotation.photo, annotation.dialect) == ("a.jpg", "labelimg")
    assert annotation.objects == (1, 2)
    assert annotation.boxes == {1: (Box(6, 30, 30, 70), "7"), 2: (Box(36, 30, 60, 70), "0")}
    assert annotation.findings == []
    assert annotation.unused is None


def test_an_object_that_is_not_used_has_a_finding(tmp_path):
    """The others are used, and a repair is found of the box that is."""
    objects = [("kg", (1, 2, 30, 40)), (" 7", (6, 30, 30, 70))]
    annotation = read(tmp_path, voc_xml(objects, "a.jpg"))
    assert list(annotation.boxes) == [2]
    found = [(number, finding.reason) for number, finding in annotation.findings]
    assert found == [(1, "not_a_digit"), (2, "label_tidied")]


@pytest.mark.parametrize(
    ("xml", "objects", "reason"),
    [
        pytest.param("<annotation>", (), "unreadable_xml", id="damaged"),
        pytest.param(voc_xml([], "a.jpg"), (), "no_object", id="no object"),
    ],
)
def test_a_file_without_boxes_says_why(tmp_path, xml, objects, reason):
    """The reason is the file's, as no object can have it."""
    annotation = read(tmp_path, xml)
    assert annotation.unused is not None
    assert (annotation.objects, annotation.unused.reason) == (objects, reason)
    assert not annotation.boxes


def test_a_photo_over_the_limit_rejects_every_object(tmp_path):
    """The limit is `parse.max_megapixels`."""
    params = PARAMS.model_copy(update={"max_megapixels": 0.01})
    annotation = read(tmp_path, voc_xml(display("70"), "a.jpg", SIZE), params)
    found = [(number, finding.reason) for number, finding in annotation.findings]
    assert found == [(1, "photo_too_large"), (2, "photo_too_large")]
    assert not annotation.boxes


def test_a_rejection_for_the_folders_sake_leaves_single_findings(tmp_path):
    """What was wrong with an object stays; what was used is rejected under the new reason."""
    objects = [("kg", (1, 2, 30, 40)), (" 7", (6, 30, 30, 70))]
    annotation = read(tmp_path, voc_xml(objects, "a.jpg"))
    annotation.reject(Finding("photo_copy", ""), Finding("copied_box", ""))
    found = [(number, finding.reason) for number, finding in annotation.findings]
    assert found == [(1, "not_a_digit"), (2, "copied_box")]
    assert (annotation.boxes, annotation.unused.reason) == ({}, "photo_copy")
