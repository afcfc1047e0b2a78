"""Bring the Korean catalogue up to date with the texts in the code: `make messages`.

A new text comes in without a translation, which a test asks for; one that is no longer said goes.
Needs Babel, which comes with the packages for tests.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from babel.messages import extract
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from pipeline.messages import CATALOGUES, DOMAIN

ROOT = Path(__file__).parents[1]
SOURCES = (ROOT / "pipeline", ROOT / "service")
KOREAN = CATALOGUES / "ko" / "LC_MESSAGES" / f"{DOMAIN}.po"

_HERE = "catalogue"
# What a text for people stands in, and at which place where that is not the first.
_CALLS: dict[str, tuple[int, ...] | None] = {
    "say": None, "UserError": None, "mark": None, "say_in": (2,), "mark_plural": (1, 2),
    "translate": None, "attribute": (2,),  # in the page's templates
}  # fmt: skip
_FORMAT = re.compile(r"%(\(\w+\))?[srd]")


def update() -> None:
    """Write the catalogue anew, and compiled beside it, for those who have no Babel."""
    catalogue = read()
    catalogue.update(find_texts(), no_fuzzy_matching=True, update_creation_date=False)
    for message in catalogue:
        # Babel takes "95% interval" for a format, which a translation would have to keep.
        if not _FORMAT.search(str(message.id)):
            message.flags.discard("python-format")
    with KOREAN.open("wb") as file:
        write_po(
            file, catalogue, width=0, sort_by_file=True, include_lineno=False, ignore_obsolete=True
        )
    KOREAN.with_suffix(".mo").write_bytes(compiled(catalogue))


def read() -> Catalog:
    """The Korean catalogue as it is."""
    with KOREAN.open("rb") as file:
        return read_po(file, locale="ko", domain=DOMAIN)


def compiled(catalogue: Catalog) -> bytes:
    """A catalogue as the standard library's gettext reads it."""
    buffer = BytesIO()
    write_mo(buffer, catalogue)
    return buffer.getvalue()


def find_texts() -> Catalog:
    """Every text of the code and of the page's templates, not translated."""
    found = Catalog()
    methods = [("**.py", f"{_HERE}:extract_python"), ("**/template/*.html", "jinja2")]
    for folder in SOURCES:
        for file, _, texts, comments, context in extract.extract_from_dir(
            folder, methods, {"**": {"silent": "false"}}, _CALLS
        ):
            place = f"{folder.name}/{Path(file).as_posix()}"
            found.add(texts, None, [(place, 1)], auto_comments=comments, context=context)
    return found


def extract_python(
    file: BinaryIO, calls: Mapping[str, Any], tags: list[str], options: Mapping[str, Any]
) -> Iterator[tuple[int, str | None, list[str | None], list[str]]]:
    """For Babel: a source file's calls with texts, as line, name, arguments, no comments.

    And the paragraphs of a docstring that a command's parser is given, which says them. Babel's own
    extraction would take `say(TEXTS["key"])` for the text "key".
    """
    tree = ast.parse(file.read())
    if any(isinstance(node, ast.Name) and node.id == "__doc__" for node in ast.walk(tree)):
        for paragraph in (ast.get_docstring(tree) or "").split("\n\n"):
            if "->" not in paragraph:  # what is read and written needs no words
                yield 1, None, [paragraph], []
    found = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in calls
    ]
    for call in sorted(found, key=lambda node: (node.lineno, node.col_offset)):
        assert isinstance(call.func, ast.Name)
        yield call.lineno, call.func.id, [_text(argument) for argument in call.args], []


def _text(argument: ast.expr) -> str | None:
    is_text = isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    return argument.value if is_text else None  # type: ignore[attr-defined]


if __name__ == "__main__":
    update()
