"""The same work on every photo: on the cores of this machine, or on a Dask cluster."""

from __future__ import annotations

import os
import pickle
import signal
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING, TypeVar

from joblib import Parallel, cpu_count, delayed, parallel_config
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from pipeline.runtime.errors import UserError
from pipeline.runtime.memory import keep_freed_memory

if TYPE_CHECKING:
    from multiprocessing.context import ForkContext, SpawnContext

Task = TypeVar("Task")
Result = TypeVar("Result")

# Linux copies a process in milliseconds; elsewhere each starts Python and imports what it needs.
_COPIED = sys.platform == "linux"
# From so many tasks on, processes are worth their start: of small photos, two cores crop 64 as fast
# in threads as in copied processes (bench/data.py), and a started one takes as long as 1,000.
FEWEST_FOR_PROCESSES = 64 if _COPIED else 1000
# Tasks that each thread may be ahead of what is taken.
_AHEAD = 4
# Tasks sent to a cluster at once: enough to keep it busy, few enough to hold in memory.
_SENT = 1024


def map_photos(
    function: Callable[[Task], Result],
    tasks: Sequence[Task],
    name: str,
    cores: int | None = None,
    scheduler: str | None = None,
) -> Iterator[Result]:
    """Call `function` on every task, giving the results in the order of the tasks.

    At most `cores` work at once, None being all that are free to this process. `scheduler` is the
    address of a Dask scheduler whose workers see the same files under the same paths. Raises
    `UserError` where none answers, and where a process of this machine was killed.
    """
    cores = cores or cpu_count()
    if scheduler:
        results = _on_cluster(function, tasks, scheduler)
    elif cores > 1 and len(tasks) >= FEWEST_FOR_PROCESSES:
        results = map_processes(function, tasks, cores)
    else:
        results = map_threads(function, tasks, cores)
    yield from tqdm(results, name, total=len(tasks), unit=" photos", disable=None, delay=1)


def map_threads(
    function: Callable[[Task], Result],
    tasks: Iterable[Task],
    cores: int | None = None,
    begin: Callable[[], object] = lambda: None,
) -> Iterator[Result]:
    """Call `function` on every task in a thread a core, giving the results in order.

    Each thread calls `begin` first. No more is worked ahead than a few tasks a thread, so that
    results do not pile up where they are taken slowly. After an error no further task begins, and
    those begun are waited for: a thread that still runs while the interpreter ends can abort the
    process.
    """
    cores = cores or cpu_count()
    executor = ThreadPoolExecutor(cores, initializer=begin)
    try:
        remaining = iter(tasks)
        ahead = deque(executor.submit(function, its) for its in islice(remaining, _AHEAD * cores))
        while ahead:
            yield ahead.popleft().result()
            ahead.extend(executor.submit(function, its) for its in islice(remaining, 1))
    finally:
        executor.shutdown(cancel_futures=True)


def map_processes(
    function: Callable[[Task], Result], tasks: Sequence[Task], cores: int | None = None
) -> Iterator[Result]:
    """Call `function` on every task in a process a core, giving the results in order.

    Of n processes, each does every nth task and sends its results as they come: a process is given
    `function` once, however large what it is bound to. Raises `UserError` where one was killed.
    """
    cores = cores or cpu_count()
    workers: list[tuple[BaseProcess, Connection]] = []
    try:
        # A terminal sends Ctrl-C to every process: this one ends the others.
        with _interrupts_ignored():
            workers.extend(_start(function, tasks[number::cores]) for number in range(cores))
        for number in range(len(tasks)):
            result, error, trace = workers[number % cores][1].recv()
            if error:
                raise error from RuntimeError(trace)
            yield result
    except EOFError:
        raise UserError(
            "a process was killed, most likely for want of memory: close other programs, run again"
        ) from None
    finally:
        with _interrupts_ignored():  # a second one would leave processes without a caller
            for worker, pipe in workers:
                worker.terminate()
                worker.join()
                pipe.close()


def _start(
    function: Callable[[Task], object], share: Sequence[Task]
) -> tuple[BaseProcess, Connection]:
    """Begin a process with its share of the tasks; returns it and where its results come from."""
    context: ForkContext | SpawnContext
    context = get_context("fork") if _COPIED else get_context("spawn")
    results, sender = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(function, share, sender), daemon=True)
    process.start()
    sender.close()
    return process, results


def _work(function: Callable[[Task], object], tasks: Sequence[Task], sender: Connection) -> None:
    """What a process does: every task of its share, until its caller ends it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    keep_freed_memory()
    # numpy's own threads would get into the way of the other processes.
    threadpool_limits(1, "blas")
    threading.Thread(target=end_with_caller, daemon=True).start()
    for task in tasks:
        try:
            sender.send((function(task), None, ""))
        except Exception as error:
            trace = traceback.format_exc()
            sender.send((None, _sendable(error, trace), trace))


def _sendable(error: Exception, trace: str) -> Exception:
    """The error, or one of a kind that any process can send, with its `trace` as the text."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(trace)
    return error


def end_with_caller() -> None:
    """End this process when the one that asked for its work was killed.

    What is left of its share would be written beside the next run's files.
    """
    caller = parent_process()
    if caller:
        caller.join()
        os._exit(1)


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _on_cluster(
    function: Callable[[Task], Result], tasks: Iterable[Task], scheduler: str
) -> Iterator[Result]:
    try:
        from dask.distributed import Client  # noqa: PLC0415 - an extra, for those who have one
    except ImportError:
        raise UserError("machine.cluster needs Dask: digits install --extra dask") from None
    try:
        client = Client(scheduler, timeout="10s")  # type: ignore[no-untyped-call]
    except (OSError, TimeoutError, ValueError) as error:
        raise UserError(
            "no Dask scheduler answers at {scheduler} ({error}): start it, or set "
            "machine.cluster: null",
            scheduler=scheduler,
            error=error,
        ) from None
    remaining = iter(tasks)
    with client, parallel_config(backend="dask"):
        while sent := list(islice(remaining, _SENT)):
            yield from Parallel()(delayed(function)(task) for task in sent)
