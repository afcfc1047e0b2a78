"""What every stage and command shares: its log, its exit code, errors told without a traceback."""

from __future__ import annotations

import argparse
import errno
import logging
import signal
import sys
import time
from collections.abc import Callable

from pipeline.messages import mark, say, use_language
from pipeline.messages.duration import tell_duration
from pipeline.runtime.errors import UserError
from pipeline.runtime.stage_inputs import StageInputs
from pipeline.runtime.start import stopped

log = logging.getLogger(__name__)

_ADVICE = {
    errno.EIO: mark("the disk or the network drive failed: check it, run again"),
    errno.EMFILE: mark("too many files are open: close other programs, run again"),
    errno.ENOSPC: mark(
        "the disk is full. What can go without loss: other programs' files, `pip cache purge`, and "
        "`dvc gc --all-commits --all-experiments`, which keeps every version that is committed. "
        "Then run again"
    ),
    errno.EDQUOT: mark("your disk quota is used up: make room, run again"),
    errno.EACCES: mark("no permission: check who owns the file or folder, and whether it is open"),
    errno.EPERM: mark("no permission: check who owns the file or folder, and whether it is open"),
    errno.EROFS: mark("the folder is read-only: run on a disk that can be written to"),
}


def make_parser(program: str, doc: str | None) -> argparse.ArgumentParser:
    """The parser of a command, `program` as people type it; its help begins with the module's doc.

    Each paragraph of it is told in the user's language.
    """
    use_language()
    return argparse.ArgumentParser(
        prog=program,
        description="\n\n".join(say(paragraph) for paragraph in (doc or "").strip().split("\n\n")),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def parse_no_options(stage: str, doc: str | None) -> None:
    """Let a stage answer `--help`, and refuse everything else: a stage takes no options."""
    make_parser(f"python -m pipeline.{stage}", doc).parse_args()


def run(main: Callable[[], None]) -> None:
    """Run `main` as a command; under DVC, see that the stage's inputs stood still meanwhile.

    Exits with 1 and one message on `UserError` or a failure of the disk, and with 130 on Ctrl-C,
    with what its `KeyboardInterrupt` says. Any other exception is a defect of ours and keeps its
    traceback.
    """
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    use_language()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        inputs, begun = StageInputs.now(), time.monotonic()
        main()
        inputs.check()
        if inputs.stage:
            log.info("%s: %s", inputs.stage, tell_duration(time.monotonic() - begun))
    except UserError as error:
        sys.exit(say("ERROR: {error}", error=error))
    except OSError as error:
        if error.errno not in _ADVICE:
            raise
        where = f"{error.filename}: " if error.filename else ""
        sys.exit(say("ERROR: {error}", error=where + say(_ADVICE[error.errno])))
    except MemoryError:
        sys.exit(say("ERROR: {error}", error=say("out of memory: close other programs, run again")))
    except KeyboardInterrupt as error:
        # A second one, on the way out, would end the process as killed.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        log.warning(str(error) or stopped())
        sys.exit(130)
