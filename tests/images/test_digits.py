"""Digit images as one array."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from helpers import MACHINE, display, draw_photo, write
from PIL import Image

from pipeline.images.cutting import encode
from pipeline.images.digits import CLASSES, labels_of, load_digits, read_digits
from pipeline.runtime.errors import UserError

GRADIENT = np.asarray(Image.linear_gradient("L").convert("RGB"))


def test_images_come_in_the_lists_order(tmp_path):
    """They do where there are many, too, which are decoded in parallel."""
    values = [i % 256 for i in range(700)]
    files = [f"{i % 10}/{i}.png" for i in range(700)]
    for file, value in zip(files, values, strict=True):
        write(tmp_path / file, encode(np.full((2, 2, 3), value, dtype=np.uint8), "png"))
    images = load_digits(tmp_path, files[::-1], 2)
    assert (images.shape, images.dtype) == ((700, 2, 2, 3), np.uint8)
    assert images[:, 0, 0, 0].tolist() == values[::-1]


@pytest.mark.parametrize("size", [(8, 20), (64, 64), (300, 100)])
def test_an_image_of_any_shape_fills_the_square(tmp_path, size):
    """Its left half is black and its right half white, at whatever size it was cut."""
    image = Image.new("RGB", size, "black")
    image.paste("white", (size[0] // 2, 0, *size))
    write(tmp_path / "7.jpg", encode(np.asarray(image), "jpg"))
    [array] = load_digits(tmp_path, ["7.jpg"], 32)
    assert array.shape == (32, 32, 3)
    assert array[:, :12].max() < 32
    assert array[:, 20:].min() > 224


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "1"])
def test_an_image_of_any_mode_is_rgb(tmp_path, mode):
    """A hand-made digit image may be grey or have a palette."""
    path = tmp_path / "7.png"
    Image.new("RGB", (4, 4), "white").convert(mode).save(path)
    assert (load_digits(tmp_path, ["7.png"], 4) == 255).all()


@pytest.mark.parametrize("size", [16, 32, 65])
@pytest.mark.parametrize("kind", ["RGB", "L", "CMYK", "4:2:0", "progressive"])
@pytest.mark.parametrize("shape", [(33, 71), (160, 240), (9, 1300)])
def test_a_jpegs_pixels_are_those_of_pillow(kind, shape, size):
    """Two decoders agree to the level, in every mode, at whatever fraction they decode."""
    image = draw_photo(display("70")).resize(shape)
    saved = BytesIO()
    how = {"4:2:0": {"subsampling": 2}, "progressive": {"progressive": True}}
    image.convert(kind if kind in ("L", "CMYK") else "RGB").save(saved, "JPEG", **how.get(kind, {}))
    with Image.open(saved) as opened:
        opened.draft("RGB", (size, size))
        expected = opened.convert("RGB").resize((size, size), Image.Resampling.BILINEAR)
    [array] = read_digits([saved.getvalue()], size)
    assert np.array_equal(array, np.asarray(expected))


def test_bytes_are_read_as_files_are(tmp_path):
    """What is measured on another folder is what was trained on."""
    content = encode(GRADIENT, "jpg")
    path = write(tmp_path / "7.jpg", content)
    assert np.array_equal(read_digits([content], 24), read_digits([path], 24))


@pytest.mark.parametrize("content", [None, b"", b"no image", "cut off"])
def test_a_missing_or_damaged_image_is_named(tmp_path, content):
    """The message says which file, and what to run."""
    if content == "cut off":
        content = encode(GRADIENT, "jpg")[:-100]
    if content is not None:
        write(tmp_path / "7/a.jpg", content)
    with pytest.raises(UserError, match=r"7/a\.jpg.*dvc repro"):
        load_digits(tmp_path, ["7/a.jpg"], 16)


def test_no_images_are_an_empty_array(tmp_path):
    """It has the right shape."""
    assert load_digits(tmp_path, [], 16).shape == (0, 16, 16, 3)


def test_a_label_is_the_folder_that_an_image_is_in():
    """The class is the digit's own number."""
    assert labels_of([f"{digit}/x-1.jpg" for digit in "9075"]).tolist() == [9, 0, 7, 5]
    assert "".join(CLASSES) == "0123456789"


def test_more_than_memory_should_hold_is_mapped_from_a_file(tmp_path, monkeypatch):
    """The values are the same; the file has no name, or goes when the array does."""
    monkeypatch.chdir(tmp_path)
    files = [f"{value}.png" for value in range(40)]
    for value, file in enumerate(files):
        digit = np.full((64, 64, 3), value, dtype=np.uint8)
        write(tmp_path / "digits" / file, encode(digit, "png"))
    just_too_little = 40 * 64 * 64 * 3 / 2**30 - 1e-9
    held, mapped = (
        load_digits(
            tmp_path / "digits", files, 64, MACHINE.model_copy(update={"max_memory": memory})
        )
        for memory in (1.0, just_too_little)
    )
    assert not isinstance(held, np.memmap)
    assert isinstance(mapped, np.memmap)
    assert np.array_equal(mapped, held)
    del mapped
    assert [path.name for path in tmp_path.iterdir()] == ["digits"]
