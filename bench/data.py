"""Time the data stages: python -m bench.data [--folder FOLDER] [--rounds 3] [--sets 1 2 3]

Three sets of drawn photos: 1,000, 3,894 (with 27,237 digits), and 200 of 12 megapixels. On each, in
turn and several rounds: the floor (read and decode each photo once), each stage from nothing, what
a user would write instead with supervision and with datumaro, each stage again after new photos
came, and `dvc repro` of the same. Prints a table of medians.
"""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import joblib

from bench.machine import ROOT, processor
from bench.peers import Peer, make_peers
from bench.photos import SETS, PhotoSet, link_photos
from bench.timings import Timings, version_of
from pipeline.runtime.command import make_parser

STAGES = ("parse", "crop", "stats", "split")
NEW = tuple(f"{stage}, new photos" for stage in STAGES)


def main() -> None:
    """Draw, time, print."""
    parser = make_parser("bench.data", __doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sets", type=int, nargs="+", default=[1, 2, 3], help="which of the three")
    parser.add_argument("--folder", type=Path, help="keep photos and environments here, for again")
    options = parser.parse_args()
    sets = [SETS[number - 1] for number in options.sets]
    if options.folder:
        options.folder.mkdir(parents=True, exist_ok=True)
    # Beside the photos: they are linked, which no two disks allow.
    with tempfile.TemporaryDirectory(dir=options.folder) as temporary:
        kept = (options.folder or Path(temporary) / "kept").absolute()
        kept.mkdir(parents=True, exist_ok=True)
        peers = make_peers(kept)
        columns = [
            time_set(photo_set, kept, Path(temporary), peers, options.rounds) for photo_set in sets
        ]
    print_table(sets, columns, peers, options.rounds)


def time_set(
    photo_set: PhotoSet, kept: Path, folder: Path, peers: Sequence[Peer], rounds: int
) -> Timings:
    """Several rounds of everything on one set."""
    photos, new = photo_set.make(kept)
    timings = Timings()
    for number in range(rounds):
        # A folder each, deleted at the very end: ext4 takes ten times as long to make a file where
        # others were deleted within the last minutes.
        place = folder / f"{photo_set.name} {number}"
        time_stages(timings, place / "stages", photos, new, peers)
        time_dvc(timings, place / "dvc", photos, new)
    return timings


def time_stages(
    timings: Timings, workplace: Path, photos: Path, new: Path, peers: Sequence[Peer]
) -> None:
    """One round of the stages, the floor and the peers, each from nothing."""
    link_photos(photos, workplace / "raw")
    shutil.copy(ROOT / "params.yaml", workplace)
    timings.run("floor", workplace, sys.executable, str(ROOT / "bench/floor.py"), "raw")
    for stage in STAGES:
        timings.run(stage, workplace, sys.executable, "-m", f"pipeline.{stage}")
    for peer in peers:
        out = workplace.with_name(peer.name)
        timings.run(peer.name, workplace, *peer.command(photos, out))
    link_photos(new, workplace / "raw", prefix="new_")
    for stage, name in zip(STAGES, NEW, strict=True):
        timings.run(name, workplace, sys.executable, "-m", f"pipeline.{stage}")


def time_dvc(timings: Timings, workplace: Path, photos: Path, new: Path) -> None:
    """One round of `dvc repro` of the same stages, in a repository of its own."""
    workplace.mkdir()
    files = subprocess.run(
        ["git", "archive", "HEAD"], cwd=ROOT, capture_output=True, check=True
    ).stdout
    subprocess.run(["tar", "-x"], cwd=workplace, input=files, check=True)
    subprocess.run(["git", "init", "-q"], cwd=workplace, check=True)
    shutil.copytree(photos, workplace / "raw", dirs_exist_ok=True)
    timings.run("dvc", workplace, "dvc", "repro", "stats", "split")
    for path in new.iterdir():
        shutil.copy(path, workplace / f"raw/new_{path.name}")
    timings.run("dvc, new photos", workplace, "dvc", "repro", "stats", "split")


def print_table(
    sets: Sequence[PhotoSet], columns: Sequence[Timings], peers: Sequence[Peer], rounds: int
) -> None:
    """Print what it was run on, and the medians."""
    say = print
    cores = f"{joblib.cpu_count()} cores of {processor()}"
    versions = [f"{peer.name} {peer.version}" for peer in peers]
    versions += [f"Python {platform.python_version()}", f"dvc {version_of('dvc', '--version')}"]
    command = " ".join(["python -m bench.data", *sys.argv[1:]])
    say(f"`{command}`: medians of {rounds} rounds on {cores}, files in the page cache,")
    say(f"{', '.join(versions)}. Seconds, in")
    say("brackets those computed on all cores together, and the most memory held at once.\n")
    say(f"| | {' | '.join(photo_set.name for photo_set in sets)} |")
    say("|---" * (len(sets) + 1) + "|")

    def row(what: str, *names: str) -> None:
        cells = []
        for its in columns:
            seconds, cpu = its.median(*names), its.median_cpu(*names)
            cells.append(f"{seconds:.2f} s ({cpu:.2f} s), {its.peak(*names):.0f} MB")
        say(f"| {what} | {' | '.join(cells)} |")

    def values_row(what: str, values: Sequence[float], unit: str) -> None:
        say(f"| {what} | {' | '.join(f'{value:.1f} {unit}' for value in values)} |")

    row("the floor: read and decode", "floor")
    for stage in STAGES:
        row(stage, stage)
    row("stats + split", "stats", "split")
    row("parse + crop", "parse", "crop")
    for peer in peers:
        row(f"{peer.name}: load, cut, save", peer.name)
    ours = [its.median("parse", "crop") for its in columns]
    floors = [its.median("floor") for its in columns]
    fastest = [min(its.median(peer.name) for peer in peers) for its in columns]
    values_row("parse + crop / the floor", quotients(ours, floors), "x")
    values_row("the faster peer / (parse + crop)", quotients(fastest, ours), "x")
    clean, later = ([its.median(*names) for its in columns] for names in (STAGES, NEW))
    row("all four", *STAGES)
    row(f"all four, {' / '.join(str(photo_set.new) for photo_set in sets)} photos later", *NEW)
    values_row("all four / later", quotients(clean, later), "x")
    for what, name, own in (
        ("DVC's own share", "dvc", clean),
        ("DVC's own share, later", "dvc, new photos", later),
    ):
        whole = [its.median(name) for its in columns]
        values_row(what, [a - b for a, b in zip(whole, own, strict=True)], "s")


def quotients(values: Sequence[float], others: Sequence[float]) -> list[float]:
    """Each value divided by the other's."""
    return [value / other for value, other in zip(values, others, strict=True)]


if __name__ == "__main__":
    main()
