"""Records what arrives in a folder, for as long as photos, shares and databases come and go."""

from __future__ import annotations

import hashlib
import logging
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import DBAPIError

from pipeline.annotations.ledger import printable
from pipeline.messages import say
from pipeline.params import RecordParams
from pipeline.runtime.errors import UserError
from service.database.opening import is_passing, told
from service.database.schema import failure, file
from service.promises import threshold_of
from service.recording.arrivals import Arrivals, FolderGone, Stamp
from service.recording.crew import Crew, Read, Task
from service.recording.storing import (
    Arrived,
    Judge,
    find_stale,
    forget_failure,
    is_recorded,
    load_usual,
    remaining_pause,
    store,
    store_failure,
)
from service.recording.taken import find_taken

log = logging.getLogger(__name__)

Result = TypeVar("Result")

# Between two looks at the folder: so many seconds, or so many times what a look takes.
_PAUSE, _PAUSE_FACTOR = 0.25, 3.0
# How many photos are read between two looks.
_BATCH = 64
# Seconds between two tries to reach a database, and for how long one photo's is tried.
_RETRY, _PATIENCE = 1.0, 60.0
_LARGEST = 300_000_000


class Busy(Exception):  # noqa: N818 - it says what the file is
    """A file that is being written: later."""


@dataclass
class Recorder:
    """Records the photos of a folder in a database.

    `outcomes` counts what became of each: recorded, known (its content was), failed.
    """

    engine: Engine
    folder: Path
    crew: Crew
    params: RecordParams
    patience: float = _PATIENCE
    outcomes: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        """What the database knows of the folder."""
        self._place = self.folder.resolve().as_posix()
        self._arrivals = Arrivals(self.folder, {})
        # Failed files, and when, by this process's clock, each is tried again.
        self._later: dict[str, float] = {}
        # Files whose photos are read although they are known.
        self._again: set[str] = set()
        self._judge: Judge | None = None
        # Whether this batch has asked what is accepted now.
        self._is_fresh = False
        self._try(self._load_known)

    def record(self, again: bool = False) -> None:
        """Record what is there now; what failed before is tried again.

        With `again` also what another model, or other rules, have read and nobody has answered.
        """
        if again:
            judge = self._try(self._ready_judge)
            self._again = self._try(
                partial(find_stale, folder=self._place, model=judge.model.name, rules=judge.rules)
            )
        for path in (*self._later, *self._again):
            self._arrivals.known.pop(path, None)
        self._later.clear()
        try:
            self._arrivals.scan()
            time.sleep(_PAUSE)
            arrived = self._arrivals.scan()
        except FolderGone as error:
            raise UserError(
                "{folder} cannot be listed: {error}", folder=self.folder, error=error
            ) from None
        self._warn_of_unreadable(set())
        for start in range(0, len(arrived), _BATCH):
            self._record(arrived[start : start + _BATCH])

    @property
    def unsettled(self) -> int:
        """How many files were still growing, or busy, at the last look."""
        waiting = self._arrivals.unsettled
        return waiting - sum(self.outcomes.values())

    def watch(self) -> None:
        """Record what arrives, for ever; a folder or a database that is away is waited for."""
        is_gone, unreadable = False, set[str]()
        while True:
            begun = time.monotonic()
            self._bring_back(begun)
            try:
                arrived = self._arrivals.scan()
                if is_gone:
                    log.info(say("{folder} is back", folder=self.folder))
                is_gone = False
                unreadable = self._warn_of_unreadable(unreadable)
            except FolderGone as error:
                if not is_gone:
                    log.warning(say("WARNING: {folder} is away ({error}): waiting for it",
                                    folder=self.folder, error=error))  # fmt: skip
                is_gone, arrived = True, []
            took = time.monotonic() - begun
            self._record(arrived[:_BATCH])
            if len(arrived) <= _BATCH:
                time.sleep(max(_PAUSE, _PAUSE_FACTOR * took))

    def _record(self, paths: Sequence[str]) -> None:
        """Read some files that have arrived, and store each as it is read."""
        self._is_fresh = False
        waiting: dict[str, Arrived] = {}
        for read in self.crew.read(self._load(paths, waiting)):
            arrived = waiting.pop(read.name)
            if read.failure:
                self._fail(arrived.path, arrived.stamp, read.failure, arrived.sha256)
            else:
                self._store(arrived, read)

    def _load(self, paths: Sequence[str], waiting: dict[str, Arrived]) -> Iterator[Task]:
        """The photos among some files that are to be read; the others are dealt with here."""
        for path in paths:
            stamp = self._arrivals.stamp(path)
            try:
                content = read_content(self.folder / path, stamp)
            except Busy:
                continue
            except OSError as error:
                self._fail(path, stamp, error.strerror or str(error), None)
                continue
            sha256 = hashlib.sha256(content).hexdigest()
            taken = find_taken(content, Path(path).name, stamp.modified_ns)
            arrived = Arrived(self._place, path, stamp, content, sha256, taken)
            if path not in self._again and self._try(partial(is_recorded, sha256=sha256)):
                self._store(arrived, None)
            else:
                waiting[path] = arrived
                yield Task(path, content)

    def _store(self, arrived: Arrived, read: Read | None) -> None:
        rows = self._try(self._ready_judge).judge(arrived, read) if read else []
        self._try(lambda connection: store(connection, arrived, read, rows))
        self._arrivals.known[arrived.path] = arrived.stamp
        self._later.pop(arrived.path, None)
        self.outcomes["recorded" if read else "known"] += 1
        for row in rows:
            name, codes = printable(arrived.path), " ".join(its["code"] for its in row["reasons"])
            log.info("%s  %s  %s  %s", name, row["text"] or "-", row["status"], codes)

    def _fail(self, path: str, stamp: Stamp, reason: str, sha256: str | None) -> None:
        pause = self._try(
            lambda connection: store_failure(connection, self._place, path, stamp, reason, sha256)
        )
        self._arrivals.known[path] = stamp
        self._later[path] = time.monotonic() + pause
        self.outcomes["failed"] += 1
        log.warning(
            say("WARNING: {file}: {why}; it is tried again", file=printable(path), why=reason)
        )

    def _bring_back(self, moment: float) -> None:
        """Let failed files whose pause is over count as new."""
        for path in [path for path, due in self._later.items() if due <= moment]:
            del self._later[path]
            self._arrivals.known.pop(path, None)
            if self.folder.is_dir() and not (self.folder / path).exists():
                self._try(partial(forget_failure, folder=self._place, path=path))

    def _load_known(self, connection: Connection) -> None:
        its = select(file).where(file.c.folder == self._place)
        for row in connection.execute(its):
            self._arrivals.known[row.path] = Stamp(row.bytes, row.modified_ns)
        failed = select(failure).where(failure.c.folder == self._place)
        for row in connection.execute(failed):
            self._arrivals.known[row.path] = Stamp(row.bytes, row.modified_ns)
            pause = remaining_pause(row.next_attempt, row.attempts)
            self._later[row.path] = time.monotonic() + pause

    def _ready_judge(self, connection: Connection) -> Judge:
        if self._judge is None:
            model = self.crew.model()
            self._judge = Judge(self.params, model, model.threshold, load_usual(connection))
        if not self._is_fresh:
            self._judge.threshold = threshold_of(connection, self._judge.model)
        self._is_fresh = True
        return self._judge

    def _warn_of_unreadable(self, before: set[str]) -> set[str]:
        for place in self._arrivals.unreadable - before:
            log.warning(say("WARNING: {folder} cannot be listed", folder=printable(place)))
        return set(self._arrivals.unreadable)

    def _try(self, action: Callable[[Connection], Result]) -> Result:
        """Do something in one transaction, again and again while the database is away."""
        begun = time.monotonic()
        is_told = False
        while True:
            try:
                with self.engine.begin() as connection:
                    return action(connection)
            except DBAPIError as error:
                if not is_passing(error) or time.monotonic() - begun > self.patience:
                    with told(self.engine):
                        raise
                if not is_told:
                    why = str(error.orig).strip().split("\n", maxsplit=1)[0]
                    log.warning(say("WARNING: the database is away ({why}): waiting", why=why))
                is_told = True
                time.sleep(_RETRY)


def read_content(path: Path, stamp: Stamp) -> bytes:
    """A file's bytes, where it is still what was seen; raises `Busy` where it is not.

    A link is not followed. Raises `OSError` where it cannot be opened, or is too large.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    if stamp.bytes > _LARGEST:
        raise OSError(say("the file is too large: {size} MB", size=stamp.bytes // 10**6))
    try:
        number = os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError:
        raise Busy from None
    with os.fdopen(number, "rb") as opened:
        content = opened.read(_LARGEST + 1)
        its = os.fstat(opened.fileno())
    if (its.st_size, its.st_mtime_ns) != tuple(stamp) or len(content) != stamp.bytes:
        raise Busy
    return content
