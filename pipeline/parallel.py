"""The same work on every photo: on all cores of this machine, or on a Dask cluster."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import islice
from multiprocessing import get_context, parent_process
from typing import Any, TypeVar

from joblib import Parallel, cpu_count, delayed, parallel_config
from tqdm import tqdm

from pipeline.command import UserError

Task = TypeVar("Task")
Result = TypeVar("Result")

# Tasks sent to a cluster at once: enough to keep it busy, few enough to hold in memory.
_CHUNK = 1024
# Linux copies a process in milliseconds; elsewhere each starts Python and imports what it needs.
# Processes are worth it where threads, after a look at what they do, would need these seconds more.
_COPIED = sys.platform == "linux"
_LOOK, _WORTH_PROCESSES = (0.03, 0.2) if _COPIED else (0.5, 5.0)


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


def map_processes(function: Callable[[Task], Result], tasks: Sequence[Task]) -> Iterator[Result]:
    """Call `function` on every task in a process a core, giving the results in order.

    On Ctrl-C each process ends with the task that it has begun. Raises `UserError` where one of
    them was killed.
    """
    context = get_context("fork" if _COPIED else "spawn")
    stop = context.RawValue("b", 0)
    cores = min(cpu_count(), 61)  # Windows waits for no more
    executor = ProcessPoolExecutor(cores, context, _begin, (function, stop))
    try:
        with _interrupts_ignored():
            executor.submit(int)  # starts the processes, which inherit this until they begin
        chunk = max(1, min(8, len(tasks) // (4 * cores)))
        results: Iterator[Any] = executor.map(_call, tasks, chunksize=chunk)
        yield from results
    except BrokenProcessPool as error:
        if error.__cause__:
            raise
        raise UserError(
            "a process was killed, most likely for want of memory: close other programs, run again"
        ) from None
    finally:
        stop.value = 1
        with _interrupts_ignored():  # a second one would leave processes without a caller
            executor.shutdown(cancel_futures=True)


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


# In a process that `map_processes` started: what it calls, and whether it shall no more. Sent once,
# not with each task.
_work: list[Any] = []


def _begin(function: Callable[..., object], stop: object) -> None:
    # A terminal sends Ctrl-C to every process: the one that was called tells the others to stop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_caller, daemon=True).start()
    _work[:] = [function, stop]


def _end_with_caller() -> None:
    """End this process when the one that asked for its work was killed.

    What is left in the queue would be written beside the next run's files.
    """
    caller = parent_process()
    if caller:
        caller.join()
        os._exit(1)


def _call(task: object) -> object:
    function, stop = _work
    return None if stop.value else function(task)


def _on_cores(function: Callable[[Task], Result], tasks: Sequence[Task]) -> Iterator[Result]:
    """Threads, which start at once; then processes, where enough is left to be worth their start.

    Only one thread at a time runs Python, so that two get hardly more done than one; of what
    Pillow does, decoding alone lets others run beside it.
    """
    cores = cpu_count()
    start, done, taken = time.perf_counter(), 0, 0.0
    while done < len(tasks) and taken <= _LOOK:
        chunk = tasks[done : done + 4 * cores]
        yield from map_threads(function, chunk)
        done += len(chunk)
        taken = time.perf_counter() - start
    remaining = tasks[done:]
    if remaining:
        worth = cores > 1 and taken / done * len(remaining) > _WORTH_PROCESSES
        yield from (map_processes if worth else map_threads)(function, remaining)


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
