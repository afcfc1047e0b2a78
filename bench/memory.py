"""The most memory that this process has held."""

from __future__ import annotations

import re
import resource
from pathlib import Path


def peak_memory() -> float:
    """In MB. `ru_maxrss` will not do where there is better: it counts the parent's before exec."""
    status = Path("/proc/self/status")
    if status.exists() and (found := re.search(r"VmHWM:\s*(\d+) kB", status.read_text())):
        return int(found[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
