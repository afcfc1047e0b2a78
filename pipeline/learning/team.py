"""The processes that train one network together: one alone, or as many as torchrun starts."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from pipeline.runtime.errors import UserError
from pipeline.runtime.lock import alone

Value = TypeVar("Value")

# A process that is killed ends the run at once; a machine that goes dark, after this.
_PATIENCE = timedelta(minutes=10)


@dataclass(frozen=True)
class Team:
    """`size` processes with the same code and data, of which this one is number `rank`."""

    rank: int = 0
    size: int = 1

    @property
    def leads(self) -> bool:
        """Whether this process is the one that logs and writes."""
        return self.rank == 0

    def wrap(self, network: nn.Module) -> nn.Module:
        """The network, its gradients averaged over the team after each backward pass."""
        return DistributedDataParallel(network) if self.size > 1 else network

    def own_share(self, batch: Tensor) -> tuple[Tensor, int]:
        """This process's part of a batch, and its weight; together the batch, each digit once.

        Every process must take part in every step: where a batch is smaller than the team, a digit
        of weight 0 stands in.
        """
        share = batch[self.rank :: self.size]
        return (share, 1) if len(share) else (batch[:1], 0)

    def sum(self, figures: Tensor) -> Tensor:
        """The sum of every process's figures, in place."""
        if self.size > 1:
            distributed.all_reduce(figures)
        return figures

    def align(self, network: nn.Module) -> None:
        """Give every process the first one's buffers: batch norm's averages are each one's own."""
        if self.size > 1:
            for buffer in network.buffers():
                distributed.broadcast(buffer, 0)

    def broadcast(self, value: Value) -> Value:
        """The first process's value, in every process."""
        values = [value]
        if self.size > 1:
            distributed.broadcast_object_list(values)
        return values[0]

    def gather(self, values: list[Value]) -> list[Value]:
        """The values of all, in order, where each process had every `size`th of them."""
        parts: list[list[Value]] = [values] * self.size
        if self.size > 1:
            distributed.all_gather_object(parts, values)
        return [parts[i % self.size][i // self.size] for i in range(sum(map(len, parts)))]


ALONE = Team()


def launch_team(launcher: str, module: str) -> None:
    """Run `module` in the processes that `machine.launcher` asks for, and exit as they do.

    Returns where it asks for none, and in each of those processes. Raises `UserError` where this
    build of PyTorch cannot start any.
    """
    command, *options = launcher.split()
    if command != "torchrun" or _is_member():
        return
    if not _has_libuv():
        raise UserError(
            "machine.launcher is torchrun, which needs libuv, and this PyTorch is built without it "
            "(as every PyTorch for Windows is): set machine.launcher: python"
        )
    # A second to import, for those who train so.
    from torch.distributed.elastic.multiprocessing.api import SignalException  # noqa: PLC0415
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError  # noqa: PLC0415
    from torch.distributed.run import main as torchrun  # noqa: PLC0415

    # Its own account of a process that failed would follow the message of that process.
    logging.getLogger("torch.distributed.elastic").setLevel(logging.CRITICAL)
    try:
        torchrun([*options, "-m", module])
    except ChildFailedError as error:
        _, failure = error.get_first_failure()
        sys.exit(failure.exitcode if failure.exitcode > 0 else 1)
    except SignalException as error:
        sys.exit(128 + error.sigval)
    sys.exit(0)


def _has_libuv() -> bool:
    """Whether processes can meet as torchrun has them meet (pytorch/pytorch, issue 148283)."""
    store = distributed.TCPStore  # type: ignore[attr-defined]
    try:
        store("127.0.0.1", 0, 1, True, timedelta(seconds=5), use_libuv=True)
    except RuntimeError as error:
        # What else is wrong, torchrun will say.
        return "libuv" not in str(error)
    return True


def _is_member() -> bool:
    return "TORCHELASTIC_RUN_ID" in os.environ


def without_sync(network: nn.Module, skip: bool) -> AbstractContextManager[None]:
    """Where `skip`, the context in which backward leaves averaging to the batch's last part."""
    if skip and isinstance(network, DistributedDataParallel):
        return network.no_sync()
    return nullcontext()


@contextmanager
def join_team(device: torch.device) -> Iterator[Team]:
    """Join the processes that torchrun started, over NCCL on CUDA and gloo on the CPU.

    Each takes the GPU of its own number; raises `UserError` where there is none. Without torchrun,
    gives a team of one.
    """
    if not _is_member():
        yield ALONE
        return
    if device.type == "cuda":
        number, gpus = int(os.environ["LOCAL_RANK"]), torch.cuda.device_count()
        if number >= gpus:
            raise UserError(
                "machine.launcher starts more processes than there are GPUs ({gpus}): lower "
                "--nproc-per-node, or set machine.device: cpu",
                gpus=gpus,
            )
        torch.cuda.set_device(number)
    distributed.init_process_group("nccl" if device.type == "cuda" else "gloo", timeout=_PATIENCE)
    try:
        yield Team(distributed.get_rank(), distributed.get_world_size())
    finally:
        distributed.destroy_process_group()


@contextmanager
def join_as_stage(device: torch.device, lock: Path, log: logging.Logger) -> Iterator[Team]:
    """`join_team` for a stage: one run at a time holds its `lock`, and one process logs."""
    with join_team(device) as team:
        log.setLevel(logging.INFO if team.leads else logging.ERROR)
        with alone(lock) if team.leads else nullcontext():
            yield team
