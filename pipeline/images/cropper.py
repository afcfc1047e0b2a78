"""One photo's digit images: cut, or kept where the last run left them in order."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from pipeline.contracts import BOXES, DIGITS, PHOTOS, BoxRow, DigitRow, PhotoRow
from pipeline.images.cutting import channel_sums, digit_file, digit_key, encode, widen
from pipeline.images.perceptual_hash import perceptual_hash
from pipeline.images.photo import OpenedPhoto, UnreadablePhoto, read_bytes
from pipeline.images.stamps import StampRow
from pipeline.messages import say
from pipeline.runtime.errors import UserError
from pipeline.runtime.files import md5, write_new
from pipeline.runtime.stamps import Stamp, has_rested, stamp_of

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.params import CropParams

log = logging.getLogger(__name__)

_of_box = attrgetter(*BOXES.columns)


@dataclass(frozen=True)
class LastCut:
    """What the last run recorded of a photo: its row, its digits' rows by file, and their stamp.

    Without a stamp, all of them are read again.
    """

    photo: PhotoRow
    stamp: StampRow | None = None
    digits: dict[str, DigitRow] = field(default_factory=dict)


@dataclass(frozen=True)
class CropTask:
    """A photo's boxes, and what the last run recorded of it, if it did."""

    photo: str
    boxes: Sequence[BoxRow]
    last: LastCut | None


@dataclass(frozen=True)
class Cut:
    """What became of a photo: its row and its digits', and the stamp of all their files.

    There is no stamp where a file is gone, or may change again without another one. `written`
    counts the digit images that were written anew.
    """

    photo: PhotoRow
    digits: list[DigitRow]
    stamp: StampRow | None
    written: int


@dataclass(frozen=True)
class Cropper:
    """Cuts one photo's boxes, or keeps the digit images that the last run left in order."""

    raw: Path
    digits_folder: Path
    params: CropParams

    def unchanged(self, task: CropTask) -> Cut | None:
        """The last run's rows, where neither photo nor digit has changed since; opens no file.

        They are unchanged if they bear the stamps that were recorded with them.
        """
        last = task.last
        if last is None or last.stamp is None:
            return None
        digits = [digit for box in task.boxes if (digit := self._recorded(last, box))]
        if len(digits) < len(task.boxes):
            return None
        stamp = self._stamp_all(last.photo, stamp_of(self._photo_path(task)), digits)
        return Cut(last.photo, digits, stamp, written=0) if stamp == last.stamp else None

    def cut(self, task: CropTask) -> Cut:
        """Cut those of the photo's digits that are not there, or are no longer what they were.

        Raises `UserError` where the photo is no longer what parse accepted.
        """
        stamp = self._stamp_to_read(task)
        try:
            content = read_bytes(self._photo_path(task))
            photo_md5 = md5(content)
            kept = [self._kept(task.last, box, photo_md5) for box in task.boxes]
            if task.last and task.last.photo.md5 == photo_md5 and None not in kept:
                photo, pixels = task.last.photo, None
            else:
                opened = OpenedPhoto(content)
                pixels = opened.pixels()
                photo = _describe(task.photo, photo_md5, opened, pixels)
        except UnreadablePhoto as error:
            raise _changed(task.photo, error) from None
        digits = [
            digit or self._write(pixels, box, photo.md5)
            for digit, box in zip(kept, task.boxes, strict=True)
        ]
        return Cut(photo, digits, self._stamp_all(photo, stamp, digits), written=kept.count(None))

    def _stamp_to_read(self, task: CropTask) -> Stamp | None:
        """A photo's stamp before it is read; none if a change meanwhile might leave it the same."""
        now = time.time_ns()
        stamp = stamp_of(self._photo_path(task))
        return stamp if stamp and has_rested(stamp.newest, now) else None

    def _stamp_all(
        self, photo: PhotoRow, stamp: Stamp | None, digits: Sequence[DigitRow]
    ) -> StampRow | None:
        """A row of the stamps of a photo and its digits; None where one has none."""
        stamps = [stamp, *(stamp_of(self._path(digit.file)) for digit in digits)]
        there = [its for its in stamps if its]
        if len(there) < len(stamps):
            return None
        return StampRow.of(photo.photo, (photo.md5, *(digit.md5 for digit in digits)), there)

    def _recorded(
        self, last: LastCut, box: BoxRow, photo_md5: str | None = None
    ) -> DigitRow | None:
        """The last run's row of a digit, if it was cut from the same photo in the same way."""
        recorded = last.digits.get(digit_file(box, self.params.format))
        key = digit_key(photo_md5 or last.photo.md5, box, self.params)
        if recorded is None or recorded.key != key:
            return None
        # Its XML, or its place in reading order, can be another one now; most are not, and a row's
        # copy takes as long as all else here.
        if (recorded.xml, recorded.row, recorded.column) == (box.xml, box.row, box.column):
            return recorded
        return replace(recorded, xml=box.xml, row=box.row, column=box.column)

    def _kept(self, last: LastCut | None, box: BoxRow, photo_md5: str) -> DigitRow | None:
        """The digit's row, if its image is still the one that the last run recorded."""
        recorded = self._recorded(last, box, photo_md5) if last else None
        if recorded is None:
            return None
        path = Path(self._path(recorded.file))
        is_in_order = path.is_file() and md5(path.read_bytes()) == recorded.md5
        return recorded if is_in_order else None

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
