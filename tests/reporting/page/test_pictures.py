"""Pictures that a page holds in itself."""

from __future__ import annotations

from base64 import b64decode
from io import BytesIO

import pytest
from PIL import Image
from sample_report import make_predictions

from pipeline.reporting.page.pictures import data_uri, embed_digits, embed_image


def decode(uri):
    media_type, content = uri.removeprefix("data:").split(";base64,")
    return media_type, Image.open(BytesIO(b64decode(content)))


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        pytest.param((200, 100), (64, 32), id="wide"),
        pytest.param((100, 200), (32, 64), id="high"),
        pytest.param((30, 20), (30, 20), id="small enough"),
    ],
)
def test_an_image_is_made_small(size, shown):
    """As a JPEG of the same shape, no larger than asked for, and never larger than it was."""
    media_type, image = decode(embed_image(Image.new("RGB", size), 64))
    assert (media_type, image.format, image.size) == ("image/jpeg", "JPEG", shown)


def test_a_data_uri_is_the_content():
    """Byte for byte, of whatever type."""
    assert data_uri("image/svg+xml", b"<svg/>") == "data:image/svg+xml;base64,PHN2Zy8+"


def test_each_photo_is_embedded_once(tmp_path):
    """And every digit, with its box in percent of the photo."""
    predictions = make_predictions(tmp_path, {"a.jpg": ("77", "71"), "b.jpg": ("3", "8")})
    pictures = embed_digits(tmp_path, predictions, margin=0.0)
    assert set(pictures.photos) == {"a.jpg", "b.jpg"}
    assert set(pictures.digits) == {("a.jpg", 1), ("a.jpg", 2), ("b.jpg", 1)}
    # 36 of 160 pixels from the left, 30 of 120 from the top, 24 by 40 pixels.
    assert pictures.boxes["a.jpg", 2] == [22.5, 25.0, 15.0, 33.33]
    assert decode(pictures.digits["a.jpg", 2])[1].size == (24, 40)
