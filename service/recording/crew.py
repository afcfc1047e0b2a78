"""Processes that each hold a reader: one that a photo ends takes no other photo with it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from joblib import cpu_count

from pipeline.messages import say
from pipeline.params import MachineParams, ReadParams
from pipeline.reading.reading import Reading
from pipeline.runtime.errors import UserError
from pipeline.runtime.packages import find_gpu
from pipeline.runtime.parallel import end_with_caller
from service.models import copy_model

if TYPE_CHECKING:
    from service.recording.rereading import Rereader

# Photos that are given to each process at a time: the next one waits where it is free.
_AHEAD = 2


@dataclass(frozen=True)
class Task:
    """A photo to read: its name for whoever asked, and the bytes of its file."""

    name: str
    content: bytes


@dataclass(frozen=True)
class Read:
    """What was read of a photo, or why nothing was.

    `again` has the text of each accepted reading's display on the photo shifted and made smaller.
    """

    name: str
    readings: tuple[Reading, ...] = ()
    again: tuple[str, ...] = ()
    size: tuple[int, int] = (0, 0)
    perceptual_hash: str = ""
    failure: str = ""


@dataclass(frozen=True)
class ReaderPlan:
    """Which reader each process loads: the models' folder, and how it is set."""

    folder: Path
    params: ReadParams
    machine: MachineParams


def size_for(machine: MachineParams) -> int:
    """How many processes read: one a core, but two where they share a GPU and its memory."""
    on_gpu = machine.device == "cuda" or (machine.device == "auto" and find_gpu() is not None)
    cores = int(cpu_count())
    return min(2, cores) if on_gpu else cores


class Crew:
    """Reads photos in `size` processes, which start when they are first needed.

    All of them, and those that take the place of one that ended, read by the same model: a copy of
    what lay in the models' folder at the beginning.
    """

    def __init__(self, plan: ReaderPlan, size: int) -> None:
        """Copies the model; raises `UserError` where it is damaged."""
        self._size = size
        self._copy = TemporaryDirectory(prefix="digits-")
        self.model = copy_model(plan.folder, Path(self._copy.name))
        self._plan = replace(plan, folder=Path(self._copy.name))
        self._pool: ProcessPoolExecutor | None = None

    def read(self, tasks: Iterable[Task]) -> Iterator[Read]:
        """What was read of each photo, as it is done; tasks are taken as processes are free."""
        remaining = iter(tasks)
        running: dict[Future[Read], Task] = {}
        while True:
            try:
                while len(running) < self._size * _AHEAD and (task := next(remaining, None)):
                    running[self._submit(task)] = task
                if not running:
                    return
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    read = future.result()
                    del running[future]
                    yield read
            except BrokenProcessPool:
                # One of those that ran has ended its process, and nobody knows which.
                doubted = list(running.values())
                running.clear()
                self.dismiss()
                yield from map(self._read_alone, doubted)

    def dismiss(self) -> None:
        """End all processes; others start where they are needed again."""
        if self._pool:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *_: object) -> None:
        self.dismiss()
        self._copy.cleanup()

    def _submit(self, task: Task) -> Future[Read]:
        """Give a task to the processes; where these have ended while they waited, to new ones."""
        try:
            return self._ready().submit(_read, task)
        except BrokenProcessPool:
            self.dismiss()
            return self._ready().submit(_read, task)

    def _ready(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(self._size, get_context("spawn"), _load, (self._plan,))
        return self._pool

    def _read_alone(self, task: Task) -> Read:
        try:
            return self._submit(task).result()
        except BrokenProcessPool:
            self.dismiss()
            return Read(task.name, failure=say("reading it ended the program that reads"))


# What this process reads with, or why it has nothing.
_loaded: list[Rereader | UserError] = []


def _load(plan: ReaderPlan) -> None:
    """Begin a process: load its reader, and end with whoever asked for it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=end_with_caller, daemon=True).start()
    # These load torch, which the process that asks does without.
    from pipeline.learning.hardware import use_hardware  # noqa: PLC0415
    from service.recording.rereading import Rereader  # noqa: PLC0415

    try:
        hardware = use_hardware(plan.machine.model_copy(update={"threads": 1}), "fp32")
        hardware.configure(deterministic=False)
        _loaded[:] = [Rereader(plan.folder, plan.params, hardware)]
    except UserError as error:
        _loaded[:] = [error]


def _reader() -> Rereader:
    (reader,) = _loaded
    if isinstance(reader, UserError):
        raise reader
    return reader


def _read(task: Task) -> Read:
    reader = _reader()
    try:
        return replace(reader.read(task.content), name=task.name)
    except Exception as error:  # no photo may stop the others, whatever it does to a decoder
        return Read(task.name, failure=f"{type(error).__name__}: {error}")
