"""One process at a time in a folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from pipeline.runtime.errors import UserError


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold a lock, a file at `path`, that the system lets go when this process ends, however.

    Raises `UserError` where another process holds it, which it names.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Beside the lock, since Windows lets nobody read what is locked.
    holder = path.with_suffix(".pid")
    try:
        with FileLock(path, timeout=0):
            holder.write_text(str(os.getpid()), encoding="utf-8")
            yield
    except Timeout:
        number = holder.read_text(encoding="utf-8") if holder.exists() else "?"
        raise UserError(
            "process {number} trains here already: wait for it, or end it if it is left over from "
            "a killed run",
            number=number,
        ) from None
