"""One photo's digit images: cut, or kept where they are still in order."""

from __future__ import annotations

import logging
import time
from dataclasses import replace

import numpy as np
import pytest
from helpers import SIZE, Later, contents, display, draw_photo, jpeg, write
from PIL import Image

from pipeline.contracts import BOXES, DIGITS, PHOTOS, BoxRow
from pipeline.images.cropper import Cropper, CropTask, Cut, cut_boxes
from pipeline.images.digits import read_digits
from pipeline.params import CropParams
from pipeline.runtime.errors import UserError
from pipeline.runtime.files import md5

PNG = CropParams(margin=0.0, format="png")


def rows(photo, digits):
    """The boxes of a photo that shows some digits, as rows of boxes.csv."""
    return [
        BoxRow(photo, "a.xml", number, label, *box, 0, number - 1)
        for number, (label, box) in enumerate(display(digits), 1)
    ]


@pytest.fixture
def cropper(tmp_path, monkeypatch):
    """A cropper whose raw/ has a.jpg, which shows 705, and was left alone for a while."""
    monkeypatch.setattr("pipeline.images.cropper.time", Later)
    write(tmp_path / "raw/a.jpg", jpeg(draw_photo(display("705"))))
    return Cropper(tmp_path / "raw", tmp_path / "digits", PNG)


def cut(cropper, last: Cut | None = None, boxes=None):
    """Cut a.jpg, which is known from the last run by its lines and its stamp."""
    task = CropTask("a.jpg", BOXES.lines(boxes or rows("a.jpg", "705")), last)
    return cropper.unchanged(task), cropper.cut(task)


def test_every_box_is_cut_to_a_file(cropper):
    """The rows tell of each file, and the photo has a stamp with them."""
    unchanged, made = cut(cropper)
    assert unchanged is None
    digits, [photo] = DIGITS.parse(made.digit_lines), PHOTOS.parse(made.photo_line)
    assert [digit.label for digit in digits] == ["7", "0", "5"]
    files = contents(cropper.digits_folder)
    assert {digit.file: digit.md5 for digit in digits} == {
        file: md5(content) for file, content in files.items()
    }
    assert made.files == [digit.file for digit in digits]
    with Image.open(cropper.digits_folder / made.files[0]) as image:
        assert image.size == (24, 40)
    assert made.stamp.photo == photo.photo == "a.jpg"
    assert made.written == 3
    assert (photo.width, photo.height) == SIZE


def test_what_has_not_changed_is_kept(cropper):
    """The last run's lines and stamp come back, by the files' stamps or by their content."""
    _, first = cut(cropper)
    first = replace(first, written=0)
    for kept in cut(cropper, first):
        assert kept == first


def test_what_came_a_moment_ago_has_no_stamp(cropper, monkeypatch):
    """A second change of the photo might leave it the same."""
    monkeypatch.setattr("pipeline.images.cropper.time", time)
    _, made = cut(cropper)
    assert made.stamp is None


def test_what_has_gone_is_not_unchanged(cropper):
    """A digit that is missing is cut again; without the photo, nothing is known."""
    _, first = cut(cropper)
    (cropper.digits_folder / first.files[2]).unlink()
    unchanged, again = cut(cropper, first)
    assert unchanged is None
    assert (again.digit_lines, again.written) == (first.digit_lines, 1)
    (cropper.raw / "a.jpg").unlink()
    assert cropper.unchanged(CropTask("a.jpg", BOXES.lines(rows("a.jpg", "705")), again)) is None


def test_a_damaged_digit_alone_is_cut_again(cropper):
    """The others are kept."""
    _, first = cut(cropper)
    write(cropper.digits_folder / first.files[1], b"no image")
    unchanged, again = cut(cropper, first)
    assert unchanged is None
    assert (again.digit_lines, again.written) == (first.digit_lines, 1)


def test_another_place_in_reading_order_cuts_nothing(cropper):
    """The rows have the new place, the files stay."""
    _, first = cut(cropper)
    moved = [replace(box, xml="b.xml", column=2 - box.column) for box in rows("a.jpg", "705")]
    unchanged, again = cut(cropper, first, moved)
    assert unchanged is None
    assert again.written == 0
    assert [(digit.xml, digit.column) for digit in DIGITS.parse(again.digit_lines)] == [
        ("b.xml", 2), ("b.xml", 1), ("b.xml", 0),
    ]  # fmt: skip


@pytest.mark.parametrize("content", [b"no photo", jpeg(draw_photo([], (40, 40)))])
def test_a_photo_that_is_another_than_parse_read_stops_it(cropper, content):
    """Nothing of it would have a row in problems.csv."""
    write(cropper.raw / "a.jpg", content)
    with pytest.raises(UserError, match=r"raw/a\.jpg is not what parse read .*dvc repro"):
        cut(cropper)


def test_boxes_are_cut_without_leaving_a_file(cropper, caplog):
    """Images are those that the crop stage would write; photos that cannot be read are named."""
    write(cropper.raw / "b.jpg", b"no photo")
    boxes = BOXES.frame(rows("b.jpg", "1") + rows("a.jpg", "705"))
    with caplog.at_level(logging.WARNING):
        found, images, photos = cut_boxes(cropper.raw, boxes, PNG)
    assert caplog.messages == ["b.jpg is left out: not a photo"]
    assert list(found["label"]) == ["7", "0", "5"]
    assert list(photos["photo"]) == ["a.jpg"]
    assert contents(cropper.digits_folder) == {}
    _, made = cut(cropper)
    files = [cropper.digits_folder / file for file in made.files]
    assert list(found["file"]) == made.files
    assert np.array_equal(read_digits(images, 24), read_digits(files, 24))
