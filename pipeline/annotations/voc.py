"""One Pascal VOC file, read as it stands: nothing is judged here, nothing is repaired."""

from __future__ import annotations

import codecs
import errno
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from lxml import etree

# Ten thousand boxes by labelImg are 3 MB and 220,000 tags. The limits keep what a stranger's file
# can cost below a second and 200 MB.
LARGEST_XML = 8 * 2**20
MOST_TAGS = 500_000
MOST_OBJECTS = 20_000
# A tool that forgets to escape an ampersand does so in a name or two.
MOST_AMPERSANDS = 10_000

EDGES = ("xmin", "ymin", "xmax", "ymax")
# What a box may be called; of these, <bndbox> is read.
BOX_LIKE = frozenset({"bndbox", "bbox", "boundingbox", "bounding_box", "robndbox"})
_NO_DTD = "it declares a DTD, which no annotation tool writes"
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_STRAY_AMPERSAND = re.compile(rb"&(?!(?:[A-Za-z]+|#[0-9]+|#x[0-9A-Fa-f]+);)")


class UnreadableXml(Exception):  # noqa: N818 - it says what the file is
    """Why a file cannot be read as a VOC annotation."""


@dataclass(frozen=True)
class VocObject:
    """One `<object>`, or a box that stands in none: its number, label, box and rotation as texts.

    Objects are numbered from 1 on as they stand in the file, and then boxes that belong to none.
    `box` is (xmin, ymin, xmax, ymax), taken by name; None where there is no `<bndbox>`, and an
    empty text for an edge that is missing. `flaw` says why it is not one label with one box, and is
    empty where it is. `rotation` is CVAT's attribute, in degrees.
    """

    number: int
    label: str
    box: tuple[str, str, str, str] | None
    flaw: str = ""
    rotation: str = ""


@dataclass(frozen=True)
class Tells:
    """What gives away the tool that wrote a file: texts of its head, shape of its first object."""

    folder: str = ""
    has_path: bool = False
    verified: str = ""
    database: str = ""
    annotation: str = ""
    image: str = ""
    owner: str = ""
    has_attributes: bool = False
    order: tuple[str, ...] = ()


@dataclass(frozen=True)
class VocFile:
    """One annotation: the photo's name and size as the file has them, its objects, its tells."""

    filename: str
    size: tuple[str, str]
    objects: tuple[VocObject, ...]
    tells: Tells = field(default=Tells())


def read_voc(path: Path) -> VocFile:
    """Read one VOC file, whatever its encoding and namespace; no entity, DTD or network.

    Raises `UnreadableXml` with the reason where it is no VOC annotation.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_XML + 1)
    except OSError as error:
        # A disk that fails for a moment must not cost an annotation: the run stops.
        if error.errno not in (errno.ENOENT, errno.EACCES, errno.EPERM, errno.EISDIR):
            raise
        raise UnreadableXml(error.strerror or str(error)) from None
    return parse_voc(content)


def parse_voc(content: bytes) -> VocFile:
    """Read a VOC file's bytes; raises `UnreadableXml` with the reason."""
    if len(content) > LARGEST_XML:
        raise UnreadableXml(f"larger than {LARGEST_XML // 2**20} MiB")
    if content.count(b"<") + content.count(b"=") > MOST_TAGS:
        raise UnreadableXml(f"more than {MOST_TAGS} tags")
    root = _parse(content)
    if _name(root) != "annotation":
        raise UnreadableXml(f"its root is <{_name(root)[:40]}>, not <annotation>")
    objects = [node for node in root if _name(node) == "object"]
    strays = _find_strays(root, objects)
    if len(objects) + len(strays) > MOST_OBJECTS:
        raise UnreadableXml(f"{len(objects) + len(strays)} objects, more than {MOST_OBJECTS}")
    read = [_read_object(number, node) for number, node in enumerate(objects, start=1)]
    read += [_read_stray(number, node) for number, node in enumerate(strays, len(objects) + 1)]
    head = _children(root)
    size = _children(head.get("size"))
    return VocFile(
        filename=_text(head, "filename").strip(),
        size=(_text(size, "width").strip(), _text(size, "height").strip()),
        objects=tuple(read),
        tells=_read_tells(root, head),
    )


def _parse(content: bytes) -> etree._Element:
    """The root element, whatever the encoding."""
    is_utf8 = content.startswith(codecs.BOM_UTF8)
    if not content.startswith(_UTF16):
        content = content.removeprefix(codecs.BOM_UTF8).lstrip()
    if not content:
        raise UnreadableXml("the file is empty")
    # Refused unparsed: entities can cost much to expand. UTF-16 has a zero in every letter.
    if b"<!DOCTYPE" in content.replace(b"\0", b""):
        raise UnreadableXml(_NO_DTD)
    first_error = ""
    for attempt, encoding in _attempts(content, "utf-8" if is_utf8 else None):
        try:
            root = etree.fromstring(attempt, _parser(encoding))
        except etree.XMLSyntaxError as error:
            first_error = first_error or str(error)
            continue
        # In UTF-7 or EBCDIC it has other bytes; its entities were not resolved.
        if root.getroottree().docinfo.internalDTD is not None:
            raise UnreadableXml(_NO_DTD)
        return root
    raise UnreadableXml(first_error)


def _attempts(content: bytes, encoding: str | None) -> Iterator[tuple[bytes, str | None]]:
    """What to read in which encoding (None: as declared), the likeliest first."""
    # VoTT and make-sense write a file name's & as it is.
    contents = [content]
    if content.count(b"&") <= MOST_AMPERSANDS:
        contents.append(_STRAY_AMPERSAND.sub(b"&amp;", content))
    # A tool on Windows writes the system's encoding under a declaration that says UTF-8, or under
    # none: CP949 in Korea. Latin-1 reads any bytes, so that one strange letter costs no digit.
    for name in (encoding, "cp949", "iso-8859-1"):
        for attempt in dict.fromkeys(contents):
            yield attempt, name


def _parser(encoding: str | None) -> etree.XMLParser:
    # Without huge_tree, libxml2 refuses deep nesting and texts over 10 MB by itself.
    return etree.XMLParser(
        encoding=encoding,
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        remove_comments=True,
        remove_pis=True,
        huge_tree=False,
    )


def _read_object(number: int, node: etree._Element) -> VocObject:
    parts = _children(node)
    flaws = _repeated(node, parts, ("name", "bndbox"))
    box = None
    if "bndbox" in parts:
        edges = _children(parts["bndbox"])
        xmin, ymin, xmax, ymax = (_text(edges, edge).strip() for edge in EDGES)
        box = (xmin, ymin, xmax, ymax)
        flaws += _repeated(parts["bndbox"], edges, EDGES)
    return VocObject(number, _text(parts, "name"), box, " and ".join(flaws), _read_rotation(parts))


def _repeated(
    node: etree._Element, children: dict[str, etree._Element], names: Iterable[str]
) -> list[str]:
    """Which of `names` an element has several times, and how often; `children` are its own."""
    if len(children) == len(node):
        return []
    count = Counter(map(_name, node))
    return [f"{count[name]} <{name}>" for name in names if count[name] > 1]


def _read_rotation(parts: dict[str, etree._Element]) -> str:
    """The value of the attribute `rotation`, wherever it stands among CVAT's attributes."""
    for attribute in parts.get("attributes", ()):
        pair = _children(attribute)
        if _text(pair, "name").strip() == "rotation":
            return _text(pair, "value").strip()
    return ""


def _find_strays(root: etree._Element, objects: list[etree._Element]) -> list[etree._Element]:
    """Every element that is called like a box, but for the first of each object.

    An object accounts for that one, whether it is read or not; one at another place is a stray.
    """
    ours = set(objects)
    named = [(node, _name(node).lower()) for node in root.iter(etree.Element)]
    elsewhere = [node for node, name in named if name == "object" and node not in ours]
    accounted = set()
    for node in (*objects, *elsewhere):
        boxes = [child for child in node if _name(child).lower() in BOX_LIKE]
        direct = [child for child in boxes if _name(child) == "bndbox"] or boxes
        accounted.update(direct[:1])
    astray = set(elsewhere)
    return [
        node
        for node, name in named
        if node in astray or (name in BOX_LIKE and node not in accounted)
    ]


def _read_stray(number: int, node: etree._Element) -> VocObject:
    parents = [_name(parent)[:40] for parent in node.iterancestors()][::-1]
    place = "/".join([*parents[-3:], _name(node)])
    return VocObject(number, "", None, f"not the one box of an <object> below the root: {place}")


def _read_tells(root: etree._Element, head: dict[str, etree._Element]) -> Tells:
    source = _children(head.get("source"))
    first = _children(head.get("object"))
    return Tells(
        folder=_text(head, "folder").strip(),
        has_path="path" in head,
        verified=root.get("verified", ""),
        database=_text(source, "database").strip(),
        annotation=_text(source, "annotation").strip(),
        image=_text(source, "image").strip(),
        owner=_text(_children(head.get("owner")), "name").strip(),
        has_attributes="attributes" in first,
        order=tuple(edge for edge in _children(first.get("bndbox")) if edge in EDGES),
    )


def _name(node: etree._Element) -> str:
    """An element's name without its namespace."""
    tag = str(node.tag)
    return tag.rpartition("}")[2] if tag[0] == "{" else tag


def _children(node: etree._Element | None) -> dict[str, etree._Element]:
    """An element's children by name, of several of one name the first."""
    found: dict[str, etree._Element] = {}
    for child in () if node is None else node:
        found.setdefault(_name(child), child)
    return found


def _text(children: dict[str, etree._Element], name: str) -> str:
    """The text of a child; with an element inside it, which makes it no text, in its place."""
    if name not in children:
        return ""
    node = children[name]
    return (node.text or "") + "".join(f"<{_name(child)}>{child.tail or ''}" for child in node)
