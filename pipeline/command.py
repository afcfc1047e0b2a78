"""What every command shares: its log, its exit code, and errors told without a traceback."""

from __future__ import annotations

import argparse
import errno
import logging
import sys
from collections.abc import Callable

from pipeline.stage_inputs import InputsChanged, StageInputs


class UserError(Exception):
    """What stops a command and what to do about it, in the user's words."""


_ADVICE = {
    errno.EIO: "the disk or the network drive failed: check it, run again",
    errno.EMFILE: "too many files are open: close other programs, run again",
    errno.ENOSPC: "the disk is full: make room (`dvc gc -w` deletes old versions), run again",
    errno.EDQUOT: "your disk quota is used up: make room, run again",
    errno.EACCES: "no permission: check who owns the file or folder, and whether it is open",
    errno.EPERM: "no permission: check who owns the file or folder, and whether it is open",
    errno.EROFS: "the folder is read-only: run on a disk that can be written to",
}


def make_parser(command: str, doc: str | None) -> argparse.ArgumentParser:
    """The parser of `python -m command`, whose help shows the module's docstring line by line."""
    return argparse.ArgumentParser(
        prog=f"python -m {command}",
        description=doc,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def run(main: Callable[[], None]) -> None:
    """Run `main` as a command; under DVC, see that the stage's inputs stood still meanwhile.

    Exits with 1 and one message on `UserError`, changed inputs or a failure of the disk, with 130
    on Ctrl-C. Any other exception is a defect of ours and keeps its traceback.
    """
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    try:
        inputs = StageInputs.now()
        main()
        inputs.check()
    except (UserError, InputsChanged) as error:
        sys.exit(f"ERROR: {error}")
    except OSError as error:
        if error.errno not in _ADVICE:
            raise
        where = f"{error.filename}: " if error.filename else ""
        sys.exit(f"ERROR: {where}{_ADVICE[error.errno]}")
    except MemoryError:
        sys.exit("ERROR: out of memory: close other programs, run again")
    except KeyboardInterrupt:
        sys.exit(130)
