"""Lines of CSV that come back as they went: through Excel, strange names and failing disks."""

from __future__ import annotations

import csv
import re
import zlib
from collections.abc import Iterable, Iterator
from io import StringIO
from typing import Literal

SEAL = "check"
# Excel takes a cell that begins so for a formula, unless it is a number below 0; with an apostrophe
# before it, for a text.
_FORMULA = re.compile(r"(?!-[0-9.]+\Z)'*[=+\-@]")
_ANY_FORMULA = re.compile(r"^(.*,)?\"?'*[=+\-@]", re.MULTILINE)


def records(lines: Iterable[str]) -> Iterator[tuple[list[str], str]]:
    """Each row's cells as they stand, and its line, or lines where a text breaks them.

    Raises `csv.Error` at what is no CSV.
    """
    taken: list[str] = []

    def take() -> Iterator[str]:
        for line in lines:
            taken.append(line)
            yield line

    for cells in csv.reader(take(), strict=True):
        yield cells, "".join(taken)
        taken.clear()


def to_csv(rows: Iterable[Iterable[object]]) -> str:
    """Rows as lines of CSV, in which no cell is a formula."""
    lines = list(rows)
    text = _format(lines, csv.QUOTE_MINIMAL)
    if _ANY_FORMULA.search(text):
        lines = [[_escape(cell) for cell in line] for line in lines]
        text = _format(lines, csv.QUOTE_MINIMAL)
    return "".join(map(_quote_breaks, lines)) if "\r" in text else text


def _quote_breaks(line: Iterable[object]) -> str:
    # Before Python 3.13 the writer leaves \r bare; the reader takes it for a line's end.
    text = _format([line], csv.QUOTE_MINIMAL)
    return _format([line], csv.QUOTE_NONNUMERIC) if "\r" in text else text


def _format(lines: Iterable[Iterable[object]], quoting: Literal[0, 2]) -> str:
    text = StringIO(newline="")
    csv.writer(text, lineterminator="\n", quoting=quoting).writerows(lines)
    return text.getvalue()


def _escape(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and _FORMULA.match(cell) else cell


def unescape(cell: str) -> str:
    """The text that a cell stands for."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def seal(text: str) -> str:
    """The same lines, each with a checksum of itself behind it."""
    # At newlines alone: a name may hold what `splitlines` takes for one, as U+2028.
    return "".join(f"{line},{_checksum(line)}\n" for line in text.split("\n")[:-1])


def unseal(lines: Iterable[str]) -> Iterator[str]:
    """The lines without their checksums; raises ValueError where one is not its line's."""
    remaining = iter(lines)
    header = next(remaining, "").removesuffix("\n")
    yield header.removesuffix(f",{SEAL}") + "\n"
    if not header.endswith(f",{SEAL}"):
        yield from remaining  # of another version: its columns tell
    for number, line in enumerate(remaining, start=2):
        if not line.endswith("\n"):
            raise ValueError("its last line is cut off")
        row, _, checksum = line.removesuffix("\n").rpartition(",")
        if checksum != _checksum(row):
            raise ValueError(f"line {number} is not as it was written")
        yield row + "\n"


def _checksum(line: str) -> str:
    return f"{zlib.crc32(line.encode('utf-8')):08x}"
