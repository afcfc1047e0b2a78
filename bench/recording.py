"""Recording: python -m bench.recording PHOTOS [batch | watch …] [--count N] [--database URL]

batch: seconds and peak memory of `digits record` for --count photos that are all there, from its
start to its end. watch: seconds from a photo's last byte to its row, for 40 that come one by one.
PHOTOS is a folder of JPEGs, taken in turn; each copy gets bytes of its own, so that none is known.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path

import psutil
from sqlalchemy import func, select

from bench.process import describe_machine
from pipeline.runtime.command import make_parser
from service.database.opening import open_database
from service.database.schema import photo

_WATCHED, _APART = 40, 0.7


def main() -> None:
    """Measure what was asked for, and print it."""
    options = parse_options()
    for part in options.parts:
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            url = options.database or f"sqlite:///{folder}/weights.db"
            (batch if part == "batch" else watch)(folder / "photos", url, options)
    sys.stdout.write(describe_machine(options.workers) + "\n")


def parse_options() -> argparse.Namespace:
    """The command's options."""
    parser = make_parser("bench.recording", __doc__)
    parser.add_argument("photos", type=Path)
    parser.add_argument("parts", nargs="*", choices=["batch", "watch"], default=["batch", "watch"])
    parser.add_argument("--count", type=int, default=2000, help="default: %(default)s")
    parser.add_argument("--workers", type=int, default=2, help="default: %(default)s")
    parser.add_argument("--database", help="default: SQLite")
    return parser.parse_args()


def batch(folder: Path, url: str, options: argparse.Namespace) -> None:
    """All at once."""
    make = copies(options.photos)
    folder.mkdir()
    for number in range(options.count):
        (folder / f"{number}.jpg").write_bytes(next(make))
    begun = time.monotonic()
    memory: list[int] = []
    with recording(folder, url, options.workers) as process:
        while process.poll() is None:
            memory.append(rss_of(process.pid))
            time.sleep(1)
    took = time.monotonic() - begun
    quarter = len(memory) // 4
    early, late = (max(its) / 1e6 for its in (memory[quarter : 2 * quarter], memory[-quarter:]))
    sys.stdout.write(
        f"batch: {options.count} photos in {took:.1f} s, {options.count / took:.1f} a second; all "
        f"processes {max(memory) / 1e6:.0f} MB, in the second quarter {early:.0f}, in the last "
        f"{late:.0f}\n"
    )


def watch(folder: Path, url: str, options: argparse.Namespace) -> None:
    """One by one."""
    make = copies(options.photos)
    folder.mkdir()
    engine = open_database(url)
    last_byte: dict[str, float] = {}
    with recording(folder, url, options.workers, "--watch"):
        (folder / "first.jpg").write_bytes(next(make))
        while not count_of(engine):
            time.sleep(0.2)
        for number in range(_WATCHED):
            (folder / f"{number}.jpg").write_bytes(next(make))
            last_byte[f"{number}.jpg"] = time.time()
            time.sleep(_APART)
        while count_of(engine) < _WATCHED + 1:
            time.sleep(0.2)
    with engine.connect() as connection:
        rows = connection.execute(select(photo.c.path, photo.c.arrived_at)).all()
    waits = sorted(
        arrived.timestamp() - last_byte[path] for path, arrived in rows if path in last_byte
    )
    sys.stdout.write(
        f"watch: {len(waits)} photos, median {statistics.median(waits):.2f} s from the last byte "
        f"to the row, at most {waits[-1]:.2f}\n"
    )


@contextmanager
def recording(
    folder: Path, url: str, workers: int, *more: str
) -> Iterator[subprocess.Popen[bytes]]:
    """`digits record` of a folder, ended at the end."""
    command = [sys.executable, "-m", "pipeline.commands", "record", folder, "--database", url,
               "--workers", str(workers), *more]  # fmt: skip
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def copies(folder: Path) -> Iterator[bytes]:
    """The photos of a folder again and again, each time with other bytes behind its end."""
    for number, path in enumerate(cycle(sorted(folder.glob("*.jp*g")))):
        yield path.read_bytes() + f"{number} {time.monotonic_ns()}".encode()


def rss_of(number: int) -> int:
    """Bytes of a process and those it started."""
    try:
        process = psutil.Process(number)
        return sum(its.memory_info().rss for its in (process, *process.children(recursive=True)))
    except psutil.NoSuchProcess:
        return 0


def count_of(engine: object) -> int:
    """How many photos are stored."""
    with engine.connect() as connection:  # type: ignore[attr-defined]
        return int(connection.scalar(select(func.count()).select_from(photo)) or 0)


if __name__ == "__main__":
    main()
