"""Pascal VOC XML as labelImg writes it."""

from __future__ import annotations

from pathlib import PureWindowsPath

from lxml import etree

from pipeline.drawing.boxes import Box
from pipeline.drawing.canvas import Size

_LABELLED_AT = PureWindowsPath("C:/Users/line2/Desktop/counterweight/raw")


def write_voc(photo: str, size: Size, boxes: list[Box]) -> bytes:
    """Write one photo's annotation, tab-indented and without a declaration, as labelImg does.

    Coordinates are 0-based edges, half-open, with a 0 rewritten to 1; `<path>` is where the
    photo lay when it was labelled, not where it is.
    """
    root = etree.Element("annotation")
    _add(root, "folder", _LABELLED_AT.name)
    _add(root, "filename", photo)
    _add(root, "path", str(_LABELLED_AT / photo))
    _add(etree.SubElement(root, "source"), "database", "Unknown")
    extent = etree.SubElement(root, "size")
    for name, value in zip(("width", "height", "depth"), (*size, 3), strict=True):
        _add(extent, name, str(value))
    _add(root, "segmented", "0")
    for box in boxes:
        _add_object(root, box, size)
    etree.indent(root, "\t")
    return etree.tostring(root, encoding="utf-8") + b"\n"


def _add_object(root: etree._Element, box: Box, size: Size) -> None:
    touches = box.xmin <= 1 or box.ymin <= 1 or box.xmax == size[0] or box.ymax == size[1]
    item = etree.SubElement(root, "object")
    _add(item, "name", box.label)
    _add(item, "pose", "Unspecified")
    _add(item, "truncated", str(int(touches)))
    _add(item, "difficult", "0")
    edges = etree.SubElement(item, "bndbox")
    for name in ("xmin", "ymin", "xmax", "ymax"):
        _add(edges, name, str(max(1, getattr(box, name))))


def _add(parent: etree._Element, name: str, text: str) -> None:
    etree.SubElement(parent, name).text = text
