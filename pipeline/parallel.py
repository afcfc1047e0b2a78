"""The same work on every photo: on all cores of this machine, or on a Dask cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

from joblib import Parallel, cpu_count, delayed, parallel_config
from tqdm import tqdm

from pipeline.command import UserError

Task = TypeVar("Task")
Result = TypeVar("Result")

# Tasks sent to a cluster at once: enough to keep it busy, few enough to hold in memory.
_CHUNK = 1024


def map_photos(
    function: Callable[[Task], Result],
    tasks: Iterable[Task],
    total: int,
    name: str,
    scheduler: str | None = None,
) -> Iterator[Result]:
    """Call `function` on every task, giving the results in the order of the tasks.

    `scheduler` is the address of a Dask scheduler whose workers see the same files under the same
    paths; without one, threads of this machine do it. Raises `UserError` where none answers.
    """
    results = _on_cluster(function, tasks, scheduler) if scheduler else map_threads(function, tasks)
    yield from tqdm(results, name, total=total, unit=" photos", disable=None, delay=1)


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
