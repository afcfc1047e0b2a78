"""Stage 2: cut each box out of its photo; only what is new or changed is cut again.

data/boxes.csv + raw/ -> data/digits/<label>/*, data/digits.csv, data/photos.csv
"""

from __future__ import annotations

import logging
import os
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from pipeline.annotations.listing import list_files
from pipeline.contracts import BOXES, DIGITS, PHOTOS, PROBLEMS, ProblemRow
from pipeline.images.cropper import Cropper, CropTask, Cut
from pipeline.images.stamps import STAMPS, load_stamps
from pipeline.messages import say
from pipeline.params import MachineParams, load_params
from pipeline.runtime.command import parse_no_options, run
from pipeline.runtime.errors import UserError
from pipeline.runtime.parallel import map_photos
from pipeline.runtime.table import Passage

log = logging.getLogger(__name__)

_RAW, _DIGITS = Path("raw"), Path("data/digits")


def main() -> None:
    """Load the boxes and the last run's digits, cut what is missing, delete what has gone."""
    parse_no_options("crop", __doc__)
    params = load_params()
    boxes = BOXES.passages("xml")
    refuse_unread(_RAW, boxes, PROBLEMS.read())
    # Absolute, since the workers of a cluster stand in another folder.
    cropper = Cropper(_RAW.absolute(), _DIGITS.absolute(), params.crop)
    last = load_last_run()
    tasks = [CropTask(photo, its.lines, last.get(photo)) for photo, its in boxes.items()]
    files, written = save(crop_all(cropper, tasks, params.machine))
    removed = prune(_DIGITS, files)
    log_summary(len(files), written, removed)


def refuse_unread(raw: Path, boxes: Mapping[str, Passage], problems: Sequence[ProblemRow]) -> None:
    """Raise `UserError` where `raw` has a photo or an XML of which parse has given no account.

    DVC looks at raw/ again when parse has ended, and takes what came in that moment for read.
    `boxes` are each photo's, with the XML of each.
    """
    listing = list_files(raw)
    known = {*boxes, *(xml for its in boxes.values() for xml in its.values)}
    known |= {row.file for row in problems}
    if unread := sorted({*listing.photos, *listing.annotations} - known):
        raise UserError(
            "raw/{file} came after parse ({count} in all): run `dvc repro --force "
            "--single-item parse`, then `dvc repro`",
            file=unread[0],
            count=len(unread),
        )


def load_last_run() -> dict[str, Cut]:
    """What the last run recorded, by photo; nothing where it is damaged: all is cut anew."""
    try:
        photos, digits = PHOTOS.passages("photo"), DIGITS.passages("file")
    except UserError:
        return {}
    stamps = load_stamps()
    return {
        photo: Cut(its.lines, digits[photo].lines, digits[photo].values, stamps.get(photo))
        for photo, its in photos.items()
        if photo in digits
    }


def crop_all(cropper: Cropper, tasks: list[CropTask], machine: MachineParams) -> Iterator[Cut]:
    """Crop every photo, those that have changed in parallel; a cut each, in the tasks' order."""
    unchanged = [cropper.unchanged(task) for task in tasks]
    changed = [task for task, kept in zip(tasks, unchanged, strict=True) if kept is None]
    anew = map_photos(cropper.cut, changed, "crop", machine.threads, machine.cluster)
    for kept in unchanged:
        yield kept or next(anew)
    deque(anew, maxlen=0)  # so that its bar ends before anything else is said


def save(cuts: Iterable[Cut]) -> tuple[set[str], int]:
    """Write the tables as the cuts come; returns all digit images, and how many were written."""
    files: set[str] = set()
    written = 0
    # Put in place from the last to the first: photos and digits before what says they are in order.
    with STAMPS.writing() as stamps, DIGITS.writing() as digits, PHOTOS.writing() as photos:
        for cut in cuts:
            photos(cut.photo_line)
            digits(cut.digit_lines)
            stamps(STAMPS.lines([cut.stamp] if cut.stamp else []))
            files.update(cut.files)
            written += cut.written
    return files, written


def prune(folder: Path, expected: set[str]) -> int:
    """Delete the files below `folder` that are not `expected`, and folders left empty."""
    gone = 0
    # Names as texts: of 27,000 paths, pathlib would make a second's work.
    for place, folders, files in os.walk(folder, topdown=False):
        below = "" if Path(place) == folder else f"{Path(place).relative_to(folder).as_posix()}/"
        links = [name for name in folders if Path(place, name).is_symlink()]
        for name in (*files, *links):
            if below + name not in expected:
                Path(place, name).unlink()
                gone += 1
        if below and not any(Path(place).iterdir()):
            Path(place).rmdir()
    return gone


def log_summary(count: int, written: int, removed: int) -> None:
    """Say how many digits there are, and how many of them are new; raises `UserError` at none."""
    log.info(
        say(
            "{count} digits: {written} written, {removed} removed",
            count=count, written=written, removed=removed,
        )
    )  # fmt: skip
    if not count:
        raise UserError("data/boxes.csv has no box: run `dvc repro`")


if __name__ == "__main__":
    run(main)
