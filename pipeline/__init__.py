"""Photos of a scale and their boxes in, a measured digit reader out."""

from __future__ import annotations

import os
import sys
from pathlib import Path

# Read when torch is loaded, whoever loads it first: so it must stand here. A thread that waits for
# another gives its core away. Where threads wait spinning, training beside two busy programs took
# ten times as long.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("KMP_BLOCKTIME", "0")

# `python -m pipeline.<stage>` or `digits <command>`, and not somebody's own program.
if sys.argv[:1] == ["-m"] or Path("".join(sys.argv[:1])).stem == "digits":
    from pipeline.runtime.start import begin

    begin()
