"""`digits`: the commands that a person runs, by name; `python -m pipeline.commands` is the same."""

from __future__ import annotations

import argparse
import difflib
import importlib
import sys
from collections.abc import Sequence
from functools import partial

from pipeline.messages import mark, say
from pipeline.runtime.command import make_parser, run
from pipeline.runtime.errors import UserError

# In the order in which a newcomer wants them, each with what it is for.
COMMANDS = {
    "read": mark("what the displays on photos show"),
    "check": mark("what is wrong in a folder of photos and XML"),
    "measure": mark("how well the model reads the photos of another folder"),
    "compare": mark("whether today's model is better than an earlier one"),
    "audit": mark("which labels are likely wrong"),
    "learning-curve": mark("what more photos would bring"),
    "export": mark("the model as ONNX, for other programs"),
    "doctor": mark("what a run needs and this machine lacks"),
    "install": mark("make .venv with all packages, or bring it up to date"),
    "sample": mark("draw photos of a scale with their XML"),
}
# Those of the package `service`, which this one knows by its name alone.
SERVICE = {
    "record": mark("store what the photos of a folder show, as they arrive"),
    "review": mark("go through the doubtful readings, on a page"),
    "status": mark("how recording and reviewing stand"),
    "threshold": mark("what can be promised of the accepted readings"),
    "next": mark("which photos to label next"),
    "export-readings": mark("the weights as a table for Excel"),
    "database": mark("bring the database's tables up to date"),
}


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command that the first argument names, with the others as its own."""
    name, *arguments = (sys.argv[1:] if argv is None else argv) or ["--help"]
    if name not in (*COMMANDS, *SERVICE):
        # Exits: with the help that was asked for, or with what is wrong.
        _parser().parse_args([name])
    run(partial(_call, name, arguments))


def _call(name: str, arguments: Sequence[str]) -> None:
    """Run a command; raises `UserError` where its packages are missing."""
    package = "service" if name in SERVICE else "pipeline"
    try:
        command = importlib.import_module(f"{package}.commands.{name.replace('-', '_')}")
    except ModuleNotFoundError as error:
        if package == "pipeline":
            raise
        raise UserError(
            "`digits {name}` needs further packages ({missing} is missing): "
            "digits install --extra service",
            name=name, missing=error.name,
        ) from None  # fmt: skip
    command.main(arguments)


def _parser() -> argparse.ArgumentParser:
    parser = make_parser("digits", say("Everything beside `dvc repro`."))
    parser.usage = "digits COMMAND …"
    parser.add_argument("command", metavar="COMMAND", type=_known, help=argparse.SUPPRESS)
    width = max(map(len, (*COMMANDS, *SERVICE)))
    lines, service = (
        [f"  {name:{width}}  {say(what)}" for name, what in commands.items()]
        for commands in (COMMANDS, SERVICE)
    )
    parser.epilog = "\n".join(
        [*lines, "", say("With a database (`digits install --extra service`):"), *service, "",
         say("`digits COMMAND --help` says more of each.")]
    )  # fmt: skip
    return parser


def _known(name: str) -> str:
    near = difflib.get_close_matches(name, (*COMMANDS, *SERVICE), n=1, cutoff=0)[0]
    raise argparse.ArgumentTypeError(
        say("there is no command {name}; did you mean {near}?", name=name, near=near)
    )


if __name__ == "__main__":
    main()
