"""Measurements as processes of their own, all on the same number of threads."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import torch

from bench.machine import ROOT, processor
from bench.workplace import environment
from pipeline.learning.hardware import pick_hardware


class Processes:
    """Runs measurements one after the other, and tells each on stderr as it comes."""

    def __init__(self, threads: int) -> None:
        self.threads = threads

    def trial(self, workplace: Path, name: str, **settings: object) -> dict[str, Any]:
        """What one of `bench.trial` gives."""
        command = (sys.executable, "-m", "bench.trial", name, json.dumps(settings))
        return self._run(workplace, f"{name} {settings}", *command)

    def peer(self, workplace: Path, python: Path, settings: dict[str, Any]) -> dict[str, Any]:
        """What fastai's script gives in its environment."""
        script = str(ROOT / "bench/fastai_peer.py")
        return self._run(workplace, "fastai", str(python), script, json.dumps(settings))

    def _run(self, workplace: Path, name: str, *command: str) -> dict[str, Any]:
        done = subprocess.run(
            command, cwd=workplace, env=environment(self.threads), stdout=subprocess.PIPE,
            text=True, check=True,
        )  # fmt: skip
        line = done.stdout.splitlines()[-1]
        sys.stderr.write(f"{name}: {line}\n")
        answer: dict[str, Any] = json.loads(line)
        return answer


def describe_machine(threads: int) -> str:
    """One line: processor, cores, threads, versions."""
    revision = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True,
        check=False,
    ).stdout.strip()  # fmt: skip
    return (
        f"{processor()}, {os.cpu_count()} cores, {threads} threads "
        f"a process, ours on {pick_hardware('auto', 'auto').describe()}; "
        f"Python {platform.python_version()}, "
        f"torch {torch.__version__}, revision {revision}"
    )


def row(
    what: str,
    ours: float,
    against: str,
    theirs: float,
    asked: float | str = "",
    fewer: bool = False,
) -> str:
    """A row of the table; the ratio is ours to theirs, or theirs to ours where fewer is better."""
    ratio = theirs / ours if fewer else ours / theirs
    return f"| {what} | {ours:,.1f} | {against}: {theirs:,.1f} | {ratio:.2f} | {asked} |"
