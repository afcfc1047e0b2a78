"""How each data stage's cost grows with the digits: python -m bench.growth OUT.png [--largest N]

Draws photos of 1,000 digits and repeats them up to 140,000 digits, each with a comment of its own
so that files differ in bytes and length as other photos would; the split gets a perceptual hash and
a time of its own for each photo. Prints and draws seconds and peak memory.
"""

from __future__ import annotations

import random
import shutil
import sys
import tempfile
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from bench.data import STAGES
from bench.machine import ROOT
from bench.timings import Timings
from pipeline.commands.sample import sample
from pipeline.contracts import PHOTOS
from pipeline.runtime.command import make_parser

SIZES = (1_000, 10_000, 35_000, 70_000, 140_000)
UNIT = 1_000
VALUES = ("seconds", "MB")
LONGEST_COMMENT = 5_000


def main() -> None:
    """Time every stage at every size, print, draw."""
    parser = make_parser("bench.growth", __doc__)
    parser.add_argument("out", type=Path, help="where to put the picture")
    parser.add_argument("--largest", type=int, default=SIZES[-1], help="no more digits than these")
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        sample(folder / "unit", photos=140, digits=UNIT)
        for size in (size for size in SIZES if size <= options.largest):
            workplace = folder / f"{size}"
            repeat_photos(folder / "unit", workplace / "raw", size // UNIT)
            shutil.copy(ROOT / "params.yaml", workplace)
            timings = Timings()
            for stage in STAGES:
                if stage == "split":
                    tell_apart(workplace / "data/photos.csv")
                timings.run(stage, workplace, sys.executable, "-m", f"pipeline.{stage}")
            for stage in STAGES:
                seconds, memory = timings.median(stage), timings.peak(stage)
                rows.append({"digits": size, "stage": stage, "seconds": seconds, "MB": memory})
    table = pd.DataFrame(rows)
    for value in VALUES:
        print(table.pivot_table(value, "digits", "stage")[list(STAGES)].round(1))  # noqa: T201
    draw(table, options.out)


def repeat_photos(unit: Path, raw: Path, times: int) -> None:
    """Copy every photo and its XML several times, each photo with a random comment."""
    raw.mkdir(parents=True)
    chance = random.Random(0)
    for photo in sorted(unit.glob("*.jpg")):
        content, xml = photo.read_bytes(), photo.with_suffix(".xml").read_bytes()
        for _ in range(times):
            comment = chance.randbytes(chance.randint(16, LONGEST_COMMENT))
            # A comment segment (FFFE, length, text) behind the start of the image.
            segment = b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment
            # A name that says nothing of another one's being a copy.
            name = f"{chance.getrandbits(64):016x}"
            (raw / f"{name}.jpg").write_bytes(content[:2] + segment + content[2:])
            (raw / f"{name}.xml").write_bytes(xml)


def tell_apart(path: Path) -> None:
    """Give each photo a random perceptual hash and a minute of its own: as other photos have."""
    draw_bits = random.Random(0).getrandbits
    photos = PHOTOS.read_frame(path)
    photos["perceptual_hash"] = [f"{draw_bits(256):064x}" for _ in range(len(photos))]
    minutes = pd.date_range("2026-01-01", periods=len(photos), freq="min")
    photos["taken"] = minutes.strftime("%Y:%m:%d %H:%M:%S")
    PHOTOS.write_frame(photos, path)


def draw(table: pd.DataFrame, path: Path) -> None:
    """Draw seconds and memory by digits, a line a stage; all but the memory logarithmic."""
    figure = Figure(figsize=(9, 4), layout="constrained")
    for axes, value, scale in zip(figure.subplots(1, 2), VALUES, ("log", "linear"), strict=True):
        for stage in STAGES:
            rows = table[table["stage"] == stage]
            axes.plot(rows["digits"], rows[value], marker="o", label=stage)
        axes.set(xscale="log", yscale=scale, xlabel="digits", ylabel=value)
        axes.grid(alpha=0.3, which="both")
        axes.legend()
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    main()
