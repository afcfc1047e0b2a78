"""Pascal VOC XML as labelImg writes it."""

from __future__ import annotations

from collections.abc import Iterable

from lxml import etree

from pipeline.images.box import Box, LabelledBox


def write_voc(
    photo: str, size: tuple[int, int], boxes: Iterable[LabelledBox], source: str = "Unknown"
) -> bytes:
    """One photo's annotation, tab-indented and without a declaration, as labelImg writes it.

    `photo` is the file's name, `size` its width and height, upright; `source` is where it is from.
    Coordinates are 0-based edges, half-open, with a 0 rewritten to 1.
    """
    root = etree.Element("annotation")
    _add(root, "folder", "raw")
    _add(root, "filename", photo)
    _add(root, "path", photo)
    _add(etree.SubElement(root, "source"), "database", source)
    extent = etree.SubElement(root, "size")
    for name, value in zip(("width", "height", "depth"), (*size, 3), strict=True):
        _add(extent, name, str(value))
    _add(root, "segmented", "0")
    for box, label in boxes:
        _add_object(root, box, label, size)
    etree.indent(root, "\t")
    return etree.tostring(root, encoding="utf-8") + b"\n"


def _add_object(root: etree._Element, box: Box, label: str, size: tuple[int, int]) -> None:
    touches = box.xmin <= 1 or box.ymin <= 1 or box.xmax == size[0] or box.ymax == size[1]
    item = etree.SubElement(root, "object")
    _add(item, "name", label)
    _add(item, "pose", "Unspecified")
    _add(item, "truncated", str(int(touches)))
    _add(item, "difficult", "0")
    edges = etree.SubElement(item, "bndbox")
    for name, value in box._asdict().items():
        _add(edges, name, str(max(1, value)))


def _add(parent: etree._Element, name: str, text: str) -> None:
    etree.SubElement(parent, name).text = text
