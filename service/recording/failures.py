"""Files that could not be read: why, how often, and when each is tried again."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select

from service.database.inserting import insert
from service.database.schema import failure
from service.database.types import now
from service.recording.arrivals import Stamp

_FIRST_PAUSE, _LONGEST_PAUSE = 5.0, 3600.0


def store_failure(
    connection: Connection, folder: str, path: str, stamp: Stamp, reason: str, sha256: str | None
) -> float:
    """Enter that a file could not be read, and why; returns the seconds until it is tried again."""
    its = (failure.c.folder == folder, failure.c.path == path)
    attempts = 1
    before = connection.execute(select(failure).where(*its)).mappings().first()
    if before and (before["bytes"], before["modified_ns"]) == tuple(stamp):
        attempts += int(before["attempts"])
    pause = pause_after(attempts)
    moment = now()
    values = {
        "sha256": sha256, "bytes": stamp.bytes, "modified_ns": stamp.modified_ns, "reason": reason,
        "attempts": attempts, "last_at": moment, "next_attempt": moment + timedelta(seconds=pause),
    }  # fmt: skip
    row = values | {"folder": folder, "path": path, "first_at": moment}
    insert(connection, failure, row, ("folder", "path"), values)
    return pause


def pause_after(attempts: int) -> float:
    """Seconds until the next attempt: 5, twice as many each time, an hour at most."""
    return min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** min(attempts - 1, 20))


def remaining_pause(next_attempt: datetime, attempts: int) -> float:
    """Seconds until a moment in the database, no more than its pause: clocks jump."""
    return max(0.0, min((next_attempt - now()).total_seconds(), pause_after(attempts)))


def forget_failure(connection: Connection, folder: str, path: str) -> None:
    """Take away that a file could not be read: it was, or it is gone."""
    connection.execute(delete(failure).where(failure.c.folder == folder, failure.c.path == path))
