"""The frame of a box: told by the annotation's size, carried upright by the orientation."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import jpeg, write
from PIL import Image

from pipeline.annotations.dialects import is_in_raw_frame, to_upright
from pipeline.images.photo import PhotoHeader, read_header, read_photo

BRIGHT = (16, 8, 48, 24)


def stored_photo(tmp_path, orientation):
    """A stored frame of 96 x 64 that is dark but for the rectangle BRIGHT."""
    photo = Image.new("RGB", (96, 64), "black")
    photo.paste("white", BRIGHT)
    return write(tmp_path / "a.jpg", jpeg(photo, orientation=orientation))


@pytest.mark.parametrize("orientation", [1, 5, 6, 7, 8])
def test_a_box_finds_its_rectangle_in_the_upright_photo(tmp_path, orientation):
    """The picture itself decides: bright within the box, dark all around."""
    path = stored_photo(tmp_path, orientation)
    xmin, ymin, xmax, ymax = to_upright(BRIGHT, read_header(path))
    grey = np.asarray(read_photo(path).convert("L")) > 128
    assert grey[ymin:ymax, xmin:xmax].all()
    assert grey.sum() == (BRIGHT[2] - BRIGHT[0]) * (BRIGHT[3] - BRIGHT[1])


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_header_has_the_upright_size(tmp_path, orientation):
    """Of the photo as it is decoded, whatever way it is stored."""
    path = stored_photo(tmp_path, orientation)
    header = read_header(path)
    assert (header.width, header.height) == read_photo(path).size
    assert header.orientation == orientation


@pytest.mark.parametrize("orientation", range(5, 9))
def test_a_swapped_size_tells_the_stored_frame(orientation):
    """For the four orientations that swap width and height."""
    assert is_in_raw_frame(("96", "64"), PhotoHeader(64, 96, orientation))


@pytest.mark.parametrize(
    ("size", "photo"),
    [
        pytest.param(("64", "96"), PhotoHeader(64, 96, 6), id="the upright size"),
        pytest.param(("96", "64"), PhotoHeader(64, 96, 1), id="no orientation"),
        pytest.param(("96", "64"), PhotoHeader(64, 96, 3), id="one that does not swap"),
        pytest.param(("64", "64"), PhotoHeader(64, 64, 6), id="a square photo"),
        pytest.param(("", ""), PhotoHeader(64, 96, 6), id="no size"),
        pytest.param(("0", "0"), PhotoHeader(64, 96, 6), id="size 0"),
        pytest.param(("640", "480"), PhotoHeader(64, 96, 6), id="another photo's size"),
    ],
)
def test_without_that_sign_boxes_are_upright(size, photo):
    """As labelImg from 1.8.4 and CVAT write them."""
    assert not is_in_raw_frame(size, photo)
