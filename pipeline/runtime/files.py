"""Files written all at once or not at all, and known by their content."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO


def write_file(path: Path, content: bytes | memoryview, durable: bool = False) -> None:
    """Put `content` at `path` all at once: a reader or a killed run never sees half of it.

    Nor, where `durable`, does one after a loss of power: too dear for many small files.
    """
    temporary = path.with_name(f".{path.name}.part")
    try:
        try:
            temporary.write_bytes(content)
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(content)
        if durable:
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file to write to, which is put at `path` at the end; after an error, all is as it was."""
    temporary = path.with_name(f".{path.name}.part")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with temporary.open("wb") as file:
            yield file
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_new(path: str, content: bytes) -> None:
    """Put `content` at a path where most likely nothing is; else, do as `write_file` does.

    It takes half the time, since nothing is renamed, and a killed run may leave half a file: for
    files that count only once a record, written later, has their MD5.
    """
    try:
        with open(path, "xb") as file:  # noqa: PTH123 - of 30,000 paths, pathlib makes a second's work
            file.write(content)
    except (FileExistsError, FileNotFoundError):
        write_file(Path(path), content)


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    """Write figures as JSON, in the order given."""
    write_file(path, (json.dumps(values, indent=2) + "\n").encode("utf-8"))


def md5(content: bytes) -> str:
    """MD5 of some bytes, in hexadecimal: a name for content, as DVC has it, not a safeguard."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()
