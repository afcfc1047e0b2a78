"""Stage 2: cut each box out of its photo; only what is new or changed is cut again.

data/boxes.csv + raw/ -> data/digits/<label>/*, data/digits.csv, data/photos.csv
"""

from __future__ import annotations

import argparse
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from joblib import Parallel, delayed
from PIL import Image
from tqdm import tqdm

from pipeline.command import UserError, run
from pipeline.files import md5, write_file
from pipeline.images.box import Box
from pipeline.images.copies import perceptual_hash
from pipeline.images.cutting import channel_sums, cut, digit_file, digit_key, encode
from pipeline.images.photo import UnreadablePhoto, decode_photo, read_bytes
from pipeline.params import CropParams, load_params
from pipeline.tables import (
    BOXES,
    DIGITS,
    PHOTOS,
    Table,
    read_table,
    rows_of,
    write_table,
)

log = logging.getLogger(__name__)

Row = dict[str, Any]


def main() -> None:
    """Load the boxes and the last run's digits, cut what is missing, delete what has gone."""
    argparse.ArgumentParser(prog="python -m pipeline.crop", description=__doc__).parse_args()
    params = load_params().crop
    boxes = read_table(Path("data/boxes.csv"), BOXES)
    cropper = Cropper(Path("raw"), Path("data/digits"), params, load_last_run(Path("data")))
    photos, digits, written = crop_all(cropper, boxes)
    removed = prune(cropper.digits_folder, {digit["file"] for digit in digits})
    write_table(Path("data/photos.csv"), PHOTOS, PHOTOS.frame(photos))
    write_table(Path("data/digits.csv"), DIGITS, DIGITS.frame(digits))
    log.info("%d digits: %d written, %d removed", len(digits), written, removed)
    if not digits:
        raise UserError("no photo could be read: data/photos.csv says why, photo by photo")


@dataclass(frozen=True)
class LastRun:
    """What the last run recorded: digits by file, photos by path."""

    digits: dict[str, Row]
    photos: dict[str, Row]


def load_last_run(folder: Path) -> LastRun:
    """Load digits.csv and photos.csv, if there are any in order; else everything is cut anew."""

    def load(name: str, table: Table) -> dict[str, Row]:
        try:
            frame = read_table(folder / name, table)
        except UserError:
            return {}
        return {row[next(iter(table.columns))]: row for row in rows_of(frame)}

    return LastRun(load("digits.csv", DIGITS), load("photos.csv", PHOTOS))


def crop_all(cropper: Cropper, boxes: pd.DataFrame) -> tuple[list[Row], list[Row], int]:
    """Crop every photo of `boxes`, in parallel.

    Returns a row for each photo and each digit, in the order of `boxes`, and how many digit
    images were written.
    """
    by_photo = [(str(photo), rows) for photo, rows in boxes.groupby("photo", sort=False)]
    jobs = (delayed(cropper.crop)(photo, rows_of(rows)) for photo, rows in by_photo)
    results = Parallel(n_jobs=-1, prefer="threads", return_as="generator")(jobs)
    photos: list[Row] = []
    digits: list[Row] = []
    written = 0
    for photo, its_digits, its_written in tqdm(
        results, "crop", total=len(by_photo), unit=" photos", disable=None, delay=1
    ):
        if photo["problem"]:
            log.warning("%s is left out: %s", photo["photo"], photo["problem"])
        photos.append(photo)
        digits.extend(its_digits)
        written += its_written
    return photos, digits, written


@dataclass(frozen=True)
class Cropper:
    """Cuts one photo's boxes, or keeps the digit images that the last run left in order."""

    raw: Path
    digits_folder: Path
    params: CropParams
    last_run: LastRun

    def crop(self, photo: str, boxes: list[Row]) -> tuple[Row, list[Row], int]:
        """Return the photo's row, its digits' rows, and how many digit images were written."""
        try:
            content = read_bytes(self.raw / photo)
        except UnreadablePhoto as error:
            return PHOTOS.row(photo=photo, problem=str(error)), [], 0
        photo_md5 = md5(content)
        digits = [self._plan(photo, photo_md5, row) for row in boxes]
        kept = [self._kept(digit) for digit in digits]
        photo_row = self.last_run.photos.get(photo)
        if all(kept) and photo_row is not None and photo_row["md5"] == photo_md5:
            return photo_row, [row for row in kept if row], 0
        photo_row = PHOTOS.row(photo=photo, md5=photo_md5)
        try:
            image = decode_photo(content)
        except UnreadablePhoto as error:
            return photo_row | {"problem": str(error)}, [], 0
        photo_row["perceptual_hash"] = perceptual_hash(image)
        rows = [
            row or self._write(image, box, digit)
            for row, box, digit in zip(kept, boxes, digits, strict=True)
        ]
        return photo_row, rows, sum(row is None for row in kept)

    def _plan(self, photo: str, photo_md5: str, row: Row) -> Row:
        return {
            "file": digit_file(row["label"], photo, row["object"], self.params.format),
            "label": row["label"],
            "photo": photo,
            "object": row["object"],
            "row": row["row"],
            "column": row["column"],
            "key": digit_key(photo_md5, row["label"], Box.of(row), self.params),
        }

    def _kept(self, digit: Row) -> Row | None:
        """The digit's row, if its image is still the one that the last run recorded."""
        last = self.last_run.digits.get(digit["file"])
        if last is None or last["key"] != digit["key"]:
            return None
        try:
            content = (self.digits_folder / digit["file"]).read_bytes()
        except FileNotFoundError:
            return None
        return last | digit if md5(content) == last["md5"] else None

    def _write(self, photo: Image.Image, box: Row, digit: Row) -> Row:
        image = cut(photo, Box.of(box), self.params.margin)
        content = encode(image, self.params.format)
        write_file(self.digits_folder / digit["file"], content)
        return digit | {"md5": md5(content)} | channel_sums(image)


def prune(folder: Path, expected: set[str]) -> int:
    """Delete the files below `folder` that are not `expected`, and folders left empty."""
    gone = 0
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir():
            if not any(path.iterdir()):
                path.rmdir()
        elif path.relative_to(folder).as_posix() not in expected:
            path.unlink()
            gone += 1
    return gone


if __name__ == "__main__":
    run(main)
