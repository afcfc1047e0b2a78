"""Time the data stages: python -m bench.data [--photos 3894 --digits 27237] [--rounds 3]

Draws the photos, then, in turn and several rounds: the floor (read and decode each photo once),
each stage from nothing, the stages again after 40 photos more, `dvc repro` of the same, and what a
user would write instead with supervision. Prints a table of medians, as ratios to the floor.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from pipeline.sample import sample

ROOT = Path(__file__).parents[1]
STAGES = ("parse", "crop", "stats", "split")
NEW_PHOTOS = 40


@dataclass
class Timings:
    """Seconds and peak memory (MB) of every round, by what was run."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    memory: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def run(self, name: str, folder: Path, *command: str) -> None:
        """Run a command as a process of its own and note what it took."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        start = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env=os.environ | {"PYTHONPATH": str(ROOT), "PATH": path},
        )  # fmt: skip
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            sys.exit(f"{' '.join(command)} failed in {folder}")
        self.seconds[name].append(time.perf_counter() - start)
        self.memory[name].append(usage.ru_maxrss / 1024)

    def median(self, *names: str) -> float:
        """Median over the rounds of the sum of some runs."""
        return statistics.median(
            map(sum, zip(*(self.seconds[name] for name in names), strict=True))
        )


def main() -> None:
    """Draw, time, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", type=int, default=3894)
    parser.add_argument("--digits", type=int)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--megapixels", type=float, help="enlarge the photos to this size")
    parser.add_argument("--no-peer", action="store_true", help="leave supervision out")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        photos, more = folder / "photos", folder / "more"
        sample(photos, options.photos, options.digits)
        sample(more, NEW_PHOTOS, seed=1)
        if options.megapixels:
            for drawn in (photos, more):
                enlarge(drawn, options.megapixels)
        peer = None if options.no_peer else make_peer(folder)
        timings = Timings()
        for _ in range(options.rounds):
            time_round(timings, folder, photos, more, peer)
        print_table(timings, peer is not None)


def enlarge(folder: Path, megapixels: float) -> None:
    """Enlarge photos, and their annotations' boxes with them, to a size in megapixels."""
    for path in folder.glob("*.jpg"):
        with Image.open(path) as image:
            factor = max(1, round((megapixels * 1e6 / (image.width * image.height)) ** 0.5))
            exif = image.getexif()
            image.resize((factor * image.width, factor * image.height)).save(path, exif=exif)
        xml = path.with_suffix(".xml")
        text = xml.read_text(encoding="utf-8")
        for tag in ("width", "height", "xmin", "ymin", "xmax", "ymax"):
            parts = text.split(f"<{tag}>")
            for i, part in enumerate(parts[1:], start=1):
                value, rest = part.split("<", 1)
                parts[i] = f"{int(value) * factor}<{rest}"
            text = f"<{tag}>".join(parts)
        xml.write_text(text, encoding="utf-8")


def make_peer(folder: Path) -> Path:
    """An environment with supervision, whose pins would clash with ours."""
    python = folder / "peer/bin/python"
    subprocess.run([sys.executable, "-m", "venv", folder / "peer"], check=True)
    packages = ("supervision", "opencv-python-headless")
    subprocess.run([python, "-m", "pip", "install", "--quiet", *packages], check=True)
    return python


def time_round(timings: Timings, folder: Path, photos: Path, more: Path, peer: Path | None) -> None:
    """One round of everything, each from nothing."""
    workplace = folder / "workplace"
    shutil.rmtree(workplace, ignore_errors=True)
    shutil.rmtree(folder / "peer-digits", ignore_errors=True)
    shutil.copytree(photos, workplace / "raw")
    shutil.copy(ROOT / "params.yaml", workplace)
    timings.run("floor", workplace, sys.executable, str(ROOT / "bench/floor.py"), "raw")
    for stage in STAGES:
        timings.run(stage, workplace, sys.executable, "-m", f"pipeline.{stage}")
    if peer:
        command = (str(peer), str(ROOT / "bench/peer.py"), "raw", str(folder / "peer-digits"))
        timings.run("peer", workplace, *command)
    for file in more.iterdir():
        shutil.copy(file, workplace / "raw")
    for stage in STAGES:
        timings.run(with_new(stage), workplace, sys.executable, "-m", f"pipeline.{stage}")

    shutil.rmtree(workplace)
    workplace.mkdir()
    files = subprocess.run(
        ["git", "archive", "HEAD"], cwd=ROOT, capture_output=True, check=True
    ).stdout
    subprocess.run(["tar", "-x"], cwd=workplace, input=files, check=True)
    shutil.copytree(photos, workplace / "raw")
    subprocess.run(["git", "init", "-q"], cwd=workplace, check=True)
    timings.run("dvc repro", workplace, "dvc", "repro", "stats", "split")
    for file in more.iterdir():
        shutil.copy(file, workplace / "raw")
    timings.run(with_new("dvc repro"), workplace, "dvc", "repro", "stats", "split")


def print_table(timings: Timings, has_peer: bool) -> None:
    """Print medians in seconds, as ratios to the floor, with the peak memory."""
    floor = timings.median("floor")
    new = [with_new(stage) for stage in STAGES]
    print("| what | seconds | x floor | MB |\n|---|---|---|---|")  # noqa: T201

    def row(what: str, *names: str, less: float = 0.0) -> None:
        seconds = timings.median(*names) - less
        memory = max(statistics.median(timings.memory[name]) for name in names)
        print(f"| {what} | {seconds:.2f} | {seconds / floor:.2f} | {memory:.0f} |")  # noqa: T201

    row("floor: read and decode", "floor")
    for stage in STAGES:
        row(stage, stage)
    row("parse + crop", "parse", "crop")
    row("stats + split", "stats", "split")
    if has_peer:
        row("supervision: load, crop, save", "peer")
    row("all four", *STAGES)
    row(f"all four, {NEW_PHOTOS} new photos", *new)
    row("DVC's own share", "dvc repro", less=timings.median(*STAGES))
    share = f"DVC's own share, {NEW_PHOTOS} new photos"
    row(share, with_new("dvc repro"), less=timings.median(*new))


def with_new(name: str) -> str:
    """Name of a run after new photos came."""
    return f"{name}, {NEW_PHOTOS} new"


if __name__ == "__main__":
    main()
