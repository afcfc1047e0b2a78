"""Whole photos read without boxes: python -m bench.reading SET… [--photos N] [--peers …]

Each SET is a folder of photos and XML. The same photos, in the same order, are read by ours, by
ours with the base model alone, by RapidOCR and by tesseract, each in a process of its own, in turn,
one thread each. An answer is a token that has nothing but digits, points, commas, colons, minus
signs and spaces: of ours the first reading, of the others the tallest. Right is an answer whose
digits are the truth's, leading zeros included. A peer is also judged generously: it is right where
any token is, or what is left of one without its letters.

Time stamps that a camera printed on a photo are not masked. Prints a Markdown table.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from bench.machine import ROOT, make_environment, processor
from bench.workplace import environment
from pipeline.annotations.folder import read_folder
from pipeline.contracts import BASE, BoxRow
from pipeline.params import load_params
from pipeline.reporting.intervals import binomial_interval
from pipeline.runtime.command import make_parser

PEERS = ("rapidocr", "tesseract")
SURE = 0.9
_NAMED = re.compile(r"(\d\d)_(\d\d)_jpg\.rf\.")
_ANSWER = re.compile(r"[0-9.,:-]*[0-9][0-9.,:-]*")
_HEAD = (
    "photos", "reader", "right", "95 %", "no answer", f"wrong, confidence over {SURE}", "accepted",
    "accepted, wrong", "wrong only by leading zeros", "ms, median", "peak MB",
)  # fmt: skip


class Token(NamedTuple):
    """What a reader saw somewhere: its height in pixels, and the reader's own confidence."""

    text: str
    height: float
    confidence: float


@dataclass(frozen=True)
class Seen:
    """What a reader gave of one photo; `accepted` is None where it does not say."""

    tokens: list[Token]
    ms: float
    accepted: bool | None = None


@dataclass(frozen=True)
class Photo:
    """A photo and its truth: digits, of the one display or of any that has as many."""

    path: Path
    truths: frozenset[str]


@dataclass(frozen=True)
class ReaderScript:
    """A reader's name, and the command that reads the photos of a list."""

    name: str
    command: tuple[str, ...]
    is_peer: bool = False

    def read(self, photos: Sequence[Path]) -> tuple[list[Seen], float]:
        """What it sees on each photo, and the most memory that it held, in MB."""
        with tempfile.TemporaryDirectory() as folder:
            listed = Path(folder) / "photos.json"
            listed.write_text(json.dumps([str(path) for path in photos]), encoding="utf-8")
            done = subprocess.run(
                [*self.command, str(listed)], env=environment(threads=1), check=True,
                stdout=subprocess.PIPE, text=True,
            )  # fmt: skip
        answer = json.loads(done.stdout.splitlines()[-1])
        seen = [
            Seen([Token(*token) for token in its["tokens"]], its["ms"], its.get("accepted"))
            for its in answer["photos"]
        ]
        return seen, answer["memory"]


@dataclass(frozen=True)
class Score:
    """What a reader's answers on a set come to; the accepted are None where it accepts none."""

    photos: int
    right: int
    silent: int
    sure_and_wrong: int
    accepted: int | None
    accepted_wrong: int | None
    leading_zeros: int


def main() -> None:
    """Read every set with every reader, print."""
    parser = make_parser("bench.reading", __doc__)
    parser.add_argument("sets", type=Path, nargs="+", metavar="SET")
    parser.add_argument("--photos", type=int, help="so many of each set, evenly spread")
    parser.add_argument("--models", type=Path, default=Path("models"), help="default: %(default)s")
    parser.add_argument("--peers", nargs="*", choices=PEERS, default=PEERS, help="default: all")
    parser.add_argument("--folder", type=Path, help="keep environments here, for again")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        kept = (options.folder or Path(temporary) / "kept").absolute()
        kept.mkdir(parents=True, exist_ok=True)
        alone = Path(temporary) / "models"
        shutil.copytree(options.models / BASE.name, alone / BASE.name)
        readers = [ours("ours", options.models), ours("ours, the base model alone", alone)]
        notes = []
        for name in options.peers:
            peer, note = find_peer(name, kept)
            readers += [peer] if peer else []
            notes.append(note)
        sets = {
            its.name or str(its): spread(find_photos(its), options.photos) for its in options.sets
        }
        rows = [
            row
            for name, photos in sets.items()
            for reader in readers
            for row in measure(name, photos, reader)
        ]
    notes += ["Time stamps printed on photos are not masked.", describe("bench.reading")]
    lines = [f"| {' | '.join(_HEAD)} |", "|---" * len(_HEAD) + "|", *rows, "", *notes, ""]
    sys.stdout.write("\n".join(lines))


def ours(name: str, models: Path) -> ReaderScript:
    """Our reader, with the models of a folder."""
    script = str(ROOT / "bench/our_readings.py")
    return ReaderScript(name, (sys.executable, script, str(models.absolute())))


def find_peer(name: str, kept: Path) -> tuple[ReaderScript | None, str]:
    """A peer, None where this machine has none, and a sentence on it."""
    script = str(ROOT / f"bench/peer_{name}.py")
    if name == "tesseract":
        if not shutil.which(name):
            return None, "No tesseract here: `apt-get install tesseract-ocr`."
        version = _first_line(name, "--version")
        note = f"{version}, whose process is started anew for each photo: in its ms."
        return ReaderScript(name, (sys.executable, script), is_peer=True), note
    python = str(make_environment(kept / name, name, "onnxruntime"))
    ask = "from importlib.metadata import version as v; print(v('rapidocr'), v('onnxruntime'))"
    rapidocr, onnxruntime = _first_line(python, "-c", ask).split()
    note = f"RapidOCR {rapidocr} with the models in its wheel, onnxruntime {onnxruntime}."
    return ReaderScript("RapidOCR", (python, script), is_peer=True), note


def _first_line(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[0]


def find_photos(folder: Path) -> list[Photo]:
    """The annotated photos of a folder, by name, with their truths."""
    boxes: dict[str, list[BoxRow]] = {}
    for box in read_folder(folder, load_params(ROOT / "params.yaml").parse, cores=1).boxes:
        boxes.setdefault(box.photo, []).append(box)
    return [Photo(folder / name, truths_of(name, boxes[name])) for name in sorted(boxes)]


def truths_of(photo: str, boxes: Sequence[BoxRow]) -> frozenset[str]:
    """The digits that a photo shows: of its name where that says, else of its fullest rows."""
    # Photos of the set quad_led are named for what they show, 05_10_jpg.rf.<hash>.jpg for 05.10. Of
    # 36 of them the boxes say something else: one is missing, or has a wrong label.
    if named := _NAMED.match(Path(photo).name):
        return frozenset([named[1] + named[2]])
    rows: dict[int, str] = {}
    for box in sorted(boxes, key=lambda its: (its.row, its.column)):
        rows[box.row] = rows.get(box.row, "") + box.label
    most = max(map(len, rows.values()))
    return frozenset(digits for digits in rows.values() if len(digits) == most)


def spread(photos: Sequence[Photo], count: int | None) -> list[Photo]:
    """So many photos, evenly spread; all where there are no more."""
    count = min(count or len(photos), len(photos))
    return [photos[index * len(photos) // count] for index in range(count)]


def measure(name: str, photos: Sequence[Photo], reader: ReaderScript) -> list[str]:
    """The rows of a reader on a set: of ours one, of a peer two, strict and generous."""
    seen, memory = reader.read([photo.path for photo in photos])
    ms = statistics.median(its.ms for its in seen)
    rows = []
    for how in ("strict", "generous") if reader.is_peer else ("",):
        score = score_of(photos, seen, generous=how == "generous")
        its_name = f"{reader.name}, {how}" if how else reader.name
        low, high = (100 * end for end in binomial_interval(score.right, score.photos))
        cells = (
            name, its_name, f"{score.right} of {score.photos}", f"{low:.0f} to {high:.0f} %",
            score.silent, score.sure_and_wrong, _or_none(score.accepted),
            _or_none(score.accepted_wrong), score.leading_zeros, f"{ms:,.0f}", f"{memory:,.0f}",
        )  # fmt: skip
        rows.append(f"| {' | '.join(map(str, cells))} |")
        sys.stderr.write(f"{rows[-1]}\n")
    return rows


def _or_none(count: int | None) -> str:
    return "" if count is None else str(count)


def score_of(photos: Sequence[Photo], seen: Sequence[Seen], generous: bool = False) -> Score:
    """What was seen, against the truth; `generous` takes the right token wherever it stands."""
    answers = [
        answer_of(its.tokens, photo.truths if generous else frozenset())
        for photo, its in zip(photos, seen, strict=True)
    ]
    pairs = list(zip(photos, answers, strict=True))
    right = [answer is not None and answer.text in photo.truths for photo, answer in pairs]
    zeros = [
        answer is not None
        and answer.text.lstrip("0") in {truth.lstrip("0") for truth in photo.truths}
        for photo, answer in pairs
    ]
    accepted = [its.accepted for its in seen]
    says = None not in accepted
    wrong_accepted = sum(bool(a) and not r for a, r in zip(accepted, right, strict=True))
    sure = [answer is not None and answer.confidence > SURE for answer in answers]
    return Score(
        photos=len(photos), right=sum(right), silent=answers.count(None),
        sure_and_wrong=sum(s and not r for s, r in zip(sure, right, strict=True)),
        accepted=sum(map(bool, accepted)) if says else None,
        accepted_wrong=wrong_accepted if says else None,
        leading_zeros=sum(zeros) - sum(right),
    )  # fmt: skip


def answer_of(tokens: Sequence[Token], wanted: frozenset[str] = frozenset()) -> Token | None:
    """The tallest token made of digits and their signs, as digits alone.

    Where there is one of `wanted`, among letters too, it is that.
    """
    answers = [
        token._replace(text=re.sub(r"\D", "", part))
        for token in tokens
        for part in _parts(token.text)
        if _ANSWER.fullmatch(part)
    ]
    among_letters = [
        token._replace(text=re.sub(r"\D", "", found))
        for token in tokens
        for found in _ANSWER.findall(re.sub(r"\s", "", token.text))
    ]
    answers += [its for its in among_letters if its.text in wanted]
    return max(answers, key=lambda its: (its.text in wanted, its.height), default=None)


def _parts(text: str) -> list[str]:
    """A text without its spaces, where it is an answer so, else its words: "05 12", "8.1 kWh"."""
    whole = re.sub(r"\s", "", text)
    return [whole] if _ANSWER.fullmatch(whole) else text.split()


def describe(module: str) -> str:
    """What it was run on, and by which command."""
    revision = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True,
        check=False,
    ).stdout.strip()  # fmt: skip
    return (
        f"{processor()}, {os.cpu_count()} cores, one thread a reader; Python "
        f"{platform.python_version()}, revision {revision}.\n"
        f"Command: {' '.join(['python -m', module, *sys.argv[1:]])}"
    )


if __name__ == "__main__":
    main()
