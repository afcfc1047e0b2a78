"""Cropping on a Dask cluster: a real scheduler and two workers, each a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from helpers import ROOT, contents

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not find_spec("distributed"), reason="digits install --extra dask"),
]


@pytest.fixture
def cluster(tmp_path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """The address of a scheduler on loopback, and its two workers' processes."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}

    def start(*arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "distributed.cli." + arguments[0], *arguments[1:]]
        return subprocess.Popen(
            command, cwd=tmp_path, env=environment, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    # The scheduler takes a free port, and writes its address where the workers look for it.
    scheduler_file = tmp_path / "scheduler.json"
    where = ("--scheduler-file", str(scheduler_file))
    scheduler = start(
        "dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", *where
    )
    workers = [
        start("dask_worker", *where, "--nthreads", "1", "--no-dashboard", "--no-nanny")
        for _ in range(2)
    ]
    try:
        wait_for(scheduler_file, scheduler)
        yield address_of_two_workers(scheduler_file), workers
    finally:
        for process in (*workers, scheduler):
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait_for(file: Path, process: subprocess.Popen[bytes]) -> None:
    """Wait until a process has written a file; fails if it ends without."""
    while not file.exists():
        assert process.poll() is None
        time.sleep(0.05)


def address_of_two_workers(scheduler_file: Path) -> str:
    """The scheduler's address, once both have come."""
    from distributed import Client

    with Client(scheduler_file=str(scheduler_file), timeout="60s") as client:
        client.wait_for_workers(2, timeout=60)
        return str(client.scheduler.address)


def crop_here(workplace) -> dict[str, bytes]:
    workplace.add_displays(60)
    workplace.do("parse", "crop")
    there = contents(workplace.folder / "data")
    for path in (workplace.folder / "data").iterdir():
        if path.name in ("digits.csv", "photos.csv"):
            path.unlink()
    for path in list(workplace.digits.rglob("*.jpg")):
        path.unlink()
    return there


def test_a_cluster_gives_the_same_bytes(workplace, cluster) -> None:
    """Cut by two workers, every file of data/ is what this machine alone writes."""
    expected = crop_here(workplace)
    workplace.set(machine__cluster=cluster[0])
    done = workplace.run("crop")
    assert done.returncode == 0, done.stderr
    assert "300 written" in done.stderr
    assert contents(workplace.folder / "data") == expected


def test_a_worker_killed_half_way(workplace, cluster) -> None:
    """Where one of two workers is killed amid its work, the other does it, to the same bytes."""
    expected = crop_here(workplace)
    address, workers = cluster
    workplace.set(machine__cluster=address)
    run = subprocess.Popen(
        [sys.executable, "-m", "pipeline.crop"], cwd=workplace.folder, stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    while run.poll() is None and not any(workplace.digits.rglob("*.jpg")):
        time.sleep(0.001)
    os.killpg(workers[0].pid, signal.SIGKILL)
    _, printed = run.communicate(timeout=120)
    assert run.returncode == 0, printed.decode()
    assert contents(workplace.folder / "data") == expected


def test_no_scheduler_is_a_message(workplace) -> None:
    """An address at which nothing answers is named, with what to do."""
    workplace.add_displays(2)
    workplace.do("parse")
    workplace.set(machine__cluster="tcp://127.0.0.1:9")
    done = workplace.run("crop")
    assert done.returncode == 1
    assert "no Dask scheduler answers at tcp://127.0.0.1:9" in done.stderr
    assert "Traceback" not in done.stderr
