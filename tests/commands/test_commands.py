"""The command `digits`: what it offers, and what it says to whoever mistypes."""

from __future__ import annotations

import re

import pytest
from helpers import ROOT, contents

from pipeline.commands.__main__ import COMMANDS, SERVICE, main


def said(capsys, *arguments):
    """The exit code of `digits` with some arguments, and what it printed."""
    with pytest.raises(SystemExit) as end:
        main(arguments)
    printed = capsys.readouterr()
    return end.value.code, printed.out + printed.err


@pytest.mark.parametrize("arguments", [(), ("--help",), ("-h",)])
def test_its_help_fits_on_a_screen(capsys, arguments):
    """It has each command with what it is for, in a line of 80 letters."""
    code, printed = said(capsys, *arguments)
    lines = printed.splitlines()
    assert code == 0
    assert len(lines) <= 30
    assert max(map(len, lines)) <= 80
    for name, what in (COMMANDS | SERVICE).items():
        assert re.search(rf"^  {name} +{re.escape(what)}$", printed, re.MULTILINE)


def test_it_offers_every_command_that_there_is():
    """A module of pipeline/commands is a command, and the other way round."""
    modules = {path.stem for path in (ROOT / "pipeline/commands").glob("*.py")}
    assert modules - {"__init__", "__main__"} == {its.replace("-", "_") for its in COMMANDS}


@pytest.mark.parametrize(
    ("name", "near"), [("chekc", "check"), ("measur", "measure"), ("exprot", "export")]
)
def test_an_unknown_command_names_the_nearest(capsys, name, near):
    """It exits with 2, as argparse does."""
    code, printed = said(capsys, name, "folder")
    assert code == 2
    assert f"there is no command {name}; did you mean {near}?" in printed


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_says_more_of_itself(capsys, name):
    """Its help begins with how it is called."""
    code, printed = said(capsys, name, "--help")
    assert code == 0
    assert printed.startswith(f"usage: digits {name}")
    assert len(printed.splitlines()) > 4


def test_it_speaks_korean(capsys, monkeypatch):
    """The language of the user's environment holds for the help, too."""
    monkeypatch.setenv("PIPELINE_LANG", "ko")
    _, printed = said(capsys, "--help")
    assert len(re.findall(r"^  [\w-]+ .*[가-힣]", printed, re.MULTILINE)) == len(COMMANDS | SERVICE)


def test_a_command_runs_as_a_process(workplace):
    """It exits with 0 and has done its work; an error is one message and exit code 1."""
    done = workplace.digits_command("sample", "raw", "--photos", "2", "--jobs", "1")
    assert done.returncode == 0, done.stderr
    assert len(contents(workplace.raw)) == 4
    failed = workplace.digits_command("check", "nowhere")
    assert failed.returncode == 1
    assert failed.stderr.startswith("ERROR: nowhere/ is missing")
    assert "Traceback" not in failed.stderr
