"""Stages and commands as processes of their own, that need not import torch again."""

from __future__ import annotations

import importlib
import logging
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from pipeline.commands.__main__ import COMMANDS, SERVICE
from pipeline.commands.__main__ import main as digits
from pipeline.runtime.command import run


class Process:
    """A stage, or `digits` with a command's name and arguments, that was started in a folder.

    It is a copy of this process, which has imported in seconds what both need, and is killed, and
    exits, as any. `stderr` gives its lines as they come.
    """

    def __init__(self, folder: Path, name: str, *arguments: str) -> None:
        self.arguments = [name, *arguments]
        main = prepare(name)
        self._stdout = os.memfd_create("stdout")
        reader, writer = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.dup2(self._stdout, 1)
            os.dup2(writer, 2)
            os.close(reader)
            become(main, folder, self.arguments)
        os.close(writer)
        self.stderr = os.fdopen(reader, encoding="utf-8")

    def kill(self) -> None:
        """Kill it and wait for its end."""
        os.kill(self.pid, signal.SIGKILL)
        self.end()

    def end(self) -> subprocess.CompletedProcess[str]:
        """Wait for its end; returns what it printed, after any lines read, and its exit code."""
        with self.stderr, os.fdopen(self._stdout, encoding="utf-8") as stdout:
            printed = self.stderr.read()
            code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
            stdout.seek(0)
            return subprocess.CompletedProcess(self.arguments, code, stdout.read(), printed)


def prepare(name: str) -> Callable[[], None]:
    """Import a stage, or a command; returns what runs it."""
    if name in (*COMMANDS, *SERVICE):
        package = "service" if name in SERVICE else "pipeline"
        importlib.import_module(f"{package}.commands.{name.replace('-', '_')}")
    if name in (*COMMANDS, *SERVICE) or name.startswith("-"):
        return digits
    main = importlib.import_module(f"pipeline.{name}").main
    return lambda: run(main)


def become(main: Callable[[], None], folder: Path, arguments: list[str]) -> None:
    """Be that program and no test: its arguments, its folder, its output and its exit code."""
    code = 1
    try:
        os.chdir(folder)
        sys.argv = arguments if main is not digits else ["digits", *arguments]
        sys.stdout, sys.stderr = (os.fdopen(at, "w", encoding="utf-8") for at in (1, 2))
        logging.getLogger().handlers.clear()
        main()
        code = 0
    except SystemExit as end:
        if isinstance(end.code, str):
            sys.stderr.write(f"{end.code}\n")
        code = 1 if isinstance(end.code, str) else end.code or 0
    except BaseException:
        traceback.print_exc()
    finally:
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(code)
