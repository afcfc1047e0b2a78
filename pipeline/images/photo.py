"""A photo from a stranger: opened safely, turned upright, as RGB."""

from __future__ import annotations

import os
import struct
import warnings
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import ExifTags, Image

PHOTO_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff"})

_FORMATS = ("JPEG", "PNG", "BMP", "WEBP", "TIFF")
_LARGEST_MEGAPIXELS = 200
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


@dataclass(frozen=True)
class PhotoHeader:
    """Size of the upright photo in pixels, and the EXIF orientation (1 to 8) it is stored in."""

    width: int
    height: int
    orientation: int


def read_header(path: Path) -> PhotoHeader:
    """Read a photo's size without decoding it, and see that it is whole.

    A JPEG is whole when its end marker is there; other formats are decoded to find out. Raises
    `UnreadablePhoto` with the reason.
    """
    try:
        with _open(path) as image:
            if image.format not in ("JPEG", "MPO"):
                image.load()
            elif not _has_end_of_image(path):
                raise UnreadablePhoto("the file is cut off")
            orientation = _orientation(image)
            width, height = image.size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise UnreadablePhoto(_why(error)) from None
    return PhotoHeader(*((height, width) if orientation >= 5 else (width, height)), orientation)


def read_photo(path: Path) -> Image.Image:
    """Decode a photo to an upright RGB image; raises `UnreadablePhoto` with the reason."""
    return decode_photo(read_bytes(path))


def read_bytes(path: Path) -> bytes:
    """Read a photo's bytes; raises `UnreadablePhoto` with the reason."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise UnreadablePhoto(_why(error)) from None


def decode_photo(content: bytes) -> Image.Image:
    """Decode a photo's bytes to an upright RGB image; raises `UnreadablePhoto` with the reason."""
    try:
        with _open(BytesIO(content)) as image:
            orientation = _orientation(image)
            rgb = _to_rgb(image)
            return rgb.transpose(_UPRIGHT[orientation]) if orientation in _UPRIGHT else rgb
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise UnreadablePhoto(_why(error)) from None


def _open(source: Path | BytesIO) -> Image.Image:
    with warnings.catch_warnings():
        # Our own limit below decides; Pillow's warning would reach the user without a file name.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        image = Image.open(source, formats=_FORMATS)
    megapixels = image.width * image.height / 1e6
    if megapixels > _LARGEST_MEGAPIXELS:
        raise UnreadablePhoto(f"{megapixels:.0f} megapixels, over {_LARGEST_MEGAPIXELS}")
    return image


def _orientation(image: Image.Image) -> int:
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
    except (struct.error, TypeError, ValueError, AttributeError, SyntaxError, KeyError):
        # Damaged EXIF beside a good picture: the picture is taken as it is stored.
        return 1
    return orientation if orientation in _UPRIGHT else 1


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        # 16 bits to 8; Pillow's own conversion would clip at 255.
        return image.convert("F").point(lambda value: value / 257).convert("L").convert("RGB")
    if "A" in image.getbands() or "transparency" in image.info:
        ground = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(ground, image.convert("RGBA")).convert("RGB")
    if image.mode == "RGB":
        image.load()
        return image
    return image.convert("RGB")


def _has_end_of_image(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(0, os.SEEK_END)
        file.seek(max(0, file.tell() - 65536))
        # Phones append data of their own behind the marker.
        return b"\xff\xd9" in file.read()


def _why(error: BaseException) -> str:
    return "not a photo" if "cannot identify image file" in str(error) else str(error)
