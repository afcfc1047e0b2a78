"""Digit images: which pixels are cut, how they are coded, and under which name."""

from __future__ import annotations

from dataclasses import asdict, fields, replace
from io import BytesIO

import numpy as np
import pandas as pd
import pytest
from helpers import display, draw_photo, write
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from pipeline.contracts import BoxRow, DigitRow
from pipeline.images.box import Box
from pipeline.images.cropper import cut_boxes
from pipeline.images.cutting import ChannelSums, channel_sums, cut, digit_file, digit_key, encode
from pipeline.params import CropParams

PHOTO = draw_photo(display("70"))
PIXELS = np.asarray(PHOTO)
JPG = CropParams(margin=0.1, format="jpg")
ROW = BoxRow("a.jpg", "a.xml", 1, "7", 10, 20, 34, 60, 0, 0)


@pytest.mark.parametrize(
    ("box", "margin", "rows", "columns"),
    [
        pytest.param(Box(10, 20, 34, 60), 0, (20, 60), (10, 34), id="no margin"),
        pytest.param(Box(10, 20, 34, 60), 0.25, (10, 70), (4, 40), id="a quarter"),
        pytest.param(Box(0, 0, 24, 40), 0.25, (0, 50), (0, 30), id="top left"),
        pytest.param(Box(136, 80, 160, 120), 0.25, (70, 120), (130, 160), id="bottom right"),
        pytest.param(Box(0, 0, 160, 120), 1, (0, 120), (0, 160), id="the whole photo"),
    ],
)
def test_a_box_is_cut_with_its_margin_within_the_photo(box, margin, rows, columns):
    """It is exactly the box's pixels, and on each side a share of its own width or height."""
    expected = PIXELS[slice(*rows), slice(*columns)]
    assert np.array_equal(np.asarray(cut(PHOTO, box, margin)), expected)


def test_png_keeps_every_value():
    """What is cut as PNG comes back as it was."""
    assert np.array_equal(np.asarray(Image.open(BytesIO(encode(PIXELS, "png")))), PIXELS)


def test_jpg_keeps_the_colour_of_every_pixel():
    """Without chroma subsampling, red segments stay as sharp as grey ones."""
    with Image.open(BytesIO(encode(PIXELS, "jpg"))) as image:
        assert image.format == "JPEG"
        assert [layer[1:3] for layer in image.layer] == [(1, 1)] * 3
        assert np.abs(np.asarray(image).astype(int) - PIXELS).mean() < 2


@given(st.integers(1, 60), st.integers(1, 60), st.integers(0, 2**32 - 1))
def test_jpg_has_the_pixels_that_pillow_codes(width, height, seed):
    """Of whatever size and however rough, they are those of Pillow's quality 96."""
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    smooth = np.asarray(PHOTO.resize((width, height)))
    for digit in (noise, smooth):
        expected = BytesIO()
        Image.fromarray(digit).save(expected, "JPEG", quality=96, subsampling=0)
        ours, theirs = (Image.open(file) for file in (BytesIO(encode(digit, "jpg")), expected))
        assert np.array_equal(np.asarray(ours), np.asarray(theirs))


@pytest.mark.parametrize("image_format", ["jpg", "png"])
def test_nothing_else_of_a_photo_goes_with_its_digits(tmp_path, image_format):
    """A digit's bytes are those of its pixels, without the photo's comment or profile."""
    told = PHOTO.copy()
    told.info = {"comment": b"taken by me", "icc_profile": b"a profile", "dpi": (300, 300)}
    box = Box(0, 0, 24, 40)
    saved = BytesIO()
    told.save(saved, "PNG", comment="taken by me", icc_profile=b"a profile", dpi=(300, 300))
    params = CropParams(margin=0, format=image_format)
    rows = pd.DataFrame([asdict(replace(ROW, photo="a.png", xmin=0, ymin=0, xmax=24, ymax=40))])
    write(tmp_path / "a.png", saved.getvalue())
    _, [content], _ = cut_boxes(tmp_path, rows, params)
    assert content == encode(PIXELS[:40, :24].copy(), image_format)
    with Image.open(BytesIO(content)) as image:
        assert not {"comment", "icc_profile", "exif"} & set(image.info)
    assert not cut(told, box, 0).info


def test_channel_sums_are_the_pixels_own():
    """Count, sum and sum of squares of each channel are exact."""
    sums = channel_sums(np.array([[[1, 2, 255]], [[3, 0, 255]]], dtype=np.uint8))
    assert sums._asdict() == {
        "pixels": 2, "red": 4, "green": 2, "blue": 510,
        "red_squared": 10, "green_squared": 4, "blue_squared": 130_050,
    }  # fmt: skip
    assert channel_sums(PIXELS)[1:4] == tuple(PIXELS.reshape(-1, 3).sum(axis=0))


@pytest.mark.parametrize("shape", [(30_000, 2, 3), (2, 30_000, 3)])
def test_no_sum_of_a_large_digit_overflows(shape):
    """White in 60,000 pixels: each channel's squares come to 3,901,500,000."""
    sums = channel_sums(np.full(shape, 255, dtype=np.uint8))
    assert sums == (60_000, *[60_000 * 255] * 3, *[60_000 * 255**2] * 3)


def test_a_digits_sums_are_columns_of_its_row():
    """The row has them under the same names, so that stats need not open an image."""
    assert [its.name for its in fields(DigitRow)][-7:] == list(ChannelSums._fields)


PHOTO_NAMES = st.one_of(
    st.sampled_from(["a/b.jpg", "a_b.jpg", "a b.jpg", "A/b.jpg", "a/b.JPG", "a/b.png", "가.jpg"]),
    st.text("abAB_/. 가", min_size=1, max_size=12),
    st.integers(1, 3).map(lambda n: "long" * 60 + str(n)),
)


@given(
    places=st.lists(st.tuples(PHOTO_NAMES, st.integers(1, 99)), min_size=2, max_size=8, unique=True)
)
def test_no_two_digits_share_a_file(places):
    """They do not where the file system takes upper and lower case for the same, either."""
    rows = [replace(ROW, photo=photo, object=number) for photo, number in places]
    files = {digit_file(row, "jpg").casefold() for row in rows}
    assert len(files) == len(places)


@pytest.mark.parametrize(
    "photo",
    ["x" * 300 + ".jpg", "가" * 80 + ".jpg", "a\nb,\"c'\t.jpg", "-rf.jpg", "../../a.jpg", "."],
)
def test_a_file_name_is_short_and_harmless(photo):
    """It is one folder deep, leaves room for a temporary name, and has nothing for a shell."""
    label, name = digit_file(replace(ROW, photo=photo, object=12), "png").split("/")
    assert label == "7"
    assert len(name.encode()) < 200
    assert name.endswith("-12.png")
    assert not set(name) & set(" \t\n,;'\"\\$&|<>*?:")


def test_a_file_is_found_by_its_photos_name():
    """A person sees from which photo a digit is."""
    assert digit_file(replace(ROW, photo="저울/사진 7.jpg"), "jpg").startswith("7/사진_7-")


@pytest.mark.parametrize(
    "change",
    [
        {"photo_md5": "other"},
        {"box": replace(ROW, label="1")},
        {"box": replace(ROW, ymax=61)},
        {"params": JPG.model_copy(update={"margin": 0.2})},
        {"params": JPG.model_copy(update={"format": "png"})},
    ],
    ids=["photo", "label", "box", "margin", "format"],
)
def test_a_key_changes_with_all_that_an_image_depends_on(change):
    """Otherwise an old image would be kept for a new one."""
    given = {"photo_md5": "md5", "box": ROW, "params": JPG}
    assert digit_key(**given) == digit_key(**given)
    assert digit_key(**given) != digit_key(**(given | change))


@pytest.mark.parametrize("change", [{"xml": "b.xml"}, {"row": 1}, {"column": 5}], ids=str)
def test_a_key_does_not_change_with_what_is_not_in_the_image(change):
    """Which XML has the box, and where it is in reading order, makes no other bytes."""
    assert digit_key("md5", replace(ROW, **change), JPG) == digit_key("md5", ROW, JPG)
