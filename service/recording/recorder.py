"""Records what arrives in a folder, for as long as photos, shares and databases come and go."""

from __future__ import annotations

import hashlib
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine, delete, select
from sqlalchemy.exc import DBAPIError

from pipeline.annotations.ledger import printable
from pipeline.images.photo import UnreadablePhoto
from pipeline.messages import say
from pipeline.params import RecordParams
from pipeline.runtime.errors import UserError
from service.database.inserting import insert
from service.database.opening import is_passing, told, words_of
from service.database.schema import failure, file, watch
from service.database.types import now
from service.promises import threshold_of
from service.recording.arrivals import Arrivals, FolderGone, Stamp
from service.recording.crew import Crew, Read, Task
from service.recording.failures import forget_failure, remaining_pause, store_failure
from service.recording.files import Busy, check_name, read_content, storable
from service.recording.rules import tell
from service.recording.storing import Arrived, Judge, find_stale, is_recorded, load_usual, store
from service.recording.taken import find_taken

log = logging.getLogger(__name__)

Result = TypeVar("Result")

# Between two looks at the folder: so many seconds, or so many times what a look takes.
_PAUSE, _PAUSE_FACTOR = 0.15, 9.0
# How many photos are read between two looks.
_BATCH = 64
# Seconds between two tries to reach a database; until what is accepted, and usual, is asked anew.
_RETRY, _FRESH = 1.0, 60.0
# How long, in seconds, files that are young are waited for where nobody watches.
_SETTLING = 12.0


@dataclass
class Recorder:
    """Records the photos of a folder in a database.

    A database that is away is waited for, for `patience` seconds. `outcomes` counts what became of
    each file: recorded, known (its content was), failed.
    """

    engine: Engine
    folder: Path
    crew: Crew
    params: RecordParams
    patience: float
    outcomes: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        """What the database knows of the folder."""
        self._place = self.folder.absolute().as_posix()
        self._arrivals = Arrivals(self.folder, {})
        # Failed files, and when, by this process's clock, each is tried again.
        self._later: dict[str, float] = {}
        # Files whose photos are read although they are known; those that were busy, to come last.
        self._again: set[str] = set()
        self._busy: set[str] = set()
        self._judge = Judge(self.params, self.crew.model, self.crew.model.threshold)
        # When what is accepted was asked last, and a look noted, by this process's clock.
        self._asked = self._noted = float("-inf")
        self._try(self._load_known)

    def record(self, again: bool = False) -> None:
        """Record what is there now; what failed before is tried again.

        With `again` also what another model, or other rules, have read and nobody has answered.
        Raises `UserError` where the folder cannot be listed.
        """
        self._refresh()
        if again:
            judge = self._judge
            self._again = self._try(
                partial(find_stale, folder=self._place, model=judge.model.name, rules=judge.rules)
            )
        for path in (*self._later, *self._again):
            self._arrivals.known.pop(path, None)
        try:
            self._arrivals.scan()
            end = time.monotonic() + _SETTLING
            while True:
                time.sleep(_PAUSE)
                arrived = self._arrivals.scan()
                for start in range(0, len(arrived), _BATCH):
                    self._record(arrived[start : start + _BATCH])
                if not self.unsettled or time.monotonic() > end:
                    break
        except FolderGone as error:
            raise UserError(
                "{folder} cannot be listed: {error}", folder=self.folder, error=error
            ) from None
        self._warn_of_unreadable(set())
        self._forget(self._later)

    @property
    def unsettled(self) -> int:
        """How many files were still growing, or busy, at the last look."""
        return self._arrivals.unsettled

    def watch(self) -> None:
        """Record what arrives, for ever; a folder or a database that is away is waited for."""
        is_gone, unreadable = False, set[str]()
        try:
            while True:
                begun = time.monotonic()
                due = [path for path, at in self._later.items() if at <= begun]
                for path in due:
                    self._arrivals.known.pop(path, None)
                arrived: list[str] = []
                try:
                    arrived = self._arrivals.scan()
                    if is_gone:
                        log.info(say("{folder} is back", folder=self.folder))
                    is_gone = False
                    unreadable = self._warn_of_unreadable(unreadable)
                    self._forget(due)
                except FolderGone as error:
                    if not is_gone:
                        log.warning(
                            say("WARNING: {folder} is away ({error}): waiting for it",
                                folder=self.folder, error=error)
                        )  # fmt: skip
                    is_gone = True
                took = time.monotonic() - begun
                arrived.sort(key=lambda path: path in self._busy)
                before = self.outcomes.total()
                self._record(arrived[:_BATCH])
                self._note_look()
                if len(arrived) <= _BATCH or self.outcomes.total() == before:
                    time.sleep(max(_PAUSE, _PAUSE_FACTOR * took))
        finally:
            self._try(lambda its: its.execute(delete(watch).where(watch.c.folder == self._place)))

    def _record(self, paths: Sequence[str]) -> None:
        """Read some files that have arrived, and store each as it is read."""
        if paths:
            self._refresh()
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
                check_name(path)
                content = read_content(self.folder / path, stamp)
            except Busy:
                self._busy.add(path)
                continue
            except (OSError, UnreadablePhoto) as error:
                self._fail(path, stamp, getattr(error, "strerror", None) or str(error), None)
                continue
            self._busy.discard(path)
            sha256 = hashlib.sha256(content).hexdigest()
            taken = find_taken(content, Path(path).name, stamp.modified_ns)
            arrived = Arrived(self._place, path, stamp, content, sha256, taken)
            if path not in self._again and self._try(partial(is_recorded, sha256=sha256)):
                self._store(arrived, None)
            else:
                waiting[path] = arrived
                yield Task(path, content)

    def _store(self, arrived: Arrived, read: Read | None) -> None:
        rows = self._judge.judge(arrived, read) if read else []
        try:
            self._try(lambda connection: store(connection, arrived, read, rows))
        except UnicodeError as error:
            # The database's letters are not all that there are, as of a Korean one an emoji.
            self._fail(arrived.path, arrived.stamp, str(error), arrived.sha256)
            return
        self._deal_with(arrived.path, arrived.stamp, "recorded" if read else "known")
        self._later.pop(arrived.path, None)
        for row in rows:
            name, reasons = printable(arrived.path), "; ".join(map(tell, row["reasons"]))
            log.info("%s  %s  %s  %s", name, row["text"] or "-", row["status"], reasons)

    def _fail(self, path: str, stamp: Stamp, reason: str, sha256: str | None) -> None:
        pause = self._try(
            partial(
                store_failure, folder=self._place, path=storable(path), stamp=stamp,
                reason=storable(reason), sha256=sha256,
            )
        )  # fmt: skip
        self._deal_with(path, stamp, "failed")
        self._later[path] = time.monotonic() + pause
        log.warning(
            say("WARNING: {file}: {why}; it is tried again", file=printable(path), why=reason)
        )

    def _deal_with(self, path: str, stamp: Stamp, outcome: str) -> None:
        self._arrivals.known[path] = stamp
        self._again.discard(path)
        self.outcomes[outcome] += 1

    def _forget(self, paths: Sequence[str] | dict[str, float]) -> None:
        """Take away the failures of files that are not there any more."""
        if not self._arrivals.is_complete:
            return
        for path in [path for path in paths if path not in self._arrivals.present]:
            self._later.pop(path, None)
            self._try(partial(forget_failure, folder=self._place, path=storable(path)))

    def _load_known(self, connection: Connection) -> None:
        its = select(file).where(file.c.folder == self._place)
        for row in connection.execute(its):
            self._arrivals.known[row.path] = Stamp(row.bytes, row.modified_ns)
        failed = select(failure).where(failure.c.folder == self._place)
        for row in connection.execute(failed):
            self._arrivals.known[row.path] = Stamp(row.bytes, row.modified_ns)
            pause = remaining_pause(row.next_attempt, row.attempts)
            self._later[row.path] = time.monotonic() + pause

    def _refresh(self) -> None:
        """Ask what is accepted now, and what is usual, where that was long ago."""
        if time.monotonic() - self._asked >= _FRESH:
            self._judge.threshold = self._try(partial(threshold_of, model=self._judge.model))
            self._judge.usual = self._try(load_usual)
            self._asked = time.monotonic()

    def _note_look(self) -> None:
        """Let `digits status` know that somebody watches."""
        unlisted = ", ".join(map(printable, sorted(self._arrivals.unreadable)))
        row = {"folder": self._place, "looked_at": now(), "unlisted": unlisted}
        if time.monotonic() - self._noted >= _FRESH:
            self._try(lambda its: insert(its, watch, row, ("folder",), row))
            self._noted = time.monotonic()

    def _warn_of_unreadable(self, before: set[str]) -> set[str]:
        for place in self._arrivals.unreadable - before:
            log.warning(say("WARNING: {folder} cannot be listed", folder=printable(place)))
        return self._arrivals.unreadable

    def _try(self, action: Callable[[Connection], Result]) -> Result:
        """Do something in one transaction, again and again while the database is away."""
        begun, said = time.monotonic(), ""
        while True:
            try:
                with self.engine.begin() as connection:
                    return action(connection)
            except DBAPIError as error:
                if not is_passing(error) or time.monotonic() - begun > self.patience:
                    with told(self.engine):
                        raise
                why = words_of(error)
                if why != said:
                    log.warning(say("WARNING: the database is away ({why}): waiting", why=why))
                said = why
                time.sleep(_RETRY)
