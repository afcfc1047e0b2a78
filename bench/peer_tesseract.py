"""tesseract on a list of photos, as `bench/our_readings.py` is: LIST.

It is told that all text is digits, scattered over the photo (page segmentation mode 11).
"""

from __future__ import annotations

import csv
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

_OPTIONS = ("--psm", "11", "-c", "tessedit_char_whitelist=0123456789", "tsv")
_WORD = "5"


def tokens_of(tsv: str) -> list[tuple[str, int, float]]:
    """Each word that tesseract found, and each line of several: text, height, confidence 0 to 1."""
    lines: dict[tuple[str, ...], list[tuple[str, int, float]]] = {}
    for row in csv.DictReader(tsv.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE):
        if row["level"] == _WORD and row["text"].strip():
            line = tuple(row[part] for part in ("block_num", "par_num", "line_num"))
            word = (row["text"], int(row["height"]), float(row["conf"]) / 100)
            lines.setdefault(line, []).append(word)
    whole = [
        (" ".join(texts), max(heights), min(confidences))
        for texts, heights, confidences in (zip(*words, strict=True) for words in lines.values())
        if len(texts) > 1
    ]
    # Lines first: of two that are as tall, the longer one is taken.
    return whole + [word for words in lines.values() for word in words]


if __name__ == "__main__":
    photos = []
    for path in json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")):
        start = time.perf_counter()
        done = subprocess.run(
            ["tesseract", path, "-", *_OPTIONS], capture_output=True, text=True, check=True
        )
        ms = 1000 * (time.perf_counter() - start)
        photos.append({"tokens": tokens_of(done.stdout), "ms": ms})
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    sys.stdout.write(json.dumps({"photos": photos, "memory": memory}) + "\n")
