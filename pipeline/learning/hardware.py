"""What training runs on: the device, and the precision it has natively."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import torch
from torch import Tensor, nn

from pipeline.messages import say
from pipeline.params import MachineParams, TrainParams
from pipeline.runtime.errors import UserError
from pipeline.runtime.memory import keep_freed_memory
from pipeline.runtime.parallel import map_threads

Task = TypeVar("Task")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Hardware:
    """Where tensors live, and the type that convolutions compute in."""

    device: torch.device
    precision: torch.dtype

    def configure(self, deterministic: bool) -> None:
        """Set what torch keeps for the whole process: the fastest kernels, or those that repeat.

        On the CPU, all repeat to the last bit.
        """
        torch.use_deterministic_algorithms(deterministic)
        if deterministic:
            os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        if self.device.type == "cuda":
            # cuDNN chooses its kernels by rules: trying them all costs more seconds than it saves.
            _allow_tf32(True)  # to learn, it is enough
        else:
            keep_freed_memory()

    def autocast(self) -> torch.autocast:
        """The context for a forward pass; it does nothing in fp32."""
        return torch.autocast(
            self.device.type, self.precision, enabled=self.precision != torch.float32
        )

    def place(self, network: nn.Module) -> nn.Module:
        """Move a network to the device, its weights channels last."""
        return network.to(self.device).to(memory_format=torch.channels_last)

    def keep(self, images: Tensor) -> Tensor:
        """Images on the device, where they leave it half of its memory; else where they are."""
        if self.device.type == "cuda":
            free, _ = torch.cuda.mem_get_info(self.device)
            if images.nbytes > free // 2:
                return images
        return images.to(self.device)

    def wait(self) -> None:
        """Until a GPU has done what it was given; a CPU has."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)

    def __str__(self) -> str:
        """All that figures follow from to the last bit, the same in every language."""
        on_gpu = self.device.type == "cuda"
        name = torch.cuda.get_device_name(self.device) if on_gpu else "CPU"
        return f"{name} {self.precision} {torch.get_num_threads()}"

    def describe(self) -> str:
        """The device and the precision, for people."""
        if self.device.type == "cuda":
            name = torch.cuda.get_device_name(self.device)
        else:
            name = say("the CPU, threads: {threads}", threads=torch.get_num_threads())
        return f"{name}, {'bf16' if self.precision == torch.bfloat16 else 'fp32'}"


def pick_hardware(device: str, precision: str) -> Hardware:
    """Resolve `machine.device` and `train.precision`, each with `auto` for the best there is.

    Raises `UserError` where CUDA is asked for and there is none.
    """
    if device == "cuda" and not torch.cuda.is_available():
        built = torch.version.cuda or say("no CUDA at all: docs/windows.md says how to get it")
        raise UserError(
            "machine.device is cuda, but no NVIDIA GPU can be used (this torch is built for "
            "{built}); set machine.device: auto",
            built=built,
        )
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if precision == "auto":
        precision = "bf16" if _has_native_bf16(device) else "fp32"
    return Hardware(torch.device(device), torch.bfloat16 if precision == "bf16" else torch.float32)


def use_hardware(machine: MachineParams, precision: str) -> Hardware:
    """The device that `machine` asks for, with this process's torch held to its threads.

    Where it asks for no number of threads, a CPU computes bf16 in one: oneDNN's threads wait for
    each other spinning, so that beside other programs two are many times slower (bench/busy.py).
    What a GPU is to compute in fp32 is not rounded to TF32: it is read as surely as on a CPU.
    Raises `UserError` as `pick_hardware` does.
    """
    hardware = pick_hardware(machine.device, precision)
    on_cpu = hardware.device.type == "cpu"
    if machine.threads:
        torch.set_num_threads(machine.threads)
    elif on_cpu and hardware.precision == torch.bfloat16:
        torch.set_num_threads(1)
    if not on_cpu:
        _allow_tf32(False)
    return hardware


def prepare_hardware(params: TrainParams, machine: MachineParams) -> Hardware:
    """What training with `params` runs on, with this process's torch configured for it.

    Raises `UserError` as `pick_hardware` does.
    """
    hardware = use_hardware(machine, params.precision)
    hardware.configure(params.deterministic)
    return hardware


def map_alone(
    function: Callable[[Task], Result],
    tasks: Iterable[Task],
    device: torch.device,
    cores: int | None = None,
) -> Iterator[Result]:
    """Call `function` on every task, in order: on a CPU, in a thread a core, each computing alone.

    To read a photo is a thousand small operations: threads that share each of them wait for each
    other longer than they compute. A GPU does one after the other in any case.
    """
    threads = torch.get_num_threads()
    try:
        if device.type == "cpu":
            # Of the thread that begins.
            yield from map_threads(function, tasks, cores, partial(torch.set_num_threads, 1))
        else:
            yield from map(function, tasks)
    finally:
        torch.set_num_threads(threads)


def _has_native_bf16(device: str) -> bool:
    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    # torch has no public question for it; where it is not known, fp32 is right and only slower.
    checks = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(getattr(torch.cpu, check, bool)() for check in checks)


def _allow_tf32(allowed: bool) -> None:
    """Have a GPU round to ten bits what it multiplies in fp32, as torch does at times, or not."""
    torch.set_float32_matmul_precision("high" if allowed else "highest")
    torch.backends.cudnn.allow_tf32 = allowed


@contextmanager
def advise_on_memory(params: TrainParams) -> Iterator[None]:
    """Turn running out of memory into a `UserError` that says what to lower, and to what."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        # torch.OutOfMemoryError is CUDA's; on the CPU only the text tells.
        short = isinstance(error, MemoryError | torch.OutOfMemoryError)
        if not (short or "DefaultCPUAllocator" in str(error)):
            raise
        raise UserError(
            "out of memory in a step of {model}: set train.accumulate: {parts} (it is "
            "{parts_now}), which halves what a step takes and changes no result but batch "
            "norm's, or train.input_size: {size} (it is {size_now}), which takes a quarter",
            model=params.model,
            parts=2 * params.accumulate,
            parts_now=params.accumulate,
            size=max(16, params.input_size // 2),
            size_now=params.input_size,
        ) from None
