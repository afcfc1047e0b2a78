"""Every command's end: its exit code, and one message where something is wrong."""

from __future__ import annotations

import errno
import os
import signal

import pytest

from pipeline.runtime.command import run
from pipeline.runtime.errors import UserError


def ending(error):
    """The exit code or message that a command ends with when its main raises `error`."""

    def main():
        raise error

    with pytest.raises(SystemExit) as end:
        run(main)
    return end.value.code


def test_a_command_that_succeeds_just_returns():
    """It has done its work."""
    done = []
    run(lambda: done.append(1))
    assert done == [1]


def test_a_users_error_is_one_message():
    """Python prints it before it exits with 1."""
    assert ending(UserError("raw/ is empty")) == "ERROR: raw/ is empty"


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        (errno.ENOSPC, "disk is full"),
        (errno.EDQUOT, "quota"),
        (errno.EACCES, "no permission"),
        (errno.EPERM, "no permission"),
        (errno.EROFS, "read-only"),
        (errno.EIO, "network drive"),
        (errno.EMFILE, "too many files"),
    ],
)
def test_a_failure_of_the_disk_says_where_and_what_to_do(code, advice):
    """The message has the file's name, as far as the system tells it."""
    message = ending(OSError(code, os.strerror(code), "data/boxes.csv"))
    assert message.startswith("ERROR: data/boxes.csv: ")
    assert advice in message
    assert ending(OSError(code, os.strerror(code))).startswith("ERROR: ")


def test_ctrl_c_ends_with_130():
    """Shells expect that code; a second one, on the way out, changes nothing."""
    before = signal.getsignal(signal.SIGINT)
    try:
        assert ending(KeyboardInterrupt()) == 130
        signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("error", [ValueError("ours"), OSError(errno.ENOTDIR, "ours")])
def test_a_defect_of_ours_keeps_its_traceback(error):
    """It is not the user's to mend."""

    def main():
        raise error

    with pytest.raises(type(error)):
        run(main)


def test_a_process_exits_with_1_and_no_traceback(workplace):
    """Here it is a stage without its input."""
    result = workplace.run("parse")
    assert result.returncode == 1
    assert result.stderr.startswith("ERROR: raw/ is missing")
    assert "Traceback" not in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_wrong_parameter_exits_with_1_and_its_name(workplace):
    """It does so before anything is read or written."""
    workplace.add("a.jpg", [])
    workplace.set(crop__margin="much")
    result = workplace.run("parse")
    assert result.returncode == 1
    assert "crop.margin is 'much'" in result.stderr
    assert "Traceback" not in result.stderr
    assert not (workplace.folder / "data").exists()


def test_too_little_memory_is_one_message():
    """The message says what to do."""
    assert "out of memory: close other programs" in ending(MemoryError())


@pytest.mark.parametrize("arguments", [("--fast",), ("raw",)])
def test_a_stage_takes_neither_options_nor_arguments(workplace, arguments):
    """It exits with 2, as commands do, and says what it does not know."""
    done = workplace.run("stats", *arguments)
    assert done.returncode == 2
    assert f"unrecognized arguments: {arguments[0]}" in done.stderr


def test_a_stage_says_what_it_is_for(workplace):
    """Its help is what its module says, and the command as DVC runs it."""
    printed = workplace.run("stats", "--help").stdout
    assert printed.startswith("usage: python -m pipeline.stats")
    assert "Stage 3: mean and standard deviation" in printed
    assert "data/digits.csv -> data/stats.json" in printed


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_without_permission_is_told(workplace):
    """A factory PC's shared folder may be another user's."""
    workplace.add("a.jpg", [])
    workplace.raw.chmod(0)
    result = workplace.run("parse")
    workplace.raw.chmod(0o755)
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
