"""Names for copies of photos, harmless whatever a stranger called them."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

# Letters of any language stay; what a shell, a path or XML may take for more than a letter goes.
_OTHER = re.compile(r"[^\w.-]+|\.(?=.*\.)")
# In bytes: a disk takes 255, a Hangul letter three.
_LONGEST = 150


def safe_name(sha256: str, path: str) -> str:
    """A name for the copy of a photo, that no other photo has, with the suffix that it had."""
    name = PurePosixPath(path)
    stem = _OTHER.sub("_", name.stem).encode("utf-8", "ignore")[:_LONGEST].decode("utf-8", "ignore")
    return f"{sha256[:12]}_{stem}{name.suffix.lower()}"
