"""One Pascal VOC file, read as it stands: nothing is judged here, nothing is repaired."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lxml import etree

_LARGEST_XML = 64 * 2**20
_SIDES = ("xmin", "ymin", "xmax", "ymax")


class UnreadableXml(Exception):  # noqa: N818 - it says what the file is
    """Why a file cannot be read as a VOC annotation."""


@dataclass(frozen=True)
class VocObject:
    """One `<object>`: its place in the file from 1 on, its label, and its box's four texts.

    `box` is (xmin, ymin, xmax, ymax), taken by name; None where there is no `<bndbox>`, and an
    empty text for a side that is missing.
    """

    number: int
    label: str
    box: tuple[str, str, str, str] | None


@dataclass(frozen=True)
class VocFile:
    """One annotation: the photo's name and size as the file has them, and its objects."""

    filename: str
    size: tuple[str, str]
    objects: tuple[VocObject, ...]


def read_voc(path: Path) -> VocFile:
    """Read one VOC file, whatever its encoding and namespace; no entity, DTD or network.

    Raises `UnreadableXml` with the reason where it is no VOC annotation.
    """
    try:
        if path.stat().st_size > _LARGEST_XML:
            raise UnreadableXml(f"larger than {_LARGEST_XML // 2**20} MiB")
        content = path.read_bytes()
    except OSError as error:
        raise UnreadableXml(error.strerror or str(error)) from None
    root = _parse(content.strip())
    if etree.QName(root).localname != "annotation":
        raise UnreadableXml(f"its root is <{etree.QName(root).localname}>, not <annotation>")
    size = _child(root, "size")
    objects = [_read_object(i, node) for i, node in enumerate(_children(root, "object"), start=1)]
    return VocFile(
        filename=_text(root, "filename"),
        size=(_text(size, "width"), _text(size, "height")),
        objects=tuple(objects),
    )


def _parse(content: bytes) -> etree._Element:
    if not content:
        raise UnreadableXml("the file is empty")
    try:
        root = etree.fromstring(content, _parser())
    except etree.XMLSyntaxError as error:
        # Korean Windows tools write CP949 under a declaration that says UTF-8, or under none.
        try:
            root = etree.fromstring(content, _parser(encoding="cp949"))
        except etree.XMLSyntaxError:
            raise UnreadableXml(str(error)) from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise UnreadableXml("it declares a DTD, which no annotation tool writes")
    return root


def _parser(encoding: str | None = None) -> etree.XMLParser:
    return etree.XMLParser(
        encoding=encoding,
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        remove_comments=True,
        remove_pis=True,
    )


def _read_object(number: int, node: etree._Element) -> VocObject:
    bndbox = _child(node, "bndbox")
    sides = [_text(bndbox, side) for side in _SIDES]
    box = None if bndbox is None else (sides[0], sides[1], sides[2], sides[3])
    return VocObject(number, _text(node, "name", strip=False), box)


def _children(node: etree._Element, name: str) -> list[etree._Element]:
    return [child for child in node if etree.QName(child).localname == name]


def _child(node: etree._Element | None, name: str) -> etree._Element | None:
    return next(iter(_children(node, name)), None) if node is not None else None


def _text(node: etree._Element | None, name: str, strip: bool = True) -> str:
    child = _child(node, name)
    text = (child.text or "") if child is not None else ""
    return text.strip() if strip else text
