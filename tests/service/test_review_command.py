"""`digits review` as a process: where it is, how it ends, and what stops it."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys

import httpx
import pytest
from helpers import command_environment
from reviewing import Person, Plant

pytestmark = pytest.mark.slow


@pytest.fixture
def plant(tmp_path):
    """A plant with a doubtful reading."""
    its = Plant(tmp_path / "plant")
    its.add("a.jpg", "12")
    return its


def start(plant, *arguments):
    """The command, with the plant's database, in the plant's folder."""
    return subprocess.Popen(
        [sys.executable, "-m", "service.commands.review", *arguments],
        cwd=plant.folder,
        env=command_environment() | {"DIGITS_DATABASE": str(plant.engine.url)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_it_says_where_it_is_and_ends_with_ctrl_c(plant):
    """At an address of this machine; corrections go into raw/ of the current folder."""
    process = start(plant, "--port", "0", "--who", "kim")
    line = process.stdout.readline()
    address = line.split()[1].rstrip("/")
    assert address.startswith("http://127.0.0.1:")
    assert 'data-who="kim"' in httpx.get(address).text
    person = Person(address)
    assert person.say(person.next()["reading_id"], text="13").status_code == 200
    process.send_signal(signal.SIGINT)
    _, printed = process.communicate(timeout=30)
    assert process.returncode == 0, printed
    assert printed.splitlines()[-1] == "The page is closed."
    assert len(plant.xml()) == 1


def test_it_mends_what_a_kill_left_undone(plant):
    """Killed after an answer, before its files: they are there after the next start."""
    process = start(plant, "--port", "0")
    address = process.stdout.readline().split()[1].rstrip("/")
    person = Person(address)
    person.say(person.next()["reading_id"], text="13")
    process.kill()
    process.communicate()
    for path in list(plant.raw.rglob("*.*")):
        path.unlink()
    process = start(plant, "--port", "0")
    process.stdout.readline()
    assert len(plant.xml()) == 1
    process.kill()
    process.communicate()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--port", "{taken}"], "is in use"),
        (["--host", "0.0.0.0"], "give a password"),
        (["--host", "203.0.113.1", "--password-file", "password"], "cannot be served at"),
        (["nowhere"], "nowhere is not a folder"),
        (["--port", "70000"], "is no port"),
        (["--password-file", "missing"], "missing cannot be read"),
    ],
)
def test_what_cannot_be_is_told(plant, arguments, told):
    """In a sentence, before anything is served."""
    (plant.folder / "password").write_text("correct horse\n", encoding="utf-8")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = start(plant, *(its.format(taken=port) for its in arguments))
        _, printed = process.communicate(timeout=60)
    assert process.returncode in (1, 2)
    assert told in printed and "Traceback" not in printed
