"""A photo in, its reading out, with the model of the first day."""

from __future__ import annotations

from decimal import Decimal
from io import BytesIO

import numpy as np
import pytest
import torch
from helpers import ROOT
from PIL import ExifTags, Image, ImageDraw

from pipeline.images.photo import UnreadablePhoto
from pipeline.images.segments import LIT
from pipeline.learning.hardware import map_alone
from pipeline.params import ReadParams
from pipeline.reading import Reader

# Each segment of a cell of 10 by 18, as a person would draw it: left, top, right, bottom.
SEGMENTS = {
    "a": (2, 0, 8, 2), "b": (8, 2, 10, 8), "c": (8, 10, 10, 16), "d": (2, 16, 8, 18),
    "e": (0, 10, 2, 16), "f": (0, 2, 2, 8), "g": (2, 8, 8, 10),
}  # fmt: skip
READ = ReadParams(point=["."], decimals=None, displays=None, turns=[0], wrong=0.005)


def photo(text="2470", left=180, top=180, scale=3.2, size=(640, 480)):
    """A red display with plain seven-segment digits, drawn by nothing of ours; and its boxes."""
    picture = Image.new("RGB", size, (96, 98, 94))
    draw = ImageDraw.Draw(picture)
    wide = 14 * scale * len(text)
    draw.rectangle([left - 20, top - 24, left + wide + 10, top + 18 * scale + 24], fill=(18, 8, 8))
    boxes = []
    for place, digit in enumerate(text):
        x = left + place * 14 * scale
        for segment in LIT[digit]:
            one = [v * scale + (x, top)[i % 2] for i, v in enumerate(SEGMENTS[segment])]
            draw.rectangle(one, fill=(250, 60, 50))
        boxes.append((x, top, x + 10 * scale, top + 18 * scale))
    return picture, boxes


def jpeg(picture, **options):
    """Its bytes, as a phone writes them."""
    file = BytesIO()
    picture.save(file, "JPEG", quality=90, **options)
    return file.getvalue()


def base_only(folder, params=READ):
    """A reader of a folder that has the first day's model alone."""
    (folder / "base").symlink_to(ROOT / "models/base")
    return Reader.load(folder, params)


@pytest.fixture(scope="module")
def first_day(tmp_path_factory):
    """The base model alone, whatever was trained here."""
    return base_only(tmp_path_factory.mktemp("models"))


@pytest.mark.parametrize("text", ["2470", "98653", "305"])
def test_a_plain_display_is_read(first_day, text):
    """Its digits, its value, and a confidence."""
    picture, _ = photo(text)
    (reading,) = first_day.read(jpeg(picture))
    assert reading.text == text
    assert reading.value == Decimal(text)
    assert 0.5 < reading.confidence <= 1
    assert [digit.label for digit in reading.digits] == list(text)


def test_boxes_are_where_the_digits_are(first_day):
    """In pixels of the photo as it is, also of one that is decoded at a part of its size."""
    for factor in (1, 5):
        size = (640 * factor, 480 * factor)
        picture, boxes = photo("2470", 180 * factor, 180 * factor, 3.2 * factor, size)
        (reading,) = first_day.read(jpeg(picture))
        found = np.array([digit.box for digit in reading.digits])
        assert np.abs(found - np.array(boxes)).max() < 8 * factor


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_a_photo_that_exif_turns_is_read_upright(first_day, orientation):
    """As a phone stores it."""
    stored = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90,
              8: Image.Transpose.ROTATE_270}[orientation]  # fmt: skip
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    (reading,) = first_day.read(jpeg(photo("2470")[0].transpose(stored), exif=exif))
    assert reading.text == "2470"


@pytest.mark.parametrize(
    ("turned", "degrees"),
    [(Image.Transpose.ROTATE_270, 90), (Image.Transpose.ROTATE_180, 180),
     (Image.Transpose.ROTATE_90, 270)],
)  # fmt: skip
def test_a_turned_display_is_read_where_that_is_asked_for(tmp_path, turned, degrees):
    """With boxes on the photo as it is."""
    picture, _ = photo("2475")
    reader = base_only(tmp_path, READ.model_copy(update={"turns": [0, degrees]}))
    lying = picture.transpose(turned)
    (reading,) = reader.read(jpeg(lying))
    assert reading.text == "2475"
    first = reading.digits[0].box
    patch = np.asarray(lying)[first.ymin : first.ymax, first.xmin : first.xmax, 0]
    assert (patch > 200).mean() > 0.3


def test_upside_down_is_said_and_not_guessed(first_day):
    """A display on its head is no accepted reading, and the reason says how it reads otherwise."""
    (reading,) = first_day.read(jpeg(photo("47342")[0].transpose(Image.Transpose.ROTATE_180)))
    assert reading.verdict == "doubtful"
    assert "47342" in [reason.other for reason in reading.reasons if reason.code == "upside_down"]


@pytest.mark.parametrize("colour", ["black", "white", (120, 130, 90)])
def test_a_photo_of_nothing_has_no_reading(first_day, colour):
    """It says so and what to do."""
    (reading,) = first_day.read(jpeg(Image.new("RGB", (640, 480), colour)))
    assert (reading.verdict, reading.text, reading.value) == ("none", "", None)
    assert "nearer" in str(reading.reasons[0])


def test_a_display_cut_by_the_edge_is_doubtful(first_day):
    """A digit may be missing."""
    picture, _ = photo("2470")
    (reading,) = first_day.read(jpeg(picture.crop((200, 0, 640, 480))))
    assert reading.verdict != "accepted"


def test_the_decimals_of_a_display_are_its_own(tmp_path):
    """Where its point is not seen: 2470 with two decimals is 24.70."""
    reader = base_only(tmp_path, READ.model_copy(update={"decimals": 2}))
    (reading,) = reader.read(jpeg(photo("2470")[0]))
    assert (reading.text, reading.value) == ("2470", Decimal("24.70"))


def test_two_displays_are_two_readings(tmp_path):
    """From the top, where the parameters ask for two."""
    picture, _ = photo("2470", top=90)
    picture.paste(photo("851", top=90)[0].crop((150, 60, 400, 180)), (150, 300))
    reader = base_only(tmp_path, READ.model_copy(update={"displays": 2}))
    assert [its.text for its in reader.read(jpeg(picture))] == ["2470", "851"]


def test_what_is_no_photo_is_told(first_day):
    """By the reason, as everywhere."""
    with pytest.raises(UnreadablePhoto):
        first_day.read(b"not a photo")


def test_the_same_photo_is_the_same_reading(first_day):
    """To the last digit of its confidence."""
    content = jpeg(photo("4021")[0])
    assert first_day.read(content) == first_day.read(content)


def test_photos_are_read_side_by_side_as_one_after_the_other(first_day):
    """One reader serves several threads; how many torch uses is as before, also where it stops."""
    photos = [jpeg(photo(text)[0]) for text in ("2470", "913", "05", "88")]
    threads = torch.get_num_threads()
    side_by_side = list(map_alone(first_day.read, photos, torch.device("cpu"), 3))
    stopped = map_alone(first_day.read, photos, torch.device("cpu"), 3)
    assert next(stopped) == side_by_side[0]
    stopped.close()
    assert torch.get_num_threads() == threads
    torch.set_num_threads(1)
    try:
        assert side_by_side == [first_day.read(one) for one in photos]
    finally:
        torch.set_num_threads(threads)
