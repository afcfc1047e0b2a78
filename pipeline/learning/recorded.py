"""A training step on a GPU that is recorded once and then replayed, without being launched anew."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

# Steps before the recorded one, in which libraries are loaded and the optimizer gets its state.
_AS_THEY_ARE = 3


class Recorded:
    """`step` on the indices of batches, which on a GPU is recorded for those of `size` digits.

    A step of a small network is hundreds of kernels of some microseconds each, and to launch one
    takes the processor longer than it takes the GPU to compute it. `step` draws from `generator`
    alone, reads nothing back, and finds everything but the index in the same place at each call.
    """

    def __init__(
        self, step: Callable[[Tensor], None], size: int, generator: torch.Generator
    ) -> None:
        self._step, self._size, self._generator = step, size, generator
        self._done = 0
        self._graph: torch.cuda.CUDAGraph | None = None
        self._batch = torch.empty(size, dtype=torch.int64, device=generator.device)

    def __call__(self, batch: Tensor) -> None:
        """Take the step on a batch."""
        if len(batch) != self._size or self._done < _AS_THEY_ARE:
            self._done += len(batch) == self._size
            self._step(batch)
            return
        self._batch.copy_(batch)
        if self._graph is None:
            self._graph = self._record()
        self._graph.replay()

    def _record(self) -> torch.cuda.CUDAGraph:
        graph = torch.cuda.CUDAGraph()
        graph.register_generator_state(self._generator)
        with torch.cuda.graph(graph):
            self._step(self._batch)
        return graph
