"""Labels that are no Pascal VOC: which format a file is, and how its tool exports VOC."""

from __future__ import annotations

import json
import re
from pathlib import Path

# A label file says what it is within its first lines; of JSON, all must be read.
_START = 4096
_LARGEST_JSON = 64 * 2**20
_YOLO_LINE = re.compile(r"\d{1,4}( +[01]?\.?\d+(e-?\d+)?){4,}\s*")

_LABELIMG = "in labelImg, switch the format below Save from YOLO to PascalVOC and save each photo"
_CVAT = "in CVAT, export the task as Pascal VOC 1.1"
HOW_TO_EXPORT = {
    "YOLO": _LABELIMG,
    "COCO": f"{_CVAT}; in Roboflow, export as Pascal VOC",
    "CVAT for images": _CVAT,
    "Label Studio": "in Label Studio, Export, Pascal VOC XML",
    "VIA": "in VIA, export as COCO and turn that into Pascal VOC, in CVAT say",
    "labelme": "labelme's examples/bbox_detection/labelme2voc.py turns it into Pascal VOC",
    "dlib": "imglab writes dlib's format alone: open the photos in labelImg",
    "zip archive": "unpack it here",
}
# Those that have a file for each photo, under the photo's name.
A_FILE_A_PHOTO = ("YOLO", "labelme")


def recognise(path: Path) -> str | None:
    """The format of a file that is neither photo nor VOC, a key of `HOW_TO_EXPORT`, if it is one.

    Reads as much as it needs to tell, and says nothing of a file that cannot be read.
    """
    try:
        with path.open("rb") as file:
            start = file.read(_START)
        if start.startswith(b"PK\x03\x04"):
            return "zip archive"
        match path.suffix.lower():
            case ".txt":
                return "YOLO" if _is_yolo(start.decode("utf-8", "replace")) else None
            case ".json":
                return _kind_of_json(path)
            case ".xml":
                return _kind_of_xml(start)
    except (OSError, ValueError, RecursionError):
        return None
    return None


def _is_yolo(text: str) -> bool:
    """Whether each line is a class and four or more shares; the last line may be cut off."""
    lines = [line for line in text.splitlines() if line.strip()]
    return bool(lines) and all(_YOLO_LINE.fullmatch(line) for line in lines[:-1] or lines)


def _kind_of_xml(start: bytes) -> str | None:
    roots = {b"<annotations": "CVAT for images", b"<dataset": "dlib"}
    return next((kind for root, kind in roots.items() if root in start), None)


def _kind_of_json(path: Path) -> str | None:
    if path.stat().st_size > _LARGEST_JSON:
        return None
    tree = json.loads(path.read_bytes())
    first = tree[0] if isinstance(tree, list) and tree else tree
    if not isinstance(first, dict):
        return None
    values = list(first.values())
    tells = {
        "COCO": {"images", "annotations"} <= first.keys(),
        "Label Studio": {"annotations", "data"} <= first.keys(),
        "VIA": "_via_img_metadata" in first
        or (values and all(isinstance(its, dict) and "regions" in its for its in values)),
        "labelme": {"shapes", "imagePath"} <= first.keys(),
    }
    return next((kind for kind, told in tells.items() if told), None)
