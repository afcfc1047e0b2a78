"""RapidOCR on a list of photos, as `bench/our_readings.py` is: LIST.

Runs in an environment of its own, which `bench.reading` makes.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import cv2
import numpy as np
from rapidocr import RapidOCR

from bench.memory import peak_memory

if __name__ == "__main__":
    cv2.setNumThreads(1)
    threads = {
        f"EngineConfig.onnxruntime.{which}_op_num_threads": 1 for which in ("intra", "inter")
    }
    engine = RapidOCR(params={"Global.log_level": "error", **threads})
    photos = []
    for path in json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")):
        start = time.perf_counter()
        # In each call: what one call says stays for the next.
        found = engine(path, use_det=True, use_cls=False, use_rec=True)
        ms = 1000 * (time.perf_counter() - start)
        tokens = []
        if found.txts is not None and found.boxes is not None:
            for text, confidence, corners in zip(
                found.txts, found.scores, found.boxes, strict=True
            ):
                top_left, top_right, low_right, low_left = np.asarray(corners, float)
                sides = (low_left - top_left, low_right - top_right)
                height = float(np.mean([np.hypot(*side) for side in sides]))
                tokens.append((text, height, float(confidence)))
        photos.append({"tokens": tokens, "ms": ms})
    sys.stdout.write(json.dumps({"photos": photos, "memory": peak_memory()}) + "\n")
