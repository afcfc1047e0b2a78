"""What a process does with the memory that it frees."""

from __future__ import annotations

import ctypes
import sys


def keep_freed_memory() -> None:
    """Have glibc keep what is freed for the next use, not give each array back to the system.

    Getting it again, page by page, costs a sixth of a step of training, and of a photo's cutting.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt:
        mmap_threshold, trim_threshold = -3, -1  # as malloc.h numbers them
        # Older versions of glibc take no more than 32 MiB.
        mallopt(mmap_threshold, 2**30) or mallopt(mmap_threshold, 2**25)
        mallopt(trim_threshold, 2**31 - 1)
