"""Our reader on a list of photos: MODELS LIST, where LIST is JSON of paths; prints one JSON object.

It imports no more than a user's program would, since its memory is measured.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from bench.memory import peak_memory
from pipeline.reading.reader import Reader

if __name__ == "__main__":
    models, listed = map(Path, sys.argv[1:])
    reader = Reader.load(models)
    photos = []
    for path in json.loads(listed.read_text(encoding="utf-8")):
        start = time.perf_counter()
        first = reader.read(path)[0]
        ms = 1000 * (time.perf_counter() - start)
        tokens = [(first.text, 1, first.confidence)] if first.text else []
        photos.append({"tokens": tokens, "ms": ms, "accepted": first.verdict == "accepted"})
    sys.stdout.write(json.dumps({"photos": photos, "memory": peak_memory()}) + "\n")
