"""Which tool wrote a VOC file, and from where it counts its pixels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from pipeline.annotations.voc import Tells, VocFile

Edges = tuple[float, float, float, float]
Frame = Literal["upright", "raw", "unknown"]

# What to take away from xmin, ymin, xmax, ymax to get 0-based, half-open edges.
OFFSETS: dict[str, Edges] = {
    "zero_based": (0, 0, 0, 0),
    # Pixels counted from 1, the last one included: the VOC specification.
    "one_based": (1, 1, 0, 0),
    # Edges counted from 1, so that xmax can be the width + 1.
    "all_plus_one": (1, 1, 1, 1),
}


@dataclass(frozen=True)
class Dialect:
    """A tool: how its files are known, how it counts, and the frame that it draws boxes in.

    `frame` is for a photo that EXIF turns: `unknown` where it depends on the tool's version.
    """

    name: str
    wrote: Callable[[VocFile], bool]
    coordinates: str
    frame: Frame


def recognise(voc: VocFile) -> Dialect:
    """Which tool wrote the file; the last of `DIALECTS` where nothing gives it away."""
    return next(dialect for dialect in DIALECTS if dialect.wrote(voc))


def coordinates_of(voc: VocFile, dialect: Dialect, setting: str) -> str:
    """How the file counts its pixels: a key of `OFFSETS`; `setting` is `parse.coordinates`."""
    if setting != "auto":
        return setting
    expected = dialect.coordinates
    if dialect.name == "datumaro" and not any("." in "".join(f.box or ()) for f in voc.objects):
        # It writes edges with a decimal point, and the specification's pixels without.
        expected = "one_based"
    if expected == "zero_based":
        return expected
    boxes = [[_number(text) for text in found.box] for found in voc.objects if found.box]
    # Whoever counts from 1 has no 0: the tells were copied into a converted set.
    if any(min(box[:2]) < 1 for box in boxes):
        return "zero_based"
    if dialect.name == "supervision" and any(_is_one_beyond(box, voc.size) for box in boxes):
        # Before 0.31 it added 1 to all four.
        return "all_plus_one"
    return expected


def to_edges(box: Edges, coordinates: str) -> Edges:
    """A box's values as 0-based, half-open edges."""
    offsets = OFFSETS[coordinates]
    return box[0] - offsets[0], box[1] - offsets[1], box[2] - offsets[2], box[3] - offsets[3]


def _is_roboflow(voc: VocFile) -> bool:
    exported = ".rf." in voc.filename or voc.tells.database.startswith("roboflow")
    return exported and voc.tells.order == ("xmin", "xmax", "ymin", "ymax")


def _is_specification(tells: Tells) -> bool:
    return tells.database.startswith("The VOC") or tells.annotation.startswith("PASCAL VOC")


def _is_datumaro(tells: Tells) -> bool:
    return tells.database == tells.annotation == tells.image == "Unknown" and not tells.has_path


def _is_cvat(tells: Tells) -> bool:
    return tells.annotation == "CVAT" or (tells.has_attributes and not _is_datumaro(tells))


DIALECTS = (
    Dialect("label_studio", lambda v: v.tells.owner == "Label Studio", "zero_based", "upright"),
    Dialect("roboflow", _is_roboflow, "all_plus_one", "upright"),
    Dialect(
        "supervision",
        lambda v: v.tells.database == "roboflow.ai" and v.tells.folder == "VOC",
        "one_based",
        "upright",
    ),
    Dialect("voc", lambda v: _is_specification(v.tells), "one_based", "unknown"),
    Dialect("cvat", lambda v: _is_cvat(v.tells), "zero_based", "upright"),
    # CVAT's exporter of today is Datumaro's.
    Dialect("datumaro", lambda v: _is_datumaro(v.tells), "zero_based", "upright"),
    Dialect(
        "vott",
        lambda v: v.tells.folder == "Annotation" and v.tells.verified == "yes",
        "zero_based",
        "raw",
    ),
    Dialect(
        "labelimg",
        lambda v: v.tells.database == "Unknown" and v.tells.has_path,
        "zero_based",
        "unknown",
    ),
    Dialect("unknown", lambda _: True, "zero_based", "unknown"),
)


def _number(text: str) -> float:
    """A number; infinite where it is none, as that tells nothing."""
    try:
        return float(text[:40])
    except ValueError:
        return float("inf")


def _is_one_beyond(box: list[float], size: tuple[str, str]) -> bool:
    return any(box[2 + axis] == _number(size[axis]) + 1 for axis in (0, 1))
