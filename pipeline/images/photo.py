"""A photo from a stranger: opened safely, turned upright, as RGB."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from pathlib import Path

import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import ExifTags, Image, UnidentifiedImageError, features

from pipeline.images.disguises import what_it_is

PHOTO_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".webp", ".tif", ".tiff", ".gif", ".heic",
     ".heif", ".avif"}
)  # fmt: skip
LARGEST_MEGAPIXELS = 200

_JPEG = ("JPEG", "MPO")
_FORMATS = ("JPEG", "PNG", "BMP", "WEBP", "TIFF", "GIF")
_AVIF = (b"avif", b"avis")
# What a photo may cost: the bytes that it decodes to where no JPEG decoder does it row by row, the
# megapixels of a BMP that Pillow decodes in Python, and the scans of a JPEG (a camera writes 1, a
# progressive one some 10).
_MOST_BYTES = 400e6
_MOST_BYTES_WITH_ALPHA = 200e6
_MOST_RLE_MEGAPIXELS = 2
_MOST_SCANS = 64
# The start of a segment or a scan, or the end: neither coded pixels nor what stands alone.
_MARKER = re.compile(rb"\xff[^\x00\x01\xd0-\xd8\xff]")
_SCAN, _END = 0xDA, 0xD9
# Decoders' complaints that say nothing of the picture.
_HARMLESS = ("Invalid SOS parameters",)
_TIME = re.compile(r"[0-9]{4}:[0-9]{2}:[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class UnreadablePhoto(Exception):  # noqa: N818 - it says what the file is
    """Why a file cannot be used as a photo."""


class PhotoTooLarge(UnreadablePhoto):
    """How much larger a photo is than it may be."""


@dataclass(frozen=True)
class PhotoHeader:
    """Size of the upright photo in pixels, and the EXIF orientation (1 to 8) it is stored in."""

    width: int
    height: int
    orientation: int


def read_bytes(path: Path) -> bytes:
    """Read a photo's bytes; raises `UnreadablePhoto` with the reason."""
    with _told():
        return path.read_bytes()


def read_photo(path: Path) -> Image.Image:
    """Decode a photo to an upright RGB image; raises `UnreadablePhoto` with the reason."""
    return decode_photo(read_bytes(path))


class OpenedPhoto:
    """A photo's bytes, looked at once: how large it is, when it was taken, its pixels.

    Raises `UnreadablePhoto` with the reason, `PhotoTooLarge` above `max_megapixels`.
    """

    def __init__(self, content: bytes, max_megapixels: float = LARGEST_MEGAPIXELS) -> None:
        self._content = content
        with _told():
            self._image = _open(content, max_megapixels)
            self._is_jpeg = self._image.format in _JPEG
            self._stored = _orientation(self._image)

    @cached_property
    def header(self) -> PhotoHeader:
        """Its size; of a JPEG without decoding it. Raises `UnreadablePhoto` with the reason."""
        with _told():
            remaining = self._load()
        width, height = self._image.size
        if remaining >= 5:
            width, height = height, width
        return PhotoHeader(width, height, max(self._stored, remaining))

    def decode(self, reduction: int = 1) -> Image.Image:
        """Its pixels as an upright RGB image; raises `UnreadablePhoto` with the reason.

        A JPEG is decoded at a `reduction`th of its size (1, 2, 4 or 8), other formats as they are.
        What the decoder takes for damage is damage.
        """
        if self._is_jpeg:
            return Image.fromarray(self.pixels(reduction))
        with _told():
            turn = _UPRIGHT.get(self._load())
            rgb = _to_rgb(self._image)
            return rgb if turn is None else rgb.transpose(turn)

    def pixels(self, reduction: int = 1) -> NDArray[np.uint8]:
        """The same pixels (height, width, 3); raises as `decode` does."""
        if not self._is_jpeg:
            return np.asarray(self.decode())
        with _told():
            stored = _decode_jpeg(self._content, self._image, reduction)
            turn = _UPRIGHT.get(self._load())
            return stored if turn is None else np.asarray(Image.fromarray(stored).transpose(turn))

    @property
    def taken_at(self) -> str:
        """When it was taken, as EXIF has it (2026:11:26 08:30:00); empty where it does not say."""
        try:
            exif = self._image.getexif()
            times = exif.get_ifd(ExifTags.IFD.Exif)
            taken = times.get(ExifTags.Base.DateTimeOriginal) or exif.get(ExifTags.Base.DateTime)
        except Exception:  # whatever damaged EXIF makes its reader raise
            return ""
        return taken if isinstance(taken, str) and _TIME.fullmatch(taken) else ""

    def _load(self) -> int:
        """How the pixels that decoding gives are still turned."""
        if self._is_jpeg:
            return self._stored
        self._image.load()
        # A loaded TIFF is upright already; a PNG may say so only behind its pixels.
        return _orientation(self._image)


def read_header(content: bytes, max_megapixels: float = LARGEST_MEGAPIXELS) -> PhotoHeader:
    """A photo's size, as `OpenedPhoto` has it; raises what that raises."""
    return OpenedPhoto(content, max_megapixels).header


def decode_photo(content: bytes, reduction: int = 1) -> Image.Image:
    """A photo's pixels, as `OpenedPhoto` decodes them; raises what that raises."""
    return OpenedPhoto(content).decode(reduction)


def reduction_to(length: int, enough: float) -> int:
    """The most that `decode` may reduce by so that `length` pixels stay `enough`."""
    return next(by for by in (8, 4, 2, 1) if by == 1 or length >= enough * by)


def taken_at(content: bytes) -> str:
    """When a photo was taken, as `OpenedPhoto` has it; empty where it cannot be read."""
    try:
        return OpenedPhoto(content).taken_at
    except UnreadablePhoto:
        return ""


def _decode_jpeg(content: bytes, image: Image.Image, reduction: int) -> NDArray[np.uint8]:
    """A JPEG, opened as `image`, as RGB: as Pillow decodes it, to the pixel, but damage is told."""
    width, height = (-(-length // reduction) for length in image.size)
    wanted = {"min_width": width, "min_height": height} if reduction > 1 else {}
    colours = {"RGB": "RGB", "L": "GRAY"}.get(image.mode, "CMYK")
    pixels: NDArray[np.uint8]
    try:
        pixels = simplejpeg.decode_jpeg(content, colours, strict=True, **wanted)
    except ValueError as error:
        if not str(error).startswith(_HARMLESS):
            raise
        pixels = simplejpeg.decode_jpeg(content, colours, strict=False, **wanted)
    if colours == "CMYK":
        # Adobe's are inverted, others are not: Pillow tells them apart.
        return np.asarray(image.convert("RGB"))
    return pixels if colours == "RGB" else pixels.repeat(3, axis=2)


@contextmanager
def _told() -> Iterator[None]:
    """Turn whatever is wrong with a photo into `UnreadablePhoto`; a fault of the machine stays one.

    A disk that fails for a moment must not cost a photo for good: the run stops and is run again.
    """
    try:
        yield
    except (UnreadablePhoto, MemoryError):
        raise
    except FileNotFoundError:
        raise UnreadablePhoto("the file is gone") from None
    except Exception as error:
        # A hostile TIFF's offset that no file has is EINVAL: the photo's fault.
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise
        # Decoders let through what their arithmetic and tables happen to raise.
        raise UnreadablePhoto(str(error) or type(error).__name__) from None


def _open(content: bytes, max_megapixels: float) -> Image.Image:
    # Our own limit decides: Pillow's ends below it, and its warning would name no file.
    Image.MAX_IMAGE_PIXELS = None
    try:
        image = _open_heif(content) or Image.open(BytesIO(content), formats=_formats(content))
    except UnidentifiedImageError:
        raise UnreadablePhoto(what_it_is(content)) from None
    try:
        _check_cost(image, content, max_megapixels)
    except UnreadablePhoto:
        image.close()
        raise
    return image


def _formats(content: bytes) -> tuple[str, ...]:
    """What Pillow may take the content for; of AVIF, it knows nothing in some builds."""
    is_avif = content[8:12] in _AVIF and features.check("avif")
    return ("AVIF",) if is_avif else _FORMATS


def _open_heif(content: bytes) -> Image.Image | None:
    """A photo as iPhones and Galaxies save it, whatever its name; None where it is none."""
    if content[4:8] != b"ftyp" or content[8:12] in _AVIF:
        return None
    import pillow_heif  # noqa: PLC0415 - for the few folders that hold such photos

    if not pillow_heif.is_supported(content[:64]):
        raise UnidentifiedImageError
    file = pillow_heif.open_heif(BytesIO(content), convert_hdr_to_8bit=True)
    if file.size[0] * file.size[1] > LARGEST_MEGAPIXELS * 1e6:
        raise PhotoTooLarge(f"{file.size[0]} x {file.size[1]} pixels")
    image: Image.Image = file.to_pillow()
    return image


def _check_cost(image: Image.Image, content: bytes, max_megapixels: float) -> None:
    megapixels = image.width * image.height / 1e6
    if megapixels > max_megapixels:
        raise PhotoTooLarge(f"{megapixels:.3g} megapixels, more than {max_megapixels:g}")
    if image.format in _JPEG:
        # Every scan goes through the whole picture.
        if _count_scans(content) > _MOST_SCANS:
            raise UnreadablePhoto(f"more than {_MOST_SCANS} scans, which no camera writes")
        return
    most = _MOST_BYTES_WITH_ALPHA if "A" in image.getbands() else _MOST_BYTES
    if megapixels * 1e6 * len(image.getbands()) > most:
        raise PhotoTooLarge(f"{megapixels:.3g} megapixels in {image.mode}; save it as JPEG")
    if (
        image.format == "BMP"
        and image.info.get("compression")
        and (megapixels > _MOST_RLE_MEGAPIXELS)
    ):
        raise PhotoTooLarge(f"{megapixels:.3g} megapixels in a compressed BMP; save it as JPEG")


def _count_scans(content: bytes) -> int:
    """The scans of a JPEG's first picture, behind which a phone may have put a film."""
    scans, place = 0, 2
    while scans <= _MOST_SCANS and (marker := _MARKER.search(content, place)):
        kind = content[marker.end() - 1]
        if kind == _END:
            break
        scans += kind == _SCAN
        place = marker.end() + int.from_bytes(content[marker.end() : marker.end() + 2], "big")
    return scans


def _orientation(image: Image.Image) -> int:
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:
        # Damaged EXIF beside a good picture: the picture is taken as it is stored.
        return 1
    return int(orientation) if orientation in range(2, 9) else 1


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        # 16 bits to 8; Pillow's own conversion would clip at 255.
        return image.convert("F").point(lambda value: value / 257).convert("L").convert("RGB")
    if "A" in image.getbands() or "transparency" in image.info:
        ground = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(ground, image.convert("RGBA")).convert("RGB")
    return image if image.mode == "RGB" else image.convert("RGB")
