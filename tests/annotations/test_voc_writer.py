"""Annotations as labelImg writes them: read back as they were meant."""

from __future__ import annotations

import pytest

from pipeline.annotations.voc import parse_voc
from pipeline.annotations.voc_writer import write_voc
from pipeline.images.box import Box

BOXES = [(Box(6, 30, 30, 70), "7"), (Box(36, 30, 60, 70), "0")]


def test_what_is_written_is_read_back():
    """The photo's name and size, the labels and the boxes are the same, in their order."""
    voc = parse_voc(write_voc("저울 7.jpg", (160, 120), BOXES))
    assert (voc.filename, voc.size) == ("저울 7.jpg", ("160", "120"))
    assert [(found.label, found.box) for found in voc.objects] == [
        ("7", ("6", "30", "30", "70")), ("0", ("36", "30", "60", "70")),
    ]  # fmt: skip


def test_no_path_of_another_machine_is_written():
    """The <path> is the photo's name alone."""
    assert b"<path>a.jpg</path>" in write_voc("a.jpg", (160, 120), BOXES)


@pytest.mark.parametrize(
    ("box", "truncated", "written"),
    [
        pytest.param(Box(0, 0, 30, 70), 1, ("1", "1", "30", "70"), id="top left"),
        pytest.param(Box(100, 50, 160, 70), 1, ("100", "50", "160", "70"), id="right"),
        pytest.param(Box(100, 50, 130, 120), 1, ("100", "50", "130", "120"), id="bottom"),
        pytest.param(Box(2, 2, 159, 119), 0, ("2", "2", "159", "119"), id="within"),
    ],
)
def test_a_box_at_the_edge_is_truncated(box, truncated, written):
    """As labelImg has it, a 0 becomes 1, and a box that touches the edge is truncated."""
    content = write_voc("a.jpg", (160, 120), [(box, "7")])
    assert parse_voc(content).objects[0].box == written
    assert f"<truncated>{truncated}</truncated>".encode() in content
