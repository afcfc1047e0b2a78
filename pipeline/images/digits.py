"""Digit images as one array: decoded once, at one size, for all epochs."""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import psutil
import simplejpeg
from numpy.typing import NDArray
from PIL import Image
from tqdm import tqdm

from pipeline.messages import say
from pipeline.runtime.errors import UserError
from pipeline.runtime.parallel import map_threads

if TYPE_CHECKING:
    from pipeline.params import MachineParams

CLASSES = tuple("0123456789")

_CHUNK = 256
_JPEG = b"\xff\xd8"
_COLOURS = ("YCbCr", "Gray")


def load_digits(
    folder: Path, files: list[str], size: int, machine: MachineParams | None = None
) -> NDArray[np.uint8]:
    """Decode digit images to an array (n, size, size, 3) of RGB values, in the order of `files`.

    Of more than `machine.max_memory` GiB (None: half of what is free), the array is mapped from a
    file that goes when the array does. Raises `UserError` naming a file that is missing or damaged.
    """
    return read_digits([folder / file for file in files], size, machine)


def read_digits(
    sources: list[Path] | list[bytes], size: int, machine: MachineParams | None = None
) -> NDArray[np.uint8]:
    """Decode digit images, as files or as their bytes, to an array (n, size, size, 3)."""
    images = _make_room((len(sources), size, size, 3), machine.max_memory if machine else None)
    chunks = [range(i, min(i + _CHUNK, len(sources))) for i in range(0, len(sources), _CHUNK)]

    def fill(chunk: range) -> int:
        for i in chunk:
            images[i] = _decode(sources[i], size)
        return len(chunk)

    with tqdm(total=len(sources), desc="read", unit=" digits", disable=None, delay=1) as bar:
        for count in map_threads(fill, chunks, machine.threads if machine else None):
            bar.update(count)
    return images


@contextmanager
def open_digit(source: Path | bytes) -> Iterator[Image.Image]:
    """A digit image, opened and not yet decoded.

    Raises `UserError` naming it where it is missing or damaged, also when it is decoded within.
    """
    opened = BytesIO(source) if isinstance(source, bytes) else source
    with _told(source), Image.open(opened) as image:
        yield image


@contextmanager
def _told(source: Path | bytes) -> Iterator[None]:
    """Name the digit image where it turns out to be missing or damaged."""
    try:
        yield
    except OSError as error:
        name = say("a digit just cut") if isinstance(source, bytes) else source
        raise UserError(
            "{file} cannot be read ({error}): run `dvc repro`", file=name, error=error
        ) from None


def labels_of(files: list[str]) -> NDArray[np.int64]:
    """Class numbers (n,) from list entries: the part before the `/` is the label."""
    return np.array([CLASSES.index(file.split("/")[0]) for file in files], dtype=np.int64)


def _make_room(shape: tuple[int, ...], max_memory: float | None) -> NDArray[np.uint8]:
    limit = max_memory * 2**30 if max_memory else psutil.virtual_memory().available / 2
    if math.prod(shape) <= limit:
        return np.empty(shape, dtype=np.uint8)
    # Not in the system's folder for such files, which is often memory itself.
    with tempfile.TemporaryFile(dir=Path.cwd()) as file:
        if hasattr(os, "posix_fallocate"):
            # A disk that is too small is told here; a mapped page that finds no room kills.
            os.posix_fallocate(file.fileno(), 0, math.prod(shape))
        return np.memmap(file, dtype=np.uint8, mode="w+", shape=shape)


def _decode(source: Path | bytes, size: int) -> NDArray[np.uint8]:
    """A digit image (size, size, 3): as Pillow has it, to the pixel."""
    with _told(source):
        content = source if isinstance(source, bytes) else source.read_bytes()
        image = _decode_jpeg(content, size)
        if image is None:
            opened = Image.open(BytesIO(content))
            opened.draft("RGB", (size, size))
            image = opened.convert("RGB")
        return np.asarray(image.resize((size, size), Image.Resampling.BILINEAR))


def _decode_jpeg(content: bytes, size: int) -> Image.Image | None:
    """A JPEG, at a half, a quarter or an eighth of its size where that is enough; None if none.

    Raises `OSError` where it is damaged.
    """
    if not content.startswith(_JPEG):
        return None
    try:
        return _decode_reduced(content, size)
    except ValueError as error:
        raise OSError(str(error)) from None


def _decode_reduced(content: bytes, size: int) -> Image.Image | None:
    height, width, colours, _ = simplejpeg.decode_jpeg_header(content)
    if colours not in _COLOURS:
        return None
    # As Pillow's `draft` has it.
    by = next(by for by in (8, 4, 2, 1) if by == 1 or min(height, width) >= size * by)
    least = {"min_height": -(-height // by), "min_width": -(-width // by)} if by > 1 else {}
    return Image.fromarray(simplejpeg.decode_jpeg(content, "RGB", **least))
