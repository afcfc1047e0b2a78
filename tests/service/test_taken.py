"""When a photo was taken, from EXIF, a name or the file."""

from __future__ import annotations

from datetime import datetime
from io import BytesIO

import pytest
from helpers import draw_photo
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image

from service.recording.taken import find_taken

NOON = 1_700_000_000 * 10**9


def photo(**times):
    """A JPEG with some of EXIF's tags."""
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif).update({getattr(ExifTags.Base, k): v for k, v in times.items()})
    buffer = BytesIO()
    draw_photo([]).save(buffer, "JPEG", exif=exif)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("offset", "minutes"), [("+09:00", 540), ("-03:30", -210), ("", None), ("+99:00", None)]
)
def test_exif_comes_first_with_its_offset_if_it_has_one(offset, minutes):
    content = photo(DateTimeOriginal="2026:11:26 08:30:15", OffsetTimeOriginal=offset)
    its = find_taken(content, "IMG_20240304_082021.jpg", NOON)
    assert (its.at, its.offset, its.source) == (datetime(2026, 11, 26, 8, 30, 15), minutes, "exif")


@pytest.mark.parametrize(
    "name",
    ["IMG_20240304_082021.jpg", "20240304_082021.jpg", "KakaoTalk_20240304_082021123.jpg",
     "2024-03-04 08.20.21.jpg", "Screenshot_2024-03-04-08-20-21.png", "PXL_20240304_082021345.jpg"],
)  # fmt: skip
def test_a_phone_s_name_comes_second(name):
    its = find_taken(photo(), name, NOON)
    assert (its.at, its.source) == (datetime(2024, 3, 4, 8, 20, 21), "name")


@pytest.mark.parametrize("name", ["a.jpg", "20249999_999999.jpg", "IMG_0001.jpg", "1234567890.jpg"])
def test_the_file_s_own_time_comes_last(name):
    its = find_taken(photo(), name, NOON)
    assert (its.at, its.source) == (datetime.fromtimestamp(NOON // 10**9), "mtime")


def test_a_camera_that_was_never_set_has_no_time():
    assert (
        find_taken(photo(DateTimeOriginal="0000:00:00 00:00:00"), "a.jpg", NOON).source == "mtime"
    )


@given(st.binary(max_size=200), st.text(max_size=40), st.integers(-(2**70), 2**70))
def test_whatever_a_file_is_it_has_some_time(content, name, modified):
    assert isinstance(find_taken(content, name, modified).at, datetime)
