"""Commands run as processes of their own: the seconds and the memory that they take."""

from __future__ import annotations

import contextlib
import os
import statistics
import subprocess
import sys
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from bench.machine import ROOT


@dataclass
class Timings:
    """Seconds, CPU seconds and peak memory (MB) of every round, by what was run."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    cpu: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    memory: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def run(self, name: str, folder: Path, *command: str) -> None:
        """Run a command and note what it took, with all processes that it starts.

        Exits, with the command's own words, where it fails.
        """
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        log = folder.with_name(f"{folder.name}.log")
        with log.open("w") as output:
            start = time.perf_counter()
            process = psutil.Popen(
                command, cwd=folder, stdout=output, stderr=output,
                env=os.environ | {"PYTHONPATH": str(ROOT), "PATH": path},
            )  # fmt: skip
            peaks: list[int] = []
            done = threading.Event()
            watcher = threading.Thread(target=_watch, args=(process, peaks, done))
            watcher.start()
            _, status, usage = os.wait4(process.pid, 0)
            taken = time.perf_counter() - start
            process.returncode = os.waitstatus_to_exitcode(status)
            done.set()
            watcher.join()
        if process.returncode:
            sys.exit(f"{' '.join(command)} failed in {folder}:\n{log.read_text()}")
        self.seconds[name].append(taken)
        self.cpu[name].append(usage.ru_utime + usage.ru_stime)
        # What the kernel noted of the largest process, or of all together what was seen.
        self.memory[name].append(max([usage.ru_maxrss * 1024, *peaks]) / 1e6)

    def median(self, *names: str) -> float:
        """Median over the rounds of the sum of some runs, in seconds."""
        return _median_of_sums(self.seconds, names)

    def median_cpu(self, *names: str) -> float:
        """The same of what all cores together computed, in seconds."""
        return _median_of_sums(self.cpu, names)

    def peak(self, *names: str) -> float:
        """The largest median of some runs' memory, in MB."""
        return max(statistics.median(self.memory[name]) for name in names)


def _median_of_sums(values: dict[str, list[float]], names: tuple[str, ...]) -> float:
    rounds = zip(*(values[name] for name in names), strict=True)
    return statistics.median(map(sum, rounds))


def _watch(process: psutil.Popen, peaks: list[int], done: threading.Event) -> None:
    """Note what memory a process and those it started hold together, four times a second."""
    while not done.wait(0.25):
        with contextlib.suppress(psutil.NoSuchProcess):
            family = [process, *process.children(recursive=True)]
            if len(family) > 1:
                peaks.append(sum(_share(member) for member in family))


def _share(process: psutil.Process) -> int:
    """A process's memory in bytes; pages that several share count in parts."""
    try:
        return int(process.memory_full_info().pss)
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0


def version_of(*command: str) -> str:
    """The first line that a command prints."""
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[0]
