"""Milliseconds to read a whole photo: python -m bench.latency_reading [--models FOLDER]

One drawn photo of 640 x 480 pixels, and the same enlarged to 12 megapixels, the whole way from the
file to the reading, beside decoding it alone at its full size, by ours and by Pillow. One thread,
held to AVX2, as an older processor is. Prints medians, and the most memory of a process that reads
both.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from io import BytesIO
from pathlib import Path

from PIL import Image

from bench.reading import describe, ours
from pipeline.commands.sample import sample
from pipeline.images.photo import decode_photo
from pipeline.runtime.command import make_parser

SIZES = ((640, 480), (4000, 3000))
OLDER = {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2"}


def main() -> None:
    """Draw, time, print."""
    parser = make_parser("bench.latency_reading", __doc__)
    parser.add_argument("--models", type=Path, default=Path("models"), help="default: %(default)s")
    parser.add_argument("--rounds", type=int, default=9, help="default: %(default)s")
    options = parser.parse_args()
    os.environ |= OLDER
    reader = ours("ours", options.models)
    lines = ["| photo | read | decode, ours | decode, Pillow |", "|---|---|---|---|"]
    with tempfile.TemporaryDirectory() as folder:
        photos = draw(Path(folder))
        for photo, (width, height) in zip(photos, SIZES, strict=True):
            # What the first one takes longer is the start of torch, which no other pays.
            seen, _ = reader.read([photo] * (1 + options.rounds))
            content = photo.read_bytes()
            times = (
                statistics.median(its.ms for its in seen[1:]),
                median_ms(partial(decode_photo, content), options.rounds),
                median_ms(partial(decode_by_pillow, content), options.rounds),
            )
            cells = " | ".join(f"{its:,.1f}" for its in times)
            lines.append(f"| {width} x {height} | {cells} |")
        _, memory = reader.read(photos)
    settings = " ".join(f"{name}={value}" for name, value in OLDER.items())
    lines += ["", f"ms, medians of {options.rounds}, under {settings}. A process that reads both"]
    lines += [f"holds {memory:,.0f} MB at most. {describe('bench.latency_reading')}", ""]
    sys.stdout.write("\n".join(lines))


def draw(folder: Path) -> list[Path]:
    """The same drawn photo in each size."""
    sample(folder / "drawn", photos=1)
    with Image.open(next((folder / "drawn").glob("*.jpg"))) as drawn:
        for size in SIZES:
            drawn.resize(size, Image.Resampling.BICUBIC).save(folder / f"{size[0]}.jpg", quality=90)
    return [folder / f"{width}.jpg" for width, _ in SIZES]


def decode_by_pillow(content: bytes) -> None:
    """Decode a photo and forget it."""
    with Image.open(BytesIO(content)) as image:
        image.load()


def median_ms(call: Callable[[], object], rounds: int) -> float:
    """The median of some calls, after one that is not counted."""
    taken = []
    for _ in range(1 + rounds):
        start = time.perf_counter()
        call()
        taken.append(1000 * (time.perf_counter() - start))
    return statistics.median(taken[1:])


if __name__ == "__main__":
    main()
