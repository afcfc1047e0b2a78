"""Stage 2: cut each box out of its photo; only what is new or changed is cut again.

data/boxes.csv + raw/ -> data/digits/<label>/*, data/digits.csv, data/photos.csv
"""

from __future__ import annotations

import logging
import os
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pipeline.annotations.listing import list_files
from pipeline.command import UserError, make_parser, run
from pipeline.images.cropper import Cropper, PhotoTask, Row
from pipeline.parallel import map_photos
from pipeline.params import load_params
from pipeline.stamps import load_stamps, save_stamps
from pipeline.tables import (
    BOXES,
    DIGITS,
    PHOTOS,
    PROBLEMS,
    Table,
    read_table,
    rows_of,
    write_table,
)

log = logging.getLogger(__name__)

_STAMPS = Path("data/.stamps.csv")


def main() -> None:
    """Load the boxes and the last run's digits, cut what is missing, delete what has gone."""
    make_parser("pipeline.crop", __doc__).parse_args()
    params = load_params().crop
    boxes = read_table(Path("data/boxes.csv"), BOXES)
    refuse_unread(Path("raw"), boxes, read_table(Path("data/problems.csv"), PROBLEMS))
    # Absolute, since the workers of a cluster stand in another folder.
    cropper = Cropper(Path("raw").absolute(), Path("data/digits").absolute(), params)
    photos, digits, written = crop_all(cropper, plan(boxes, load_last_run(Path("data"))))
    removed = prune(cropper.digits_folder, {digit["file"] for digit in digits})
    write_table(Path("data/photos.csv"), PHOTOS, PHOTOS.frame(photos))
    write_table(Path("data/digits.csv"), DIGITS, DIGITS.frame(digits))
    rows = (*photos, *digits)
    save_stamps(_STAMPS, [(path_of(row), row["md5"], row["stamp"]) for row in rows])
    log.info("%d digits: %d written, %d removed", len(digits), written, removed)
    if not digits:
        raise UserError("no photo could be read: data/photos.csv says why, photo by photo")


def refuse_unread(raw: Path, boxes: pd.DataFrame, problems: pd.DataFrame) -> None:
    """Raise `UserError` where `raw` has a photo or an XML of which parse has given no account.

    DVC looks at raw/ again when parse has ended, and takes what came in that moment for read.
    """
    listing = list_files(raw)
    read = {*boxes["photo"], *boxes["xml"], *problems["file"]}
    if unread := sorted({*listing.photos, *listing.annotations} - read):
        more = f" and {len(unread) - 1} more" if len(unread) > 1 else ""
        raise UserError(
            f"raw/{unread[0]}{more} came after parse: run `dvc repro --force --single-item parse`, "
            "then `dvc repro`"
        )


@dataclass(frozen=True)
class LastRun:
    """What the last run recorded: photos by path, and each photo's digits by file."""

    photos: dict[str, Row]
    digits: dict[str, dict[str, Row]]


def load_last_run(folder: Path) -> LastRun:
    """Load photos.csv and digits.csv, if there are any in order; else everything is cut anew."""
    stamps = load_stamps(_STAMPS)

    def load(name: str, table: Table) -> list[Row]:
        try:
            rows = rows_of(read_table(folder / name, table))
        except UserError:
            return []
        return [row | {"stamp": stamps.get((path_of(row), row["md5"]), "")} for row in rows]

    digits: dict[str, dict[str, Row]] = defaultdict(dict)
    for row in load("digits.csv", DIGITS):
        digits[row["photo"]][row["file"]] = row
    return LastRun({row["photo"]: row for row in load("photos.csv", PHOTOS)}, digits)


def path_of(row: Row) -> str:
    """The file that a row of digits.csv, or of photos.csv, tells of."""
    return f"data/digits/{row['file']}" if "file" in row else f"raw/{row['photo']}"


def plan(boxes: pd.DataFrame, last_run: LastRun) -> list[PhotoTask]:
    """One task for each photo of `boxes`, in their order."""
    by_photo: dict[str, list[Row]] = defaultdict(list)
    for row in rows_of(boxes):
        by_photo[row["photo"]].append(row)
    return [
        PhotoTask(photo, rows, last_run.photos.get(photo), last_run.digits.get(photo, {}))
        for photo, rows in by_photo.items()
    ]


def crop_all(cropper: Cropper, tasks: list[PhotoTask]) -> tuple[list[Row], list[Row], int]:
    """Crop every photo, those that have changed in parallel.

    Returns a row for each photo and each digit, in the order of the tasks, and how many digit
    images were written.
    """
    photos: list[Row] = []
    digits: list[Row] = []
    written = 0
    unchanged = [cropper.unchanged(task) for task in tasks]
    changed = [task for task, kept in zip(tasks, unchanged, strict=True) if kept is None]
    cut = iter(list(map_photos(cropper.cut, changed, "crop", cropper.params.cluster)))
    for kept in unchanged:
        photo, its_digits, its_written = kept or next(cut)
        if photo["problem"]:
            log.warning("%s is left out: %s", photo["photo"], photo["problem"])
        photos.append(photo)
        digits.extend(its_digits)
        written += its_written
    return photos, digits, written


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


if __name__ == "__main__":
    run(main)
