"""All of it on one screen: photos arrive, readings are stored, a person answers, it is learned.

`make demo` runs it, in a copy of the project below demo/: your own photos and database are left
alone. The answers are given as the page gives them.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from sqlalchemy import Engine, select

from pipeline.messages import say
from pipeline.messages.duration import tell_duration
from pipeline.runtime.command import make_parser, run
from pipeline.runtime.errors import UserError
from service.database.opening import open_database, reading_from
from service.database.schema import reading, weight

_ROOT = Path(__file__).parents[1]
_PLACE = _ROOT / "demo"
_PROJECT = _PLACE / "project"
_PHOTOS, _ANSWERED, _SEED = 60, 3, 2026
_APART = 0.1
# What a copy of the project can do without.
_LEFT_BEHIND = (
    ".git", ".venv", "demo", "base", "bench", "docs", "studies", "tests", "cache", "tmp",
    "__pycache__", ".*_cache", "*.egg-info",
)  # fmt: skip


def main() -> None:
    """Copy the project, let photos arrive, correct three, run the pipeline, say what it learned."""
    make_parser("make demo", __doc__).parse_args()
    begun = time.monotonic()
    make_project()
    drawn, inbox = _PLACE / "drawn", _PLACE / "inbox"
    call("-m", "pipeline.commands", "sample", str(drawn), "--photos", str(_PHOTOS),
         "--seed", str(_SEED))  # fmt: skip
    inbox.mkdir()
    url = f"sqlite:///{_PLACE}/weights.db"
    engine = open_database(url)
    with started("record", str(inbox), "--watch", "--database", url) as recorder:
        deliver(drawn, inbox)
        wait_for(engine, recorder)
    show(engine)
    with started("review", "--database", url, "--port", "0", reads=True) as page:
        address = re.findall(r"http://\S+", read_line(page))[0].rstrip("/")
        correct(address, engine, drawn)
    sys.stdout.write(say("What is learned from them: {folder}", folder="demo/project/raw/corrected")
                     + "\n")  # fmt: skip
    subprocess.run(["dvc", "repro"], cwd=_PROJECT, check=True)
    learned = sum("corrected/" in line for line in _lines(_PROJECT / "data/boxes.csv"))
    sys.stdout.write(
        say(
            "{count} digits of the corrected photos are in the next model; it took {duration}. To "
            "look at the page yourself: digits review --database {url}",
            count=learned, duration=tell_duration(time.monotonic() - begun), url=url,
        )
        + "\n"
    )  # fmt: skip


def make_project() -> None:
    """A copy of this project, with what the pipeline has made, in a git repository of its own."""
    if not (_ROOT / "models/reading.json").exists():
        raise UserError("the pipeline has not run yet: type `make` first")
    shutil.rmtree(_PLACE, ignore_errors=True)
    shutil.copytree(_ROOT, _PROJECT, ignore=shutil.ignore_patterns(*_LEFT_BEHIND))
    # `base` is left behind, but for the model of the first day.
    shutil.copytree(_ROOT / "models/base", _PROJECT / "models/base", dirs_exist_ok=True)
    cache = ["dvc", "cache", "dir", "--local", str(_ROOT / ".dvc/cache")]
    for command in (["git", "init", "--quiet"], cache):
        subprocess.run(command, cwd=_PROJECT, check=True, stdout=subprocess.DEVNULL)


def deliver(drawn: Path, inbox: Path) -> None:
    """Let the photos arrive one after the other, at two stations."""
    for number, photo in enumerate(sorted(drawn.glob("*.jpg"))):
        station = inbox / f"press_{number % 2 + 1}"
        station.mkdir(exist_ok=True)
        shutil.copy(photo, station)
        time.sleep(_APART)


def wait_for(engine: Engine, recorder: subprocess.Popen[str]) -> None:
    """Until all photos are stored; raises `UserError` where the recorder has ended before."""
    while True:
        if recorder.poll() is not None:
            raise UserError("the demonstration stopped, for the reason above")
        with reading_from(engine) as connection:
            paths = {row.path for row in connection.execute(select(weight.c.path))}
        if len(paths) == _PHOTOS:
            return
        time.sleep(0.2)


def show(engine: Engine) -> None:
    """Some rows of what the plant reads."""
    rows = select(weight.c.path, weight.c.text, weight.c.value, weight.c.origin).limit(5)
    with reading_from(engine) as connection:
        for row in connection.execute(rows):
            sys.stdout.write("  ".join(str(cell) for cell in row) + "\n")
    call("-m", "pipeline.commands", "status", "--database", str(engine.url), ok=(0, 1, 3))


def correct(address: str, engine: Engine, drawn: Path) -> None:
    """Answer doubtful readings as the page does, by what was drawn."""
    holder, later = secrets.token_urlsafe(16), list[int]()
    done = 0
    while done < _ANSWERED:
        wish = {"holder": holder, "have": [], "later": later}
        item = post(f"{address}/next", wish)["item"]
        if item is None:
            return
        reading_id = int(item["reading_id"])
        truth = truth_of(engine, reading_id, drawn)
        later.append(reading_id)
        if truth is None:
            continue
        post(f"{address}/answer", {
            "reading_id": reading_id, "action": "correct", "text": truth, "who": "demo",
            "holder": holder, "key": secrets.token_urlsafe(16), "seconds": 1.0,
        })  # fmt: skip
        done += 1
        sys.stdout.write(say("a person types {text}", text=truth) + "\n")


def truth_of(engine: Engine, reading_id: int, drawn: Path) -> str | None:
    """What was drawn on a reading's photo; None of one with several displays, or a dark one."""
    its = (
        select(weight.c.path, weight.c.photo_id, reading.c.text)
        .join(reading, reading.c.id == weight.c.reading_id)
        .where(weight.c.reading_id == reading_id)
    )
    with reading_from(engine) as connection:
        row = connection.execute(its).one()
        same = select(weight.c.reading_id).where(weight.c.photo_id == row.photo_id)
        if len(connection.execute(same).all()) > 1:
            return None
    root = ElementTree.parse((drawn / Path(row.path).name).with_suffix(".xml")).getroot()
    labels = [(int(its.findtext("bndbox/xmin", "0")), its.findtext("name", ""))
              for its in root.iter("object")]  # fmt: skip
    truth = "".join(label for _, label in sorted(labels) if label.isdigit())
    # Points have no boxes: where the digits are right, so is what was read of the point.
    return row.text if re.sub("[^0-9]", "", row.text) == truth else truth or None


def post(url: str, body: dict[str, Any]) -> dict[str, Any]:
    """Send what the page sends; returns what it gets."""
    origin = re.match(r"http://[^/]+", url)
    headers = {"Content-Type": "application/json", "Origin": origin[0] if origin else ""}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        values: dict[str, Any] = json.load(answer)
    return values


@contextmanager
def started(*arguments: str, reads: bool = False) -> Iterator[subprocess.Popen[str]]:
    """A command of ours in the copy, ended at the end."""
    command = [sys.executable, "-m", "pipeline.commands", *arguments]
    output = subprocess.PIPE if reads else None
    process = subprocess.Popen(command, cwd=_PROJECT, stdout=output, text=True, env=_environment())
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def read_line(process: subprocess.Popen[str]) -> str:
    """The first line that a program prints."""
    assert process.stdout
    return process.stdout.readline()


def call(*arguments: str, ok: Sequence[int] = (0,)) -> None:
    """Run a program of ours to its end."""
    command = [sys.executable, *arguments]
    code = subprocess.run(command, cwd=_PROJECT, env=_environment(), check=False).returncode
    if code not in ok:
        raise UserError("the demonstration stopped, for the reason above")


def _environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(_PROJECT)}


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


if __name__ == "__main__":
    run(main)
