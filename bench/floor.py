"""The floor of the data stages: each photo read and decoded once, on all cores, no more."""

from __future__ import annotations

import sys
from pathlib import Path

from joblib import Parallel, delayed
from PIL import Image


def decode(path: Path) -> None:
    """Decode one photo and forget it."""
    with Image.open(path) as image:
        image.load()


if __name__ == "__main__":
    photos = sorted(Path(sys.argv[1]).glob("*.jpg"))
    # Threads: decoding is all they do, and it holds no lock.
    Parallel(n_jobs=-1, prefer="threads")(delayed(decode)(photo) for photo in photos)
