"""What a program does before it loads its packages: with the standard library alone.

Loading torch takes seconds, in which Ctrl-C, or a package that is not there, must be told as
plainly as later.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from types import FrameType, TracebackType

from pipeline.messages import say

VENV = Path(".venv")
_STAGES_WITH_TORCH = frozenset({"pipeline.train", "pipeline.locate", "pipeline.evaluate"})
_COMMANDS_WITH_TORCH = frozenset(
    {"read", "measure", "compare", "audit", "export", "learning-curve"}
)


def begin() -> None:
    """Say in a line, without a traceback, that Ctrl-C was pressed or that a package is missing.

    And that PyTorch is loaded, before the seconds that it takes.
    """
    signal.signal(signal.SIGINT, _stop)
    sys.excepthook = _say_what_is_missing
    # While `-m` looks for its module, only orig_argv, new in Python 3.10, names it.
    loads = _STAGES_WITH_TORCH.intersection(getattr(sys, "orig_argv", []))
    loads |= _COMMANDS_WITH_TORCH.intersection(sys.argv[1:2])
    if loads and "RANK" not in os.environ:
        sys.stderr.write(f"{say('Loading PyTorch …')}\n")


def stopped() -> str:
    """What to tell whoever pressed Ctrl-C."""
    return say("Stopped. Nothing is broken: the same command does the rest.")


def _stop(number: int, frame: FrameType | None) -> None:
    sys.stderr.write(f"{stopped()}\n")
    sys.stderr.flush()
    os._exit(130)  # a library that is half loaded could not be left in order


def _say_what_is_missing(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    if not isinstance(error, ModuleNotFoundError) or (error.name or "").startswith("pipeline"):
        sys.__excepthook__(kind, error, trace)
        return
    text = say(
        "ERROR: {python} has no package {name}: type `{advice}`",
        python=sys.executable, name=error.name, advice=how_to_get_packages(),
    )  # fmt: skip
    sys.stderr.write(f"{text}\n")


def how_to_get_packages() -> str:
    """What to type where a package is missing: bring .venv up to date, activate it, or make it."""
    if Path(sys.prefix) == VENV.resolve():
        return "python -m pipeline.commands.install"
    if VENV.exists():
        return r".venv\Scripts\Activate.ps1" if os.name == "nt" else "source .venv/bin/activate"
    return "make setup"
