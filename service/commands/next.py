"""Choose the photos of a folder that are worth labelling next, and propose their boxes.

They are copied, with an XML each, below to_label/: correct these in labelImg, then move the folder
into raw/. A fifth is drawn at random, and may be measured by; the others, in picked/, are what the
reader is least sure of, what breaks rules, and rare digits: they are for training alone.
"""

from __future__ import annotations

import argparse
import hashlib
import logging
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path, PurePosixPath

from pipeline.annotations.ledger import printable
from pipeline.contracts import DIGITS, DRAWN, PHOTOS, PICKED
from pipeline.images.photo import UnreadablePhoto
from pipeline.messages import say
from pipeline.params import Params
from pipeline.reading.model_files import find_folder
from pipeline.reading.proposals import propose
from pipeline.runtime.command import make_parser, run
from pipeline.runtime.errors import UserError
from pipeline.runtime.files import md5, write_file
from service.choosing import WHY, Candidate, Choice, choose
from service.commands.options import find_params
from service.names import KNOWN, copy_name
from service.recording.arrivals import FolderGone, Stamp, list_photos
from service.recording.crew import Crew, Read, ReaderPlan, Task, size_for
from service.recording.files import Busy, read_content
from service.recording.rules import check
from service.recording.storing import station_of
from service.recording.taken import find_taken

log = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> None:
    """Read the photos that nobody has labelled, choose, copy, and say what was chosen and why."""
    options = parse_arguments(argv)
    params = find_params()
    photos = find_unlabelled(options.folder)
    plan = ReaderPlan(find_folder(), params.read, params.machine)
    with Crew(plan, size_for(params.machine)) as crew:
        found = list(read_candidates(crew, options.folder, photos, params, options.to))
    chosen = choose([its for its, _ in found], options.count, count_labelled())
    sizes = {its.path: read.size for its, read in found}
    place = options.to / date.today().isoformat()
    copied = 0
    for choice in chosen:
        its = choice.candidate
        try:
            copy(options.folder, choice, photos[its.path], sizes[its.path], place)
        except (Busy, OSError):
            log.warning(say("WARNING: {file} cannot be read now", file=printable(its.path)))
            continue
        copied += 1
        why = say(WHY[choice.why])
        sys.stdout.write(f"{printable(its.path)}  {its.text or '-'}  {why}\n")
    log.info(
        say(
            "{count} photos copied to {folder}/, with proposals: correct them in labelImg, then "
            "move the folder into raw/",
            count=copied, folder=place,
        )
    )  # fmt: skip


def parse_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command's arguments."""
    parser = make_parser("digits next", __doc__)
    parser.add_argument("folder", type=Path, metavar="FOLDER", help=say("a folder of photos"))
    parser.add_argument(
        "--count", type=int, default=50, metavar="N", help=say("how many; default: %(default)s")
    )
    parser.add_argument(
        "--to", type=Path, default=Path("to_label"), metavar="FOLDER",
        help=say("where they are copied to; default: %(default)s"),
    )  # fmt: skip
    options = parser.parse_args(argv)
    if options.count < 1:
        parser.error(say("--count is {count}: 1 or more", count=options.count))
    return options


def find_unlabelled(folder: Path) -> dict[str, Stamp]:
    """The photos of a folder that have no XML beside them."""
    try:
        photos = dict(list_photos(folder, set()))
    except FolderGone as error:
        raise UserError("{folder} cannot be listed: {error}", folder=folder, error=error) from None
    return {
        path: stamp
        for path, stamp in photos.items()
        if not any((folder / path).with_suffix(end).exists() for end in (".xml", ".XML"))
    }


def read_candidates(
    crew: Crew, folder: Path, photos: dict[str, Stamp], params: Params, chosen: Path
) -> Iterator[tuple[Candidate, Read]]:
    """What each photo shows; those that the pipeline has, or were `chosen` before, are left out."""
    known = {row.md5 for row in PHOTOS.read()} if PHOTOS.path.exists() else set()
    before = {path.name[:KNOWN] for path in chosen.rglob("*_*")}
    waiting: dict[str, tuple[str, str]] = {}

    def load() -> Iterator[Task]:
        for path, stamp in sorted(photos.items()):
            try:
                content = read_content(folder / path, stamp)
            except (Busy, OSError, UnreadablePhoto):
                log.warning(say("WARNING: {file} cannot be read now", file=printable(path)))
                continue
            sha256 = hashlib.sha256(content).hexdigest()
            if md5(content) not in known and sha256[:KNOWN] not in before:
                day = find_taken(content, PurePosixPath(path).name, stamp.modified_ns).at.date()
                waiting[path] = sha256, day.isoformat()
                yield Task(path, content)

    for read in crew.read(load()):
        sha256, day = waiting.pop(read.name)
        if read.failure:
            log.warning(say("WARNING: {file}: {why}", file=printable(read.name), why=read.failure))
            continue
        station = station_of(read.name)
        rules = params.record.rules_of(station)
        reasons = {
            reason.code for its in read.readings for reason in (*its.reasons, *check(its, rules))
        }
        yield Candidate(
            read.name, station, day, sha256, read.perceptual_hash, read.readings,
            frozenset(reasons),
        ), read  # fmt: skip


def count_labelled() -> Counter[str]:
    """How many of each digit the pipeline has."""
    return Counter(row.label for row in DIGITS.read()) if DIGITS.path.exists() else Counter()


def copy(folder: Path, choice: Choice, stamp: Stamp, size: tuple[int, int], place: Path) -> None:
    """Copy a photo, and beside it write where the reader sees which digits.

    Raises `Busy` or `OSError` where it is not what was read any more.
    """
    its = choice.candidate
    content = read_content(folder / its.path, stamp)
    if hashlib.sha256(content).hexdigest() != its.sha256:
        raise Busy
    name = copy_name(its.sha256, its.path)
    path = place / (DRAWN if choice.why == "random" else PICKED) / name
    write_file(path, content)
    xml = propose(name, size, its.readings)
    if xml:
        write_file(path.with_suffix(".xml"), xml)


if __name__ == "__main__":
    run(main)
