"""Which tool wrote a VOC file, from where it counts its pixels, and which way up it draws."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from pipeline.annotations.rules import Edges
from pipeline.annotations.voc import Tells, VocFile

WayUp = Literal["upright", "raw", "unknown"]

# The source that `digits sample` names.
DRAWN = "digits sample"
# And that of boxes which `digits read` proposes; a tool that saves them puts its own.
PROPOSED = "digits read"
# And of boxes that a person has answered on the page of `digits review`.
REVIEWED = "digits review"
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
    """A tool: how its files are known, how each counts (a key of `OFFSETS`), which way up it draws.

    `way_up` is for a photo that EXIF turns: `raw` is as stored, and `unknown` where it depends on
    the tool's version.
    """

    name: str
    wrote: Callable[[VocFile], bool]
    coordinates: Callable[[VocFile], str]
    way_up: WayUp


def recognise(voc: VocFile) -> Dialect:
    """Which tool wrote the file; the last of `DIALECTS` where nothing gives it away."""
    return next(dialect for dialect in DIALECTS if dialect.wrote(voc))


def coordinates_of(voc: VocFile, dialect: Dialect, setting: str) -> str:
    """How the file counts its pixels: a key of `OFFSETS`; `setting` is `parse.coordinates`."""
    if setting != "auto":
        return setting
    counts = dialect.coordinates(voc)
    boxes = [[_number(text) for text in found.box] for found in voc.objects if found.box]
    # Whoever counts from 1 has no 0: the tells were copied into a converted set.
    return "zero_based" if any(min(box[:2]) < 1 for box in boxes) else counts


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


def _from_zero(_: VocFile) -> str:
    return "zero_based"


def _from_one(_: VocFile) -> str:
    return "one_based"


def _plus_one(_: VocFile) -> str:
    return "all_plus_one"


def _as_datumaro(voc: VocFile) -> str:
    """It writes edges with a decimal point, and the specification's pixels without."""
    is_decimal = any("." in "".join(found.box or ()) for found in voc.objects)
    return "zero_based" if is_decimal else "one_based"


def _as_supervision(voc: VocFile) -> str:
    """Before 0.31 it added 1 to all four, so that xmax can be the width + 1."""
    boxes = [[_number(text) for text in found.box] for found in voc.objects if found.box]
    is_beyond = any(_is_one_beyond(box, voc.size) for box in boxes)
    return "all_plus_one" if is_beyond else "one_based"


def _is_label_studio(voc: VocFile) -> bool:
    return voc.tells.owner == "Label Studio"


def _is_supervision(voc: VocFile) -> bool:
    return voc.tells.database == "roboflow.ai" and voc.tells.folder == "VOC"


def _is_vott(voc: VocFile) -> bool:
    return voc.tells.folder == "Annotation" and voc.tells.verified == "yes"


def _is_labelimg(voc: VocFile) -> bool:
    return voc.tells.database == "Unknown" and voc.tells.has_path


def _is_sample(voc: VocFile) -> bool:
    return voc.tells.database == DRAWN


def _is_proposed(voc: VocFile) -> bool:
    return voc.tells.database == PROPOSED


def _is_reviewed(voc: VocFile) -> bool:
    return voc.tells.database == REVIEWED


# The first that fits counts. CVAT's exporter of today is Datumaro's.
DIALECTS = (
    Dialect("sample", _is_sample, _from_zero, "upright"),
    Dialect("proposed", _is_proposed, _from_zero, "upright"),
    Dialect("reviewed", _is_reviewed, _from_zero, "upright"),
    Dialect("label_studio", _is_label_studio, _from_zero, "upright"),
    Dialect("roboflow", _is_roboflow, _plus_one, "upright"),
    Dialect("supervision", _is_supervision, _as_supervision, "upright"),
    Dialect("voc", lambda voc: _is_specification(voc.tells), _from_one, "unknown"),
    Dialect("cvat", lambda voc: _is_cvat(voc.tells), _from_zero, "upright"),
    Dialect("datumaro", lambda voc: _is_datumaro(voc.tells), _as_datumaro, "upright"),
    Dialect("vott", _is_vott, _from_zero, "raw"),
    Dialect("labelimg", _is_labelimg, _from_zero, "unknown"),
    Dialect("unknown", lambda _: True, _from_zero, "unknown"),
)


def _number(text: str) -> float:
    """A number; infinite where it is none, as that tells nothing."""
    try:
        return float(text[:40])
    except ValueError:
        return float("inf")


def _is_one_beyond(box: list[float], size: tuple[str, str]) -> bool:
    return any(box[2 + axis] == _number(size[axis]) + 1 for axis in (0, 1))
