"""One measurement in a process of its own: python -m bench.trial NAME '{"settings": …}'

Runs in a workplace (`bench.workplace`) and prints one JSON object.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import torch

from bench.latency import latency
from bench.memory import peak_memory
from bench.run_trials import guidebook_run, our_run
from bench.speed_trials import bare_speed, guidebook_speed, input_speed, matrix_product, our_speed

TRIALS: dict[str, Callable[..., dict[str, Any]]] = {
    trial.__name__: trial
    for trial in (
        guidebook_speed, our_speed, bare_speed, matrix_product, input_speed, guidebook_run, our_run,
        latency,
    )
}  # fmt: skip


def main() -> None:
    """Run the trial that is named, print what it came to and the peak memory in MB, a GPU's too."""
    name, settings = sys.argv[1:]
    answer = TRIALS[name](**json.loads(settings))
    answer["memory"] = peak_memory()
    if torch.cuda.is_available():
        answer["memory_on_gpu"] = torch.cuda.max_memory_allocated() / 2**20
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
