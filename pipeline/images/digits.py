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
    try:
        with Image.open(BytesIO(source) if isinstance(source, bytes) else source) as image:
            yield image
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
    with open_digit(source) as image:
        image.draft("RGB", (size, size))
        return np.asarray(image.convert("RGB").resize((size, size), Image.Resampling.BILINEAR))
