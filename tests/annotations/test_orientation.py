"""Which way up a box was drawn: told by the setting, the size or the tool; and made upright."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import jpeg, write
from PIL import Image

from pipeline.annotations.orientation import Decision, decide_way_up, read_size, to_upright
from pipeline.images.photo import PhotoHeader, read_header, read_photo

BRIGHT = (16, 8, 48, 24)
UPRIGHT = Decision(is_raw=False, is_certain=True)
RAW = Decision(is_raw=True, is_certain=True)


def stored_photo(tmp_path, orientation):
    """A photo, 96 x 64 as stored, that is dark but for the rectangle BRIGHT."""
    photo = Image.new("RGB", (96, 64), "black")
    photo.paste("white", BRIGHT)
    return write(tmp_path / "a.jpg", jpeg(photo, orientation=orientation))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_box_finds_its_rectangle_in_the_upright_photo(tmp_path, orientation):
    """The picture itself decides: bright within the box, dark all around."""
    path = stored_photo(tmp_path, orientation)
    xmin, ymin, xmax, ymax = to_upright(BRIGHT, read_header(path.read_bytes()))
    grey = np.asarray(read_photo(path).convert("L")) > 128
    assert grey[ymin:ymax, xmin:xmax].all()
    assert grey.sum() == (BRIGHT[2] - BRIGHT[0]) * (BRIGHT[3] - BRIGHT[1])


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_header_has_the_upright_size(tmp_path, orientation):
    """It is that of the photo as it is decoded, whatever way it is stored."""
    path = stored_photo(tmp_path, orientation)
    header = read_header(path.read_bytes())
    assert (header.width, header.height) == read_photo(path).size
    assert header.orientation == orientation


@pytest.mark.parametrize("tool", ["upright", "raw", "unknown"])
@pytest.mark.parametrize("orientation", range(5, 9))
def test_the_size_tells_the_way_up_where_exif_swaps_it(orientation, tool):
    """It does so whatever the tool is known to do."""
    photo = PhotoHeader(64, 96, orientation)
    assert decide_way_up(("96", "64"), photo, tool, "auto") == RAW
    assert decide_way_up(("64", "96"), photo, tool, "auto") == UPRIGHT
    assert decide_way_up(("64.0", "96.0"), photo, tool, "auto") == UPRIGHT


UNTOLD = [
    pytest.param(("96", "64"), PhotoHeader(96, 64, 2), id="mirrored"),
    pytest.param(("96", "64"), PhotoHeader(96, 64, 3), id="upside down"),
    pytest.param(("64", "96"), PhotoHeader(96, 64, 4), id="upside down, another size"),
    pytest.param(("64", "64"), PhotoHeader(64, 64, 6), id="a square photo"),
    pytest.param(("", ""), PhotoHeader(64, 96, 6), id="no size"),
    pytest.param(("0", "0"), PhotoHeader(64, 96, 6), id="size 0"),
    pytest.param(("640", "480"), PhotoHeader(64, 96, 6), id="another photo's size"),
]


@pytest.mark.parametrize(("size", "photo"), UNTOLD)
def test_where_the_size_does_not_the_tool_tells_it(size, photo):
    """It does so for certain only where all its versions draw upright."""
    assert decide_way_up(size, photo, "upright", "auto") == UPRIGHT
    assert decide_way_up(size, photo, "raw", "auto") == Decision(is_raw=True, is_certain=False)
    assert decide_way_up(size, photo, "unknown", "auto") == Decision(is_raw=False, is_certain=False)


@pytest.mark.parametrize("tool", ["upright", "raw", "unknown"])
@pytest.mark.parametrize(
    ("size", "photo"), [*UNTOLD, pytest.param(("96", "64"), PhotoHeader(64, 96, 6), id="raw size")]
)
def test_the_setting_overrides_all(size, photo, tool):
    """What the user has set is certain."""
    assert decide_way_up(size, photo, tool, "upright") == UPRIGHT
    assert decide_way_up(size, photo, tool, "raw") == RAW


@pytest.mark.parametrize("setting", ["auto", "upright", "raw"])
@pytest.mark.parametrize("tool", ["upright", "raw", "unknown"])
def test_a_photo_that_is_stored_upright_is_drawn_on_upright(tool, setting):
    """There is nothing to tell, so it is certain whatever tool and setting say."""
    assert decide_way_up(("", ""), PhotoHeader(64, 96, 1), tool, setting) == UPRIGHT


@pytest.mark.parametrize(
    ("texts", "size"),
    [
        (("640", "480"), (640, 480)),
        (("640.0", "479.9"), (640, 480)),
        (("", ""), None),
        (("640", ""), None),
        (("0", "480"), None),
        (("640", "0"), None),
        (("-640", "480"), None),
        (("x", "480"), None),
        (("inf", "480"), None),
        (("nan", "480"), None),
        (("1", "1"), (1, 1)),
    ],
)
def test_a_size_is_two_whole_numbers_or_none(texts, size):
    """labelImg writes 0 for what it does not know."""
    assert read_size(texts) == size
