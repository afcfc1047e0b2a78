"""One photo's digit images: cut, or kept where the last run left them in order."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from pipeline.contracts import BOXES, DIGITS, PHOTOS, BoxRow, DigitRow, PhotoRow
from pipeline.images.cutting import (
    CUTTING_VERSION,
    channel_sums,
    digit_file,
    digit_key,
    encode,
    widen,
)
from pipeline.images.perceptual_hash import perceptual_hash
from pipeline.images.photo import OpenedPhoto, UnreadablePhoto, read_bytes
from pipeline.images.stamps import StampRow
from pipeline.messages import say
from pipeline.runtime.errors import UserError
from pipeline.runtime.files import md5, write_new
from pipeline.runtime.stamps import Stamp, has_rested, stamp_of, stamp_of_output

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.params import CropParams

log = logging.getLogger(__name__)

_of_box = attrgetter(*BOXES.columns)


@dataclass(frozen=True, slots=True)
class Cut:
    """What became of a photo: its line of photos.csv, and its digits' lines of digits.csv.

    `files` are the digit images, of which `written` were written anew. `stamp` is of them all and
    the photo. It is None where a file is gone, or may change again without another stamp: then the
    next run reads them all.
    """

    photo_line: str
    digit_lines: str
    files: Sequence[str]
    stamp: StampRow | None
    written: int = 0


@dataclass(frozen=True, slots=True)
class CropTask:
    """A photo, its lines of boxes.csv, and what the last run recorded of it, if it did."""

    photo: str
    box_lines: str
    last: Cut | None


@dataclass(frozen=True)
class Cropper:
    """Cuts one photo's boxes, or keeps the digit images that the last run left in order."""

    raw: Path
    digits_folder: Path
    params: CropParams

    def unchanged(self, task: CropTask) -> Cut | None:
        """What the last run recorded, where nothing has changed since; opens no file.

        Nothing has if the boxes are the same, and each file bears the stamp that was recorded.
        """
        last = task.last
        if last is None or last.stamp is None:
            return None
        stamp = self._stamp_all(task, last, stamp_of(self._photo_path(task)))
        return last if stamp == last.stamp else None

    def cut(self, task: CropTask) -> Cut:
        """Cut those of the photo's digits that are not there, or are no longer what they were.

        Raises `UserError` where the photo is no longer what parse accepted.
        """
        stamp = self._stamp_to_read(task)
        boxes = BOXES.parse(task.box_lines)
        try:
            content = read_bytes(self._photo_path(task))
            photo_md5 = md5(content)
            photo, kept = self._known(task.last, boxes, photo_md5)
            pixels = None
            # No digit is kept of a photo that is not known.
            if photo is None or None in kept:
                opened = OpenedPhoto(content)
                pixels = opened.pixels()
                photo = _describe(task.photo, photo_md5, opened, pixels)
        except UnreadablePhoto as error:
            raise _changed(task.photo, error) from None
        digits = [
            digit or self._write(pixels, box, photo_md5)
            for digit, box in zip(kept, boxes, strict=True)
        ]
        lines, files = DIGITS.lines(digits), [digit.file for digit in digits]
        cut = Cut(PHOTOS.lines([photo]), lines, files, None, written=kept.count(None))
        return replace(cut, stamp=self._stamp_all(task, cut, stamp))

    def _stamp_to_read(self, task: CropTask) -> Stamp | None:
        """A photo's stamp before it is read; none if a change meanwhile might leave it the same."""
        now = time.time_ns()
        stamp = stamp_of(self._photo_path(task))
        return stamp if stamp and has_rested(stamp.newest, now) else None

    def _stamp_all(self, task: CropTask, cut: Cut, photo: Stamp | None) -> StampRow | None:
        """What stamps a photo, its boxes and what was cut of them; None where a file has none."""
        stamps = [photo, *(stamp_of_output(self._path(file)) for file in cut.files)]
        there = [its for its in stamps if its]
        if len(there) < len(stamps):
            return None
        way = f"{CUTTING_VERSION} {self.params.margin} {self.params.format}"
        return StampRow.of(
            task.photo, (way, task.box_lines, cut.photo_line, cut.digit_lines), there
        )

    def _known(
        self, last: Cut | None, boxes: Sequence[BoxRow], photo_md5: str
    ) -> tuple[PhotoRow | None, list[DigitRow | None]]:
        """The photo's row, if it is the same photo, and each digit's, if its image is in order."""
        photos, digits = [], []
        if last:
            with suppress(UserError):  # whole lines, but not such as are written here
                photos, digits = PHOTOS.parse(last.photo_line), DIGITS.parse(last.digit_lines)
        photo = next((its for its in photos if its.md5 == photo_md5), None)
        recorded = {digit.file: digit for digit in digits}
        return photo, [self._kept(recorded, box, photo_md5) for box in boxes]

    def _kept(
        self, recorded: Mapping[str, DigitRow], box: BoxRow, photo_md5: str
    ) -> DigitRow | None:
        """The digit's row, if it was cut from the same photo in the same way and is still there."""
        digit = recorded.get(digit_file(box, self.params.format))
        if digit is None or digit.key != digit_key(photo_md5, box, self.params):
            return None
        path = Path(self._path(digit.file))
        if not path.is_file() or md5(path.read_bytes()) != digit.md5:
            return None
        # Its XML, or its place in reading order, can be another one now.
        return replace(digit, xml=box.xml, row=box.row, column=box.column)

    def _photo_path(self, task: CropTask) -> Path:
        return self.raw / task.photo

    def _path(self, file: str) -> str:
        return f"{self.digits_folder}/{file}"

    def _write(self, photo: NDArray[np.uint8] | None, box: BoxRow, photo_md5: str) -> DigitRow:
        assert photo is not None
        height, width, _ = photo.shape
        if box.xmax > width or box.ymax > height:
            raise _changed(box.photo, "its size is another one")
        digit, content = _cut_digit(photo, box, photo_md5, self.params)
        write_new(self._path(digit.file), content)
        return digit


def _cut_digit(
    photo: NDArray[np.uint8], box: BoxRow, photo_md5: str, params: CropParams
) -> tuple[DigitRow, bytes]:
    """A digit's row, and its image's bytes."""
    height, width, _ = photo.shape
    place = widen(box.box, params.margin, width, height)
    image = np.ascontiguousarray(photo[place.ymin : place.ymax, place.xmin : place.xmax])
    content = encode(image, params.format)
    file, key = digit_file(box, params.format), digit_key(photo_md5, box, params)
    values = (*_of_box(box), file, key, md5(content), *channel_sums(image))
    return DigitRow(*values), content


def _describe(
    photo: str, photo_md5: str, opened: OpenedPhoto, pixels: NDArray[np.uint8]
) -> PhotoRow:
    """A photo's row; `pixels` are what it was decoded to."""
    height, width, _ = pixels.shape
    looks = perceptual_hash(pixels)
    return PhotoRow(photo, photo_md5, looks, width, height, opened.taken_at)


def _changed(photo: str, why: object) -> UserError:
    return UserError(
        "raw/{file} is not what parse read ({why}): run `dvc repro --force --single-item parse`, "
        "then `dvc repro`",
        file=photo, why=why,
    )  # fmt: skip


def cut_boxes(
    folder: Path, boxes: pd.DataFrame, params: CropParams
) -> tuple[pd.DataFrame, list[bytes], pd.DataFrame]:
    """Cut and code every box (rows of boxes.csv) of a folder's photos, leaving no file.

    Returns rows of digits.csv, but for photos that cannot be read, which are named in a warning;
    each row's digit image, coded as the crop stage does; and the photos that it was cut from, as
    rows of photos.csv.
    """
    digits: list[DigitRow] = []
    contents: list[bytes] = []
    photos: list[PhotoRow] = []
    by_photo = boxes[BOXES.columns].groupby("photo", sort=False)
    for photo, its_boxes in tqdm(by_photo, "crop", unit=" photos", disable=None, delay=1):
        try:
            content = read_bytes(folder / str(photo))
            opened = OpenedPhoto(content)
            pixels = opened.pixels()
        except UnreadablePhoto as error:
            log.warning(say("{photo} is left out: {why}", photo=photo, why=error))
            continue
        described = _describe(str(photo), md5(content), opened, pixels)
        for values in its_boxes.itertuples(index=False):
            digit, coded = _cut_digit(pixels, BoxRow(*values), described.md5, params)
            digits.append(digit)
            contents.append(coded)
        photos.append(described)
    return DIGITS.frame(digits), contents, PHOTOS.frame(photos)
