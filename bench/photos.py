"""The sets of drawn photos that the data stages are timed on."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from pipeline.commands.sample import sample

_ALL, _DIGITS, _NEW = 3894, 27237, 40
_SIDES = ("width", "height", "xmin", "ymin", "xmax", "ymax")


@dataclass(frozen=True)
class PhotoSet:
    """So many drawn photos, enlarged where a size in megapixels is given, and new ones."""

    photos: int
    new: int
    megapixels: float = 0

    @property
    def name(self) -> str:
        """What heads its column, and where it lies."""
        size = f" of {self.megapixels:g} megapixels" if self.megapixels else ""
        return f"{self.photos:,} photos{size}"

    def make(self, folder: Path) -> tuple[Path, Path]:
        """The folders of its photos and of its new ones, below `folder`; made where missing."""
        return (
            _take(_draw(folder / "drawn", _ALL, _DIGITS, seed=0), self, self.photos),
            _take(_draw(folder / "new", _NEW, None, seed=1), self, self.new),
        )


SETS = (PhotoSet(1000, 40), PhotoSet(_ALL, _NEW), PhotoSet(200, 2, megapixels=12))


def link_photos(photos: Path, folder: Path, prefix: str = "") -> None:
    """Put photos and XML into a folder, as further names of the same files."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in photos.iterdir():
        os.link(path, folder / f"{prefix}{path.name}")


def _draw(folder: Path, photos: int, digits: int | None, seed: int) -> Path:
    if not folder.exists():
        sample(folder, photos, digits, seed)
    return folder


def _take(drawn: Path, photo_set: PhotoSet, count: int) -> Path:
    """The first photos of those drawn, with their XML, in the set's size."""
    folder = drawn.with_name(f"{drawn.name} {photo_set.name}")
    if folder.exists():
        return folder
    unfinished = folder.with_name(f"{folder.name}.part")
    unfinished.mkdir()
    for photo in sorted(drawn.glob("*.jpg"))[:count]:
        for path in (photo, photo.with_suffix(".xml")):
            os.link(path, unfinished / path.name)
        if photo_set.megapixels:
            _enlarge(unfinished / photo.name, photo_set.megapixels)
    return unfinished.rename(folder)


def _enlarge(photo: Path, megapixels: float) -> None:
    """Enlarge a photo, and its annotation's boxes with it, by a whole factor."""
    xml = photo.with_suffix(".xml")
    with Image.open(photo) as image:
        factor = max(1, round((megapixels * 1e6 / (image.width * image.height)) ** 0.5))
        large = image.resize((factor * image.width, factor * image.height))
        exif = image.getexif()
    text = xml.read_text(encoding="utf-8")
    photo.unlink()
    xml.unlink()
    large.save(photo, quality=90, exif=exif)
    sides = re.compile(rf"<({'|'.join(_SIDES)})>(\d+)<")
    text = sides.sub(lambda found: f"<{found[1]}>{int(found[2]) * factor}<", text)
    xml.write_text(text, encoding="utf-8")
