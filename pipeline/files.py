"""Files written all at once or not at all, and known by their content."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.command import UserError

# The digits of each side, as split leaves them.
LISTS = {"train": Path("data/train_data.txt"), "valid": Path("data/valid_data.txt")}
# The doubtful labels, as audit leaves them.
AUDIT_FILE = Path("reports/audit.csv")
CHANNELS = ("red", "green", "blue")


def lists_md5() -> dict[str, str]:
    """MD5 of each side's list: tells which digits a model was trained on.

    Raises `UserError` where a list is missing.
    """
    return {side: md5(_read(path)) for side, path in LISTS.items()}


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


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    """Write figures as JSON, in the order given."""
    write_file(path, (json.dumps(values, indent=2) + "\n").encode("utf-8"))


def read_list(path: Path) -> list[str]:
    """The lines of a list file, one `<label>/<file>` each.

    Raises `UserError` where the file is missing or empty.
    """
    lines = _read(path).decode("utf-8").splitlines()
    if not lines:
        raise UserError(f"{path} is empty: add photos, or change split.validation in params.yaml")
    return lines


def read_stats(path: Path = Path("data/stats.json")) -> tuple[list[float], list[float]]:
    """Mean and standard deviation of the digits' red, green and blue, in 0..1.

    Raises `UserError` where the file is missing or damaged.
    """
    try:
        stats = json.loads(_read(path))
        mean, std = ([stats[name][c] for c in CHANNELS] for name in ("mean", "std"))
    except (ValueError, KeyError, TypeError):
        raise UserError(f"{path} is damaged: delete it and run `dvc repro`") from None
    return mean, std


def write_list(path: Path, lines: list[str]) -> None:
    """Write a list file, one line an entry."""
    write_file(path, "".join(f"{line}\n" for line in lines).encode("utf-8"))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise UserError(f"{path} is missing: run `dvc repro`") from None


def md5(content: bytes) -> str:
    """MD5 of some bytes, in hexadecimal: a name for content, as DVC has it, not a safeguard."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()
