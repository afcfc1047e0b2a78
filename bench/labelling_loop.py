"""What choosing photos is worth: python -m bench.labelling_loop SET [--rounds N] [--seeds N]

SET is a folder with JPEGImages/ and Annotations/. A fifth of its photos is never learnt from; of
the others, 40 are labelled at first (their labels are the set's), then 20 more a round: those that
`digits next` chooses, beside as many at random. After each round the stages run as the user runs
them, and `digits read` reads the fifth. A reading counts as right where its digits are. Results are
appended to --results, a row a round, so that it goes on where it stopped; --draw makes the picture.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from bench.process import describe_machine
from pipeline.runtime.command import make_parser
from service.names import KNOWN, safe_name

ROOT = Path(__file__).parents[1]
FIRST, MORE = 40, 20
STAGES = ("parse", "crop", "stats", "split", "train", "locate", "evaluate")


class Row(NamedTuple):
    """How many of the photos kept apart were read right, after so many were labelled."""

    seed: int
    way: str
    round: int
    labelled: int
    right: int
    count: int


class Trial:
    """One seed and one way of choosing, in a workplace of its own."""

    def __init__(self, folder: Path, photos: list[Path], seed: int, steps: int) -> None:
        """Photos are divided by the seed, alike for both ways."""
        self.folder, self.seed = folder, seed
        order = sorted(photos)
        random.Random(seed).shuffle(order)
        apart = len(order) // 5
        self.apart, self.pool = order[:apart], order[apart:]
        shutil.copytree(ROOT / "models/base", folder / "models/base")
        params = (ROOT / "params.yaml").read_text(encoding="utf-8")
        params = re.sub(r"(locate:.*?steps: )\d+", rf"\g<1>{steps}", params, count=1, flags=re.S)
        (folder / "params.yaml").write_text(params, encoding="utf-8")
        self.label(self.pool[:FIRST], "first")

    def label(self, photos: list[Path], place: str) -> None:
        """Put photos and the set's XML into raw/."""
        into = self.folder / "raw" / place
        into.mkdir(parents=True, exist_ok=True)
        for photo in photos:
            self.pool.remove(photo)
            shutil.copy(photo, into)
            shutil.copy(annotation_of(photo), into)

    def learn(self) -> None:
        """Run the stages."""
        for stage in STAGES:
            self.run(f"pipeline.{stage}")

    def read_apart(self) -> int:
        """How many of the photos kept apart are read right."""
        found = self.run("pipeline.commands", "read", "--json", *map(str, self.apart), ok=(0, 1, 3))
        readings: dict[str, list[str]] = {}
        for line in found.splitlines():
            its = json.loads(line)
            digits = re.sub("[^0-9]", "", its["reading"])
            readings.setdefault(Path(its["photo"]).name, []).append(digits)
        return sum(readings[photo.name] == [truth_of(photo)] for photo in self.apart)

    def choose(self, way: str, number: int) -> None:
        """Label 20 more."""
        if way == "random":
            draw = random.Random(1000 * self.seed + number)
            self.label(draw.sample(sorted(self.pool), min(MORE, len(self.pool))), f"more/{number}")
            return
        source, to = self.folder / "source", self.folder / "to_label"
        for folder in (source, to):
            shutil.rmtree(folder, ignore_errors=True)
        source.mkdir()
        by_name = {photo.name: photo for photo in self.pool}
        for photo in self.pool:
            shutil.copy(photo, source)
        self.run("pipeline.commands", "next", str(source), "--count", str(MORE), "--to", str(to))
        for copy in sorted(to.rglob("*.jpg")):
            name = next(its for its in by_name if copy.stem[KNOWN + 1 :] == safe_name(its))
            self.label([by_name.pop(name)], f"more/{number}/{copy.parent.name}")

    def run(self, module: str, *arguments: str, ok: tuple[int, ...] = (0,)) -> str:
        """Run a command of ours in the workplace; returns what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", module, *arguments], cwd=self.folder, capture_output=True,
            text=True, check=False, env=os.environ | {"PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        if done.returncode not in ok:
            sys.exit(f"{module}: {done.stderr[-2000:]}")
        return done.stdout


def annotation_of(photo: Path) -> Path:
    """The set's XML of a photo."""
    return photo.parent.parent / "Annotations" / f"{photo.stem}.xml"


def truth_of(photo: Path) -> str:
    """The digits that are labelled on a photo of one display, from the left."""
    boxes = []
    for item in ElementTree.parse(annotation_of(photo)).getroot().iter("object"):
        label = item.findtext("name", "")
        if label.isdigit():
            boxes.append((float(item.findtext("bndbox/xmin", "0")), label))
    return "".join(label for _, label in sorted(boxes))


def main() -> None:
    """Run what is missing of the results, and print them."""
    options = parse_options()
    done = [Row(*map(_value, its)) for its in read_rows(options.results)]
    photos = [its for its in sorted((options.set / "JPEGImages").iterdir()) if truth_of(its)]
    for seed in range(options.seeds):
        for way in ("next", "random"):
            if sum((its.seed, its.way) == (seed, way) for its in done) > options.rounds:
                continue
            with tempfile.TemporaryDirectory() as temporary:
                trial = Trial(Path(temporary), photos, seed, options.steps)
                for number in range(options.rounds + 1):
                    if number:
                        trial.choose(way, number)
                    trial.learn()
                    labelled = len(photos) - len(trial.apart) - len(trial.pool)
                    row = Row(seed, way, number, labelled, trial.read_apart(), len(trial.apart))
                    with options.results.open("a", encoding="utf-8", newline="") as file:
                        csv.writer(file, lineterminator="\n").writerow(row)
                    sys.stdout.write(f"{row}\n")
                    sys.stdout.flush()
    if options.draw:
        draw([Row(*map(_value, its)) for its in read_rows(options.results)], options.draw)
    sys.stdout.write(describe_machine(1) + "\n")


def parse_options() -> argparse.Namespace:
    """The command's options."""
    parser = make_parser("bench.labelling_loop", __doc__)
    parser.add_argument("set", type=Path)
    parser.add_argument("--rounds", type=int, default=5, help="default: %(default)s")
    parser.add_argument("--seeds", type=int, default=3, help="default: %(default)s")
    parser.add_argument("--steps", type=int, default=400, help="of locate; default: %(default)s")
    parser.add_argument("--results", type=Path, default=Path("labelling_loop.csv"))
    parser.add_argument("--draw", type=Path, help="a PNG of the results")
    return parser.parse_args()


def read_rows(path: Path) -> list[list[str]]:
    """The rows that are there."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def _value(text: str) -> int | str:
    return int(text) if text.isdigit() else text


def draw(rows: list[Row], path: Path) -> None:
    """Readings right against photos labelled: each seed thin, the mean of the seeds thick."""
    from matplotlib import pyplot as plt  # noqa: PLC0415

    figure, axes = plt.subplots(figsize=(6, 4))
    for way, colour in (("next", "tab:blue"), ("random", "tab:orange")):
        its = [row for row in rows if row.way == way]
        for seed in sorted({row.seed for row in its}):
            line = [row for row in its if row.seed == seed]
            axes.plot([r.labelled for r in line], [100 * r.right / r.count for r in line],
                      color=colour, alpha=0.3)  # fmt: skip
        rounds = sorted({row.round for row in its})
        at = [[row for row in its if row.round == number] for number in rounds]
        axes.plot([sum(r.labelled for r in them) / len(them) for them in at],
                  [100 * sum(r.right for r in them) / sum(r.count for r in them) for them in at],
                  color=colour, linewidth=2.5, label=way)  # fmt: skip
    axes.set(xlabel="photos labelled", ylabel="readings right, %")
    axes.legend()
    axes.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    main()
