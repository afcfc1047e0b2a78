"""Names for copies of photos, harmless whatever a stranger called them."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath

# So much of a photo's SHA-256 begins the name of a copy.
KNOWN = 12

# Letters of any language stay; what a shell, a path or XML may take for more than a letter goes.
_OTHER = re.compile(r"[^\w.-]+")
_LONGEST = 60


def safe_name(path: str) -> str:
    """A photo's name without its ending, of letters, digits, `-`, `_` and points alone."""
    stem = unicodedata.normalize("NFC", PurePosixPath(path).stem)
    return _OTHER.sub("_", stem)[:_LONGEST].strip("._ ") or "photo"


def copy_name(sha256: str, path: str) -> str:
    """The name of a photo's copy, which no other photo has, with the ending that it had."""
    return f"{sha256[:KNOWN]}_{safe_name(path)}{PurePosixPath(path).suffix.lower()}"
