"""Measure the base model on drawn photos that it never saw, and set how sure it is.

base/photos, base/glyphs.csv, base/made -> base/made/reading.json, base/metrics.json
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from PIL import Image

from base.glyphs import MADE, GlyphRow, load_base_params, load_drawn
from pipeline.contracts import CALIBRATION
from pipeline.params import load_params
from pipeline.reading.confidence import RAW, Trial, calibrate
from pipeline.reading.reader import Reader
from pipeline.reading.reading import Reading
from pipeline.runtime.command import parse_no_options, run
from pipeline.runtime.files import write_json

_METRICS = Path("base/metrics.json")


def main() -> None:
    """Read both sides' photos, calibrate on the kinds that it knows, save the figures."""
    parse_no_options("measure", __doc__)
    params, base = load_params(), load_base_params()
    reader = Reader.load(MADE, params.read, calibration=RAW)
    figures: dict[str, dict[str, int]] = {}
    trials: list[Trial] = []
    for side in ("fresh", "held_out"):
        for name, photo, rows in load_drawn(side):
            reading, right, point = _read(reader, photo, rows)
            kind = name.split("/")[1].rpartition("-")[0]
            its = figures.setdefault(f"{side}: {kind}", defaultdict(int))
            its["photos"] += 1
            its["right"] += right
            its["right_with_point"] += point
            if side == "fresh":
                trials.append(Trial(reading.confidence, right, not reading.reasons))
    calibrate(trials, None, base.wrong).save(MADE / CALIBRATION.name)
    write_json(_METRICS, dict(sorted(figures.items())))


def _read(reader: Reader, photo: Image.Image, rows: list[GlyphRow]) -> tuple[Reading, bool, bool]:
    """The likeliest reading of a photo; whether it is one of its displays', the point too.

    Of a photo without a digit, nothing is right.
    """
    displays: dict[int, list[GlyphRow]] = defaultdict(list)
    for row in sorted(rows, key=lambda its: its.column):
        displays[row.display].append(row)
    texts = ["".join(its.label + its.after for its in row) for row in displays.values()]
    reading = reader.read_picture(photo)[0]
    plain = [_plain(text) for text in texts] or [""]
    return reading, _plain(reading.text) in plain, reading.text in (texts or [""])


def _plain(text: str) -> str:
    return "".join(sign for sign in text if sign not in ".:")


if __name__ == "__main__":
    run(main)
