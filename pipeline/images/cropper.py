"""One photo's digit images: cut, or kept where the last run left them in order."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from pipeline.files import md5, write_file
from pipeline.images.box import Box
from pipeline.images.cutting import channel_sums, cut, digit_file, digit_key, encode
from pipeline.images.perceptual_hash import perceptual_hash
from pipeline.images.photo import UnreadablePhoto, decode_photo, read_bytes
from pipeline.stamps import stamp_of

if TYPE_CHECKING:
    from pipeline.params import CropParams

Row = dict[str, Any]


@dataclass(frozen=True)
class PhotoTask:
    """A photo's boxes, and what the last run recorded of it."""

    photo: str
    boxes: list[Row]
    last_photo: Row | None
    last_digits: dict[str, Row]


@dataclass(frozen=True)
class Cropper:
    """Cuts one photo's boxes, or keeps the digit images that the last run left in order."""

    raw: Path
    digits_folder: Path
    params: CropParams

    def unchanged(self, task: PhotoTask) -> tuple[Row, list[Row], int] | None:
        """What `cut` would return, if photo and digits bear the stamps they bore; opens none."""
        last = task.last_photo
        if last is None or not _bears(self.raw / task.photo, last["stamp"]):
            return None
        digits = []
        for digit in self._describe(last["md5"], task):
            recorded = _recorded(digit, task)
            if recorded is None or not _bears(self._path(digit), recorded["stamp"]):
                return None
            digits.append(recorded | digit)
        return last, digits, 0

    def cut(self, task: PhotoTask) -> tuple[Row, list[Row], int]:
        """Return the photo's row, its digits' rows, and how many digit images were written.

        Each row has, beside its table's columns, the `stamp` of its file.
        """
        photo = {"photo": task.photo, "md5": "", "perceptual_hash": "", "problem": ""}
        photo["stamp"] = stamp_of(self.raw / task.photo)
        try:
            content = read_bytes(self.raw / task.photo)
        except UnreadablePhoto as error:
            return photo | {"problem": str(error)}, [], 0
        photo["md5"] = md5(content)
        digits = self._describe(photo["md5"], task)
        kept = [self._kept(digit, task) for digit in digits]
        last = task.last_photo
        if last and last["md5"] == photo["md5"] and None not in kept:
            return last | {"stamp": photo["stamp"]}, [row for row in kept if row], 0
        try:
            image = decode_photo(content)
        except UnreadablePhoto as error:
            return photo | {"problem": str(error)}, [], 0
        photo["perceptual_hash"] = perceptual_hash(image)
        rows = [
            row or self._write(image, Box.of(box), digit)
            for row, box, digit in zip(kept, task.boxes, digits, strict=True)
        ]
        return photo, rows, kept.count(None)

    def _describe(self, photo_md5: str, task: PhotoTask) -> list[Row]:
        """Each box's digit: all of its row that is known before it is cut."""
        return [
            {
                "file": digit_file(row["label"], row["photo"], row["object"], self.params.format),
                "key": digit_key(photo_md5, row["label"], Box.of(row), self.params),
                **{name: row[name] for name in ("label", "photo", "object", "row", "column")},
            }
            for row in task.boxes
        ]

    def _kept(self, digit: Row, task: PhotoTask) -> Row | None:
        """The digit's row, if its image is still the one that the last run recorded."""
        recorded = _recorded(digit, task)
        if recorded is None:
            return None
        path = self._path(digit)
        stamp = stamp_of(path)
        if not stamp or (
            stamp != recorded["stamp"] and md5(Path(path).read_bytes()) != recorded["md5"]
        ):
            return None
        return recorded | digit | {"stamp": stamp}

    def _path(self, digit: Row) -> str:
        return f"{self.digits_folder}/{digit['file']}"

    def _write(self, photo: Image.Image, box: Box, digit: Row) -> Row:
        image = cut(photo, box, self.params.margin)
        content = encode(image, self.params.format)
        path = self.digits_folder / digit["file"]
        write_file(path, content)
        return digit | {"md5": md5(content), "stamp": stamp_of(path)} | channel_sums(image)


def _recorded(digit: Row, task: PhotoTask) -> Row | None:
    """The last run's row of a digit, if it was cut from the same in the same way."""
    last = task.last_digits.get(digit["file"])
    return last if last and last["key"] == digit["key"] else None


def _bears(path: str | Path, stamp: str) -> bool:
    return bool(stamp) and stamp_of(path) == stamp
