"""The drawn photos of the base model: what is on them, and how they are loaded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from PIL import Image
from pydantic import BaseModel, ConfigDict

from pipeline.images.photo import read_photo
from pipeline.params import load_yaml
from pipeline.reading.marks import MARKS
from pipeline.reading.network import SIGNS
from pipeline.reading.scenes import Known
from pipeline.runtime.table import Table

PHOTOS = Path("base/photos")
# The networks as they are trained; `publish` puts them where the pipeline finds them.
MADE = Path("base/made")


@dataclass(frozen=True, slots=True)
class GlyphRow:
    """A digit that was drawn: its middle and size in pixels, by how much its row falls (radians).

    `after` is what is lit behind it. A photo without a digit has one row, whose label is empty.
    """

    photo: str
    display: int
    column: int
    label: str
    after: str
    x: float
    y: float
    width: float
    height: float
    angle: float

    @property
    def known(self) -> Known:
        """The digit as training takes it."""
        return Known(
            self.x, self.y, self.width, self.height, SIGNS.index(self.label), self.angle,
            MARKS.index(self.after),
        )  # fmt: skip


GLYPHS = Table(Path("base/glyphs.csv"), GlyphRow)


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class NetworkParams(_Section):
    """How long one of the base's networks learns."""

    steps: int
    batch_size: int
    rate: float


class BaseParams(_Section):
    """How many photos are drawn, which kind is held out, how long each network learns."""

    seed: int
    photos: int
    measured: int
    held_out: str
    locator: NetworkParams
    marks: NetworkParams
    digits_epochs: int
    wrong: float


def load_base_params(path: Path = Path("base/params.yaml")) -> BaseParams:
    """Read and check base/params.yaml."""
    return BaseParams.model_validate(load_yaml(path))


def load_drawn(side: str) -> Iterator[tuple[str, Image.Image, list[GlyphRow]]]:
    """Each drawn photo of a side (train, fresh or held_out): its name, it, its digits."""
    rows = [row for row in GLYPHS.read() if row.photo.startswith(f"{side}/")]
    for name, its in groupby(rows, key=lambda row: row.photo):
        yield name, read_photo(PHOTOS / name), [row for row in its if row.label]
