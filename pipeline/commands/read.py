"""Read what the displays on photos show; no XML is needed.

A line a display: the photo, the reading, how sure it is (0 to 1), the verdict, and what speaks
against it. `accepted` needs no second look; compare a `doubtful` one with the photo; of `none`, no
digits were found; an `error` is no photo that can be read. Exit code: 0 where all are accepted, 3
where some are doubtful or none, 1 where there were errors.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath

from tqdm import tqdm

from pipeline.annotations.ledger import is_odd, printable
from pipeline.contracts import ANNOTATIONS, BASE, READINGS, read_dialects
from pipeline.images.photo import PHOTO_SUFFIXES, UnreadablePhoto, read_header
from pipeline.learning.hardware import map_alone, use_hardware
from pipeline.messages import say
from pipeline.params import MachineParams, load_params
from pipeline.reading.confidence import NONE_ACCEPTED
from pipeline.reading.drawn import draw_readings, is_drawing
from pipeline.reading.listing import ReadPhoto, width_of
from pipeline.reading.model_files import find_folder, find_models
from pipeline.reading.photos import Photo, find_photos
from pipeline.reading.proposals import propose
from pipeline.reading.reader import AS_IT_IS, Reader
from pipeline.runtime.command import make_parser
from pipeline.runtime.errors import UserError
from pipeline.runtime.files import write_file

log = logging.getLogger(__name__)

_PARAMS = Path("params.yaml")
# Where there is no params.yaml, as beside photos on a phone's card.
_MACHINE = MachineParams(
    device="auto", threads=None, launcher="python", max_memory=None, compile=False, cluster=None
)
# While a file is written, its name is some letters longer; 255 is what a disk takes.
_LONGEST_NAME = 240
_NAMED = 3


@dataclass
class Done:
    """What a run has come to: the photos, and those of which no XML, or no drawing, was written.

    `xml` counts what was; `labelled` have XML already, `unnameable` a name that XML cannot have,
    and `undrawn` one that is another file's in the folder of drawings.
    """

    photos: list[ReadPhoto] = field(default_factory=list)
    xml: int = 0
    labelled: list[str] = field(default_factory=list)
    unnameable: list[str] = field(default_factory=list)
    undrawn: list[str] = field(default_factory=list)


def main(argv: Sequence[str] | None = None) -> None:
    """Find the photos, load the models, read, and say what came of it; exits with 3 or 1."""
    options = parse_arguments(argv)
    found = find_photos(options.photos, options.draw)
    for complaint in found.complaints:
        log.error(say("ERROR: {error}", error=complaint))
    done = Done()
    try:
        if found.photos:
            reader, machine = load_reader()
            one = partial(read_photo, reader)
            its = map_alone(one, found.photos, reader.device, machine.threads)
            report_photos(found.photos, its, options, done)
    except KeyboardInterrupt:
        read, count = len(done.photos), len(found.photos)
        text = say("Stopped: {read} of {count} photos were read.", read=read, count=count)
        raise KeyboardInterrupt(text) from None
    except BrokenPipeError:
        # Whoever takes the lines, as `head` does, has enough of them.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    finally:
        if options.csv:
            READINGS.write((row for photo in done.photos for row in photo.rows()), options.csv)
    verdicts = Counter(verdict for photo in done.photos for verdict in photo.verdicts)
    log_summary(done, verdicts, options)
    if found.complaints or verdicts["error"]:
        sys.exit(1)
    if verdicts["doubtful"] or verdicts["none"]:
        sys.exit(3)


def parse_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command's arguments."""
    parser = make_parser("digits read", __doc__)
    parser.add_argument(
        "photos", type=Path, nargs="+", metavar="PHOTO", help=say("photos, or folders of photos")
    )
    parser.add_argument(
        "--csv", type=Path, metavar="FILE", help=say("write the readings as a table")
    )
    parser.add_argument(
        "--json", action="store_true", help=say("print a JSON object a display instead of a line")
    )
    parser.add_argument(
        "--xml", type=Path, metavar="FOLDER",
        help=say("write the boxes of the digits as VOC XML, to be corrected in labelImg"),
    )  # fmt: skip
    parser.add_argument(
        "--draw", type=Path, metavar="FOLDER", help=say("draw boxes and readings on copies")
    )
    options = parser.parse_args(argv)
    for folder in filter(None, (options.xml, options.draw)):
        if os.path.lexists(folder) and not folder.is_dir():
            parser.error(say("{folder} is not a folder", folder=folder))
    if options.csv and (options.csv.suffix.lower() in PHOTO_SUFFIXES or options.csv.is_dir()):
        parser.error(say("{file} is no name for a table", file=options.csv))
    return options


def load_reader() -> tuple[Reader, MachineParams]:
    """The reader of the models here, or else of this checkout's, set as params.yaml says if any.

    Says which model it is, and gives what it may use of the machine. Raises `UserError` where a
    model or params.yaml is damaged.
    """
    params = load_params() if _PARAMS.exists() else None
    read, machine = (params.read, params.machine) if params else (AS_IT_IS, _MACHINE)
    folder = find_folder()
    reader = Reader.load(folder, read, use_hardware(machine, "fp32"))
    log.info("%s", tell_model(folder))
    if not reader.accepts_any:
        log.warning(say("WARNING: {text}", text=say(NONE_ACCEPTED)))
    return reader, machine


def tell_model(folder: Path) -> str:
    """Which of a folder's models `Reader.load` takes: the plant's own, or the first day's."""
    if not find_models(folder).own:
        return say(
            "Read by the first day's model, {folder}/, which has seen drawn photos alone: trained "
            "on your own photos, it reads better",
            folder=folder / BASE.name,
        )
    if is_of_sample(folder):
        return say(
            "Read by the model of the drawn sample, in {folder}/, which has seen no photo of yours",
            folder=folder,
        )
    return say("Read by the model of your own photos, in {folder}/", folder=folder)


def is_of_sample(folder: Path) -> bool:
    """Whether a folder's models were taught by what `digits sample` drew, and nothing else."""
    try:
        return [*read_dialects(folder.parent / ANNOTATIONS)] == ["sample"]
    except (UserError, OSError, TypeError):
        return False


def report_photos(
    photos: Sequence[Photo], read: Iterable[tuple[bytes, ReadPhoto]],
    options: argparse.Namespace, done: Done,
) -> None:  # fmt: skip
    """Print what each photo shows as soon as it is known, and write what was asked for."""
    width = width_of([photo.name for photo in photos])
    bar = tqdm(read, "read", len(photos), unit=" photos", disable=None, delay=1)
    for photo, (content, its) in zip(photos, bar, strict=True):
        done.photos.append(its)
        for line in its.objects() if options.json else its.lines(width):
            # Above the bar, where there is one.
            tqdm.write(line, file=sys.stdout)
        sys.stdout.flush()
        if its.readings and options.xml:
            save_xml(photo, content, its, options.xml, done)
        if its.readings and options.draw:
            save_drawing(photo, content, its, options.draw, done)


def read_photo(reader: Reader, photo: Photo) -> tuple[bytes, ReadPhoto]:
    """A photo's bytes and what was read of it, or why nothing was."""
    try:
        content = photo.load()
        return content, ReadPhoto(photo.name, reader.read(content))
    except UnreadablePhoto as error:
        return b"", ReadPhoto(photo.name, failure=printable(str(error)))


def save_xml(photo: Photo, content: bytes, its: ReadPhoto, folder: Path, done: Done) -> None:
    """Write the XML of the digits on a photo, where it has none."""
    if is_odd(photo.path.name):
        done.unnameable.append(its.photo)
        return
    header = read_header(content)
    xml = propose(photo.path.name, (header.width, header.height), its.readings)
    if xml is None:
        return
    path = find_room(folder, photo.place.with_suffix(".xml"))
    taken = path and any(os.path.lexists(path.with_suffix(end)) for end in (".xml", ".XML"))
    if path is None or taken or photo.has_xml:
        done.labelled.append(its.photo)
        return
    write_file(path, xml)
    done.xml += 1


def save_drawing(photo: Photo, content: bytes, its: ReadPhoto, folder: Path, done: Done) -> None:
    """Draw what was read on a copy of a photo, over nothing but an earlier drawing."""
    is_jpeg = photo.place.suffix.lower() in (".jpg", ".jpeg")
    place = photo.place if is_jpeg else photo.place.with_name(f"{photo.place.name}.jpg")
    path = find_room(folder, place)
    if path is None or (os.path.lexists(path) and not is_drawing(path)):
        done.undrawn.append(its.photo)
        return
    write_file(path, draw_readings(content, its.readings))


def find_room(folder: Path, place: PurePosixPath) -> Path | None:
    """The path of a file below a folder; None where it cannot be, or a link leads out of it."""
    path = folder / place
    parent = path.parent.resolve()
    nearest = next(its for its in (parent, *parent.parents) if its.exists())
    is_inside = parent.is_relative_to(folder.resolve()) and nearest.is_dir()
    is_short = len(os.fsencode(path.name)) <= _LONGEST_NAME
    return path if is_inside and is_short else None


def log_summary(done: Done, verdicts: Counter[str], options: argparse.Namespace) -> None:
    """Say how many displays came to what, and what was written, or was not."""
    if done.photos:
        log.info(
            say(
                "{photos} photos: {accepted} readings accepted, {doubtful} doubtful; {none} photos "
                "without digits, {error} not readable",
                photos=len(done.photos), accepted=verdicts["accepted"],
                doubtful=verdicts["doubtful"], none=verdicts["none"], error=verdicts["error"],
            )
        )  # fmt: skip
    if options.csv:
        log.info(say("Each is listed in {ledger}", ledger=options.csv))
    if options.xml:
        log.info(
            say(
                "{count} XML written to {folder}/: correct them", count=done.xml, folder=options.xml
            )
        )
    for photos, text in (
        (done.labelled, say("no XML written, as there is one, or no room for it")),
        (done.unnameable, say("no XML written, as the name has characters that are not text")),
        (done.undrawn, say("not drawn, as another file has the name")),
    ):
        if photos:
            named = ", ".join([*photos[:_NAMED], *(["…"] if len(photos) > _NAMED else [])])
            log.warning("%s (%d): %s", text, len(photos), named)
