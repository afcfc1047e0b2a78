"""The same work on every photo: on all cores of this machine, or on a Dask cluster."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import islice
from typing import Generic, TypeVar

from joblib import Parallel, cpu_count, delayed, parallel_config
from tqdm import tqdm

from pipeline.command import UserError

Task = TypeVar("Task")
Result = TypeVar("Result")

# Tasks sent to a cluster at once: enough to keep it busy, few enough to hold in memory.
_CHUNK = 1024
# Processes take half a second to start, and more on Windows: they are worth it where threads, after
# a look at what they do in half a second, would need this many seconds more.
_LOOK, _WORTH_PROCESSES = 0.5, 2.0


def map_photos(
    function: Callable[[Task], Result],
    tasks: Sequence[Task],
    name: str,
    scheduler: str | None = None,
) -> Iterator[Result]:
    """Call `function` on every task, giving the results in the order of the tasks.

    `scheduler` is the address of a Dask scheduler whose workers see the same files under the same
    paths; without one, the cores of this machine do it. Raises `UserError` where none answers, and
    where a process of this machine was killed.
    """
    results = _on_cluster(function, tasks, scheduler) if scheduler else _on_cores(function, tasks)
    yield from tqdm(results, name, total=len(tasks), unit=" photos", disable=None, delay=1)


def map_threads(function: Callable[[Task], Result], tasks: Iterable[Task]) -> Iterator[Result]:
    """Call `function` on every task in a thread a core, giving the results in order.

    After an error no further task begins, and those begun are waited for: a thread that still runs
    while the interpreter ends can abort the process.
    """
    executor = ThreadPoolExecutor(cpu_count())
    try:
        yield from executor.map(function, tasks)
    finally:
        executor.shutdown(cancel_futures=True)


def map_processes(function: Callable[[Task], Result], tasks: Iterable[Task]) -> Iterator[Result]:
    """Call `function` on every task in a process a core, giving the results in order.

    Raises `UserError` where one of the processes was killed.
    """
    work = _Work(function, os.getpid())
    try:
        # Processes that lost their caller end once they have waited so many seconds.
        with parallel_config(
            "loky", n_jobs=-1, idle_worker_timeout=10, initializer=_ignore_interrupts
        ):
            parallel = Parallel(return_as="generator")
        # Only what they inherit keeps those quiet that have not come to their initializer.
        handler = signal.getsignal(signal.SIGINT)
        _ignore_interrupts()
        try:
            results = parallel(delayed(work)(task) for task in tasks)
        finally:
            signal.signal(signal.SIGINT, handler)
        yield from results
    except BrokenProcessPool:
        raise UserError(
            "a process was killed, most likely for want of memory: close other programs, run again"
        ) from None


def _ignore_interrupts() -> None:
    """A terminal sends Ctrl-C to every process: the one that was called ends the others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@dataclass(frozen=True)
class _Work(Generic[Task, Result]):
    """A function that is called no more once the process that asked for it was killed."""

    function: Callable[[Task], Result]
    parent: int

    def __call__(self, task: Task) -> Result:
        # What is left in the queue would be written beside the next run's files. (On one core,
        # joblib starts no process.)
        if os.name == "posix" and self.parent not in (os.getpid(), os.getppid()):
            os._exit(1)
        return self.function(task)


def _on_cores(function: Callable[[Task], Result], tasks: Sequence[Task]) -> Iterator[Result]:
    """Threads, which start at once; then processes, where enough is left to be worth their start.

    Only one thread at a time runs Python, so that two get hardly more done than one; of what
    Pillow does, decoding alone lets others run beside it.
    """
    start, done = time.perf_counter(), 0
    remaining = iter(tasks)
    while chunk := list(islice(remaining, 8 * cpu_count())):
        yield from map_threads(function, chunk)
        done += len(chunk)
        taken = time.perf_counter() - start
        if taken > _LOOK and taken / done * (len(tasks) - done) > _WORTH_PROCESSES:
            break
    if done < len(tasks):
        yield from map_processes(function, remaining)


def _on_cluster(
    function: Callable[[Task], Result], tasks: Iterable[Task], scheduler: str
) -> Iterator[Result]:
    try:
        from dask.distributed import Client  # noqa: PLC0415 - an extra, for those who have one
    except ImportError:
        raise UserError(
            "crop.cluster needs Dask: python -m pip install --editable '.[dask]'"
        ) from None
    try:
        client = Client(scheduler, timeout="10s")  # type: ignore[no-untyped-call]
    except (OSError, TimeoutError, ValueError) as error:
        raise UserError(
            f"no Dask scheduler answers at {scheduler} ({error}): "
            "start it, or set crop.cluster: null"
        ) from None
    remaining = iter(tasks)
    with client, parallel_config(backend="dask"):
        while chunk := list(islice(remaining, _CHUNK)):
            yield from Parallel()(delayed(function)(task) for task in chunk)
