"""A photo from a stranger: every kind is opened as it looks, nothing harmful is opened at all."""

from __future__ import annotations

import struct
import time
import zlib
from io import BytesIO

import numpy as np
import pillow_heif
import pytest
from helpers import display, draw_photo, jpeg, work, write
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageChops

from pipeline.images.photo import (
    PhotoHeader,
    UnreadablePhoto,
    decode_photo,
    read_header,
    read_photo,
)

PHOTO = draw_photo(display("70"))
GREY = PHOTO.convert("L")
BINARY = PHOTO.convert("1")


def save(image, image_format, **options):
    buffer = BytesIO()
    image.save(buffer, image_format, **options)
    return buffer.getvalue()


def heif(image):
    """A photo as an iPhone saves it."""
    buffer = BytesIO()
    pillow_heif.from_pillow(image).save(buffer, quality=95)
    return buffer.getvalue()


def deviation(image, other):
    """Mean distance of two pictures' values, of 255."""
    return np.abs(np.asarray(image, dtype=float) - np.asarray(other, dtype=float)).mean()


def with_alpha(mode):
    """The photo, its left half transparent."""
    image = PHOTO.convert(mode)
    image.putalpha(Image.linear_gradient("L").resize(PHOTO.size).point(lambda v: 255 * (v > 127)))
    return image


ON_WHITE = Image.composite(
    PHOTO,
    Image.new("RGB", PHOTO.size, "white"),
    with_alpha("RGB").getchannel("A"),
)


@pytest.mark.parametrize(
    ("content", "looks_like"),
    [
        pytest.param(save(PHOTO, "JPEG", quality=95), PHOTO, id="JPEG"),
        pytest.param(save(PHOTO, "JPEG", quality=95, progressive=True), PHOTO, id="progressive"),
        pytest.param(save(GREY, "JPEG", quality=95), GREY.convert("RGB"), id="grey JPEG"),
        pytest.param(save(PHOTO.convert("CMYK"), "JPEG", quality=95), PHOTO, id="CMYK"),
        pytest.param(save(PHOTO, "PNG"), PHOTO, id="PNG"),
        pytest.param(save(GREY, "PNG"), GREY.convert("RGB"), id="grey PNG"),
        pytest.param(save(PHOTO.quantize(256), "PNG"), PHOTO, id="palette"),
        pytest.param(save(BINARY, "PNG"), BINARY.convert("RGB"), id="1 bit"),
        pytest.param(save(with_alpha("RGB"), "PNG"), ON_WHITE, id="alpha"),
        pytest.param(
            save(with_alpha("L"), "PNG"), ON_WHITE.convert("L").convert("RGB"), id="grey, alpha"
        ),
        pytest.param(save(PHOTO, "BMP"), PHOTO, id="BMP"),
        pytest.param(save(PHOTO.quantize(256), "GIF"), PHOTO, id="GIF"),
        pytest.param(heif(PHOTO), PHOTO, id="HEIC"),
        pytest.param(save(PHOTO, "AVIF", quality=95), PHOTO, id="AVIF"),
        pytest.param(save(PHOTO, "WEBP", lossless=True), PHOTO, id="WebP"),
        pytest.param(save(PHOTO, "TIFF"), PHOTO, id="TIFF"),
        pytest.param(save(PHOTO, "MPO", quality=95), PHOTO, id="MPO"),
    ],
)  # fmt: skip
def test_every_kind_of_photo_looks_as_it_is(tmp_path, content, looks_like):
    """It has three channels of 8 bits and the header's size; the suffix says nothing."""
    path = write(tmp_path / "a.jpg", content)
    photo = read_photo(path)
    header = read_header(path.read_bytes())
    assert (photo.mode, photo.size) == ("RGB", (header.width, header.height))
    assert deviation(photo, looks_like) < 5


@pytest.mark.parametrize("image_format", ["PNG", "TIFF"])
@pytest.mark.parametrize(("low", "high"), [(0, 65535), (30000, 34000)])
def test_sixteen_bits_become_eight_with_their_contrast(image_format, low, high):
    """The upper eight bits are kept, within a value; nothing is clipped."""
    ramp = np.linspace(low, high, 64 * 16).reshape(16, 64).astype(np.uint16)
    values = np.asarray(decode_photo(save(Image.fromarray(ramp), image_format)), dtype=float)
    assert np.abs(values - (ramp / 257)[..., None]).max() <= 1


def test_a_16_bit_photo_is_turned_upright():
    """Depth and orientation are minded together."""
    ramp = np.linspace(0, 65535, 64 * 16).reshape(16, 64).astype(np.uint16)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    assert decode_photo(save(Image.fromarray(ramp), "PNG", exif=exif)).size == (16, 64)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_is_turned_upright(orientation):
    """Whichever of the eight ways it is stored, the same picture comes out."""
    back = [
        None,
        Image.Transpose.FLIP_LEFT_RIGHT,
        Image.Transpose.ROTATE_180,
        Image.Transpose.FLIP_TOP_BOTTOM,
        Image.Transpose.TRANSPOSE,
        Image.Transpose.ROTATE_90,
        Image.Transpose.TRANSVERSE,
        Image.Transpose.ROTATE_270,
    ][orientation - 1]
    stored = PHOTO if back is None else PHOTO.transpose(back)
    upright = decode_photo(jpeg(stored, quality=95, orientation=orientation))
    assert upright.size == PHOTO.size
    assert deviation(upright, PHOTO) < 5


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("image_format", ["PNG", "WEBP", "TIFF"])
def test_every_format_is_turned_as_a_jpeg_is(tmp_path, image_format, orientation):
    """It is turned once, and the header says how; Pillow turns a TIFF by itself."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    path = write(tmp_path / "a", save(PHOTO, image_format, exif=exif))
    wanted = write(tmp_path / "b", jpeg(PHOTO, quality=95, orientation=orientation))
    assert read_header(path.read_bytes()) == read_header(wanted.read_bytes())
    assert read_photo(path).size == read_photo(wanted).size
    assert deviation(read_photo(path), read_photo(wanted)) < 8


def test_a_png_may_name_its_orientation_behind_its_pixels(tmp_path):
    """The chunk may stand anywhere."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    content = save(PHOTO, "PNG", exif=exif)
    start = content.index(b"eXIf") - 4
    end = start + 12 + int.from_bytes(content[start : start + 4], "big")
    late = content[:start] + content[end:-12] + content[start:end] + content[-12:]
    path = write(tmp_path / "a.png", late)
    assert read_header(path.read_bytes()) == PhotoHeader(PHOTO.height, PHOTO.width, 6)
    assert read_photo(path).size == PHOTO.size[::-1]


def test_an_offset_that_no_file_has_is_refused(tmp_path):
    """A BigTIFF may claim to go on two billion gigabytes further."""
    path = write(tmp_path / "a.tif", b"II" + struct.pack("<HHHQ", 43, 8, 0, 2**62) + bytes(64))
    with pytest.raises(UnreadablePhoto):
        read_header(path.read_bytes())


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_unknown_orientation_is_upright(tmp_path, orientation):
    """Cameras that do not know write 0."""
    path = write(tmp_path / "a.jpg", jpeg(PHOTO, orientation=orientation))
    assert read_header(path.read_bytes()).orientation == 1
    assert read_photo(path).size == PHOTO.size


def bomb_png(width, height):
    """A PNG that claims a size, with next to nothing in it."""

    def chunk(kind, data):
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(b"", "empty", id="empty"),
        pytest.param(b"no photo\n", "not a photo", id="text"),
        pytest.param(b"\0\0\0\x20ftypisom" + bytes(99), "video", id="a film"),
        pytest.param(b"<html></html>", "web page", id="HTML"),
        pytest.param(save(PHOTO, "PPM"), "not a photo", id="a format that no camera writes"),
        pytest.param(jpeg(PHOTO)[:20], ".", id="JPEG, hardly begun"),
        pytest.param(save(PHOTO, "PNG")[:-2000], ".", id="PNG, cut off"),
        pytest.param(bomb_png(15_000, 15_000), ".", id="bomb over our limit"),
        pytest.param(bomb_png(60_000, 60_000), ".", id="bomb over Pillow's limit"),
    ],
)  # fmt: skip
def test_what_is_no_whole_photo_is_refused_with_a_reason(tmp_path, content, reason):
    """Its header is enough, so that the ledger knows."""
    with pytest.raises(UnreadablePhoto, match=reason):
        read_header(content)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no photo\n",
        jpeg(PHOTO)[:-2000],
        jpeg(PHOTO)[:-2],
        jpeg(PHOTO)[:-2000] + b"\xff\xd9",
        save(PHOTO, "PNG")[:-2000],
        bomb_png(60_000, 60_000),
    ],
    ids=["empty", "text", "JPEG, cut off", "no end", "an end put behind", "PNG, cut off", "bomb"],
)
def test_what_is_no_whole_photo_is_not_decoded(content):
    """A half photo would give grey digits."""
    with pytest.raises(UnreadablePhoto):
        decode_photo(content)


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_noise_in_a_jpegs_middle_is_damage(mode):
    """Of whatever mode: its digits would be grey, or another photo's."""
    pixels = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    image = Image.fromarray(pixels).resize((1600, 1200)).convert(mode)
    content = save(image, "JPEG", quality=90)
    middle = len(content) // 2
    noise = np.random.default_rng(1).integers(0, 256, 2048, dtype=np.uint8).tobytes()
    for damaged in (content[:middle] + noise + content[middle + 2048 :], content[:middle] + END):
        with pytest.raises(UnreadablePhoto):
            decode_photo(damaged)


def test_a_cut_off_photo_with_a_whole_thumbnail_is_refused(tmp_path):
    """The thumbnail's end marker is not the photo's."""
    thumbnail = jpeg(PHOTO.resize((80, 60)))
    content = jpeg(PHOTO)
    segment = b"\xff\xe2" + struct.pack(">H", len(thumbnail) + 2) + thumbnail
    path = write(tmp_path / "a.jpg", content[:2] + segment + content[2:-1500])
    with pytest.raises(UnreadablePhoto):
        decode_photo(path.read_bytes())


@pytest.mark.parametrize("size", [1, 1000, 70_000, 3_000_000])
def test_data_behind_a_photo_is_no_damage(tmp_path, size):
    """A phone's motion photo has its film behind the end marker."""
    film = np.random.default_rng(0).integers(0, 256, size, dtype=np.uint8).tobytes()
    path = write(tmp_path / "a.jpg", jpeg(PHOTO) + film * (3 if size > 10**6 else 1))
    assert read_header(path.read_bytes()).width == PHOTO.width
    assert read_photo(path).size == PHOTO.size


def test_a_missing_photo_is_unreadable(tmp_path):
    """It went while we were reading the folder."""
    with pytest.raises(UnreadablePhoto):
        read_header(tmp_path / "a.jpg")
    with pytest.raises(UnreadablePhoto):
        read_photo(tmp_path / "a.jpg")


@pytest.mark.parametrize("tag", [0x0101, 0x0110], ids=["height", "camera"])
def test_a_wrong_kind_of_exif_entry_is_no_damage(tag):
    """Its pixels are whole where EXIF has a fraction for a number or a text."""
    content = save(PHOTO, "JPEG", exif=EXIF)
    odd = content.replace(b"\x01\x1a\x00\x05", tag.to_bytes(2, "big") + b"\x00\x05")
    assert odd != content
    assert decode_photo(odd).size == (PHOTO.height, PHOTO.width)


EXIF = Image.Exif()
EXIF[ExifTags.Base.Orientation] = 6
EXIF[ExifTags.Base.Make] = "Phone"
EXIF[ExifTags.Base.XResolution] = 72.0
TINY = PHOTO.resize((24, 16))
SEEDS = [save(TINY, name, exif=EXIF) for name in ("JPEG", "PNG", "WEBP", "TIFF")]
SEEDS.append(save(TINY, "BMP"))


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@given(data=st.data())
def test_a_damaged_photo_is_read_or_refused(tmp_path, data):
    """Whatever byte is wrong, in whatever format, there is a picture or a reason."""
    content = bytearray(data.draw(st.sampled_from(SEEDS)))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, min(len(content), 400) - 1))] = data.draw(
            st.integers(0, 255)
        )
    path = write(tmp_path / "a.jpg", bytes(content))
    try:
        read_header(path.read_bytes())
        assert read_photo(path).mode == "RGB"
    except UnreadablePhoto as refusal:
        assert str(refusal)


def test_transparency_is_not_seen_through():
    """Hidden colours of transparent pixels do not come up."""
    image = Image.new("RGBA", (8, 8), (255, 0, 0, 0))
    assert ImageChops.invert(decode_photo(save(image, "PNG"))).getbbox() is None


MODES = {
    "RGB": {}, "RGB progressive": {"progressive": True}, "RGB 4:4:4": {"subsampling": 0},
    "RGB 4:2:0": {"subsampling": 2}, "L": {}, "CMYK": {},
}  # fmt: skip


@pytest.mark.parametrize("mode", MODES)
def test_a_jpegs_pixels_are_those_of_pillow(mode):
    """Two decoders agree to the level, in every mode, of a size that no block divides."""
    image = PHOTO.resize((161, 119)).convert(mode.split()[0])
    content = save(image, "JPEG", quality=90, **MODES[mode])
    with Image.open(BytesIO(content)) as opened:
        expected = np.asarray(opened.convert("RGB"))
    assert np.array_equal(np.asarray(decode_photo(content)), expected)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "CMYK", "I;16"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_header_says_the_size_of_what_is_decoded(mode, orientation):
    """Also of a TIFF whose uncompressed bytes could be mapped as they are."""
    image = PHOTO.convert("L" if mode == "I;16" else mode)
    if mode == "I;16":
        image = Image.fromarray(np.asarray(image).astype(np.uint16) * 257)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    content = save(image, "TIFF", exif=exif)
    header = read_header(content)
    assert (header.width, header.height) == decode_photo(content).size


@pytest.mark.parametrize("reduction", [1, 2, 4, 8])
def test_a_reduced_photo_is_the_same_picture(reduction):
    """It is upright, and a fraction of the size."""
    content = jpeg(PHOTO.rotate(90, expand=True), quality=95, orientation=6)
    whole, reduced = decode_photo(content), decode_photo(content, reduction)
    assert reduced.size == tuple(-(-side // reduction) for side in whole.size)
    assert deviation(reduced, whole.resize(reduced.size, Image.Resampling.BOX)) < 8


def rle_bmp(width, height):
    """A BMP of a few bytes, each run of which Pillow would unroll in Python."""
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, 1, 0, 0, 0, 256, 0)
    data = header + bytes(1024) + bytes([255, 0]) * 13_000 + b"\0\1"
    return b"BM" + struct.pack("<IHHI", 14 + len(data), 0, 0, 14 + 40 + 1024) + data


END = b"\xff\xd9"


def scans(count):
    """A JPEG of some scans, each of which goes through the whole picture."""
    content = save(PHOTO, "JPEG", progressive=True)
    last = content.rindex(b"\xff\xda")
    return content[:last] + content[last:-2] * count + content[-2:]


@pytest.mark.parametrize(
    "content",
    [scans(400), rle_bmp(3000, 3000), bomb_png(11_000, 11_000)],
    ids=["400 scans", "run lengths", "121 megapixels"],
)
def test_a_photo_that_would_cost_seconds_is_refused(content):
    """However few bytes it has."""
    start = time.process_time()
    with pytest.raises(UnreadablePhoto):
        read_header(content, 120)
        decode_photo(content)
    assert work(time.process_time() - start) < 5
