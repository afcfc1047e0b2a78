"""A photo from a stranger: opened safely, turned upright, as RGB."""

from __future__ import annotations

import errno
import mmap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import ExifTags, Image, UnidentifiedImageError

PHOTO_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff"})

_FORMATS = ("JPEG", "PNG", "BMP", "WEBP", "TIFF")
LARGEST_MEGAPIXELS = 200
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


def read_header(path: Path, max_megapixels: float = LARGEST_MEGAPIXELS) -> PhotoHeader:
    """Read a photo's size without decoding it, and see that it is whole.

    A JPEG is whole when its end marker is there; other formats are decoded to find out. Raises
    `UnreadablePhoto` with the reason, also for a photo larger than `max_megapixels`.
    """
    with _told(), _open(path, max_megapixels) as image:
        stored = _orientation(image)
        if image.format not in ("JPEG", "MPO"):
            image.load()
        elif not _has_end_of_image(path):
            raise UnreadablePhoto("the file is cut off")
        # A loaded TIFF is upright already; a PNG may say so only behind its pixels.
        remaining = _orientation(image)
        width, height = image.size
    if remaining >= 5:
        width, height = height, width
    return PhotoHeader(width, height, max(stored, remaining))


def read_photo(path: Path) -> Image.Image:
    """Decode a photo to an upright RGB image; raises `UnreadablePhoto` with the reason."""
    return decode_photo(read_bytes(path))


def read_bytes(path: Path) -> bytes:
    """Read a photo's bytes; raises `UnreadablePhoto` with the reason."""
    with _told():
        return path.read_bytes()


def decode_photo(content: bytes) -> Image.Image:
    """Decode a photo's bytes to an upright RGB image; raises `UnreadablePhoto` with the reason."""
    with _told(), _open(BytesIO(content), LARGEST_MEGAPIXELS) as image:
        image.load()
        orientation = _orientation(image)
        rgb = _to_rgb(image)
        return rgb.transpose(_UPRIGHT[orientation]) if orientation in _UPRIGHT else rgb


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
        # Pillow's decoders let through what their arithmetic and tables happen to raise.
        raise UnreadablePhoto(_why(error)) from None


def _open(source: Path | BytesIO, max_megapixels: float) -> Image.Image:
    # Our own limit decides: Pillow's ends below it, and its warning would name no file.
    Image.MAX_IMAGE_PIXELS = None
    image = Image.open(source, formats=_FORMATS)
    megapixels = image.width * image.height / 1e6
    if megapixels > max_megapixels:
        image.close()
        raise UnreadablePhoto(f"{megapixels:.3g} megapixels, more than {max_megapixels:g}")
    return image


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


def _has_end_of_image(path: Path) -> bool:
    """Whether a JPEG's end marker follows its first scan.

    A thumbnail in the head has an end marker too, and phones put data behind the photo's.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        scan = _first_scan(content)
        return scan is not None and content.rfind(b"\xff\xd9", scan) >= 0


def _first_scan(content: mmap.mmap) -> int | None:
    """Where a JPEG's first scan begins: behind the marker FF DA, which the head may also hold."""
    place = 2
    while (marker := content.find(b"\xff", place)) >= 0 and marker + 4 <= len(content):
        kind = content[marker + 1]
        if kind == 0xDA:
            return marker + 2
        if kind == 0xFF:
            place = marker + 1
        elif kind == 0x00 or 0xD0 <= kind <= 0xD9:
            place = marker + 2
        else:
            place = marker + 2 + int.from_bytes(content[marker + 2 : marker + 4], "big")
    return None


def _why(error: Exception) -> str:
    if isinstance(error, UnidentifiedImageError):
        return "not a photo"
    return str(error) or type(error).__name__
