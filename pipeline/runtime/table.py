"""A CSV file as rows of one type: read back as it was written, the same bytes for the same rows."""

from __future__ import annotations

import csv
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from io import StringIO
from itertools import islice
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Generic, Literal, TextIO, TypeVar, get_type_hints

from pipeline.runtime.errors import UserError
from pipeline.runtime.files import replacing

if TYPE_CHECKING:
    import pandas as pd

Row = TypeVar("Row")
Line = TypeVar("Line")

# Rows made text at a time.
_AT_ONCE = 1000
_NUMPY_TYPES = {str: "str", int: "int64", float: "float64"}
_SEAL = "check"
# Excel takes a cell that begins so for a formula, unless it is a number below 0; with an apostrophe
# before it, for a text.
_FORMULA = re.compile(r"(?!-[0-9.]+\Z)'*[=+\-@]")
_ANY_FORMULA = re.compile(r"^(.*,)?\"?'*[=+\-@]", re.MULTILINE)


@dataclass(frozen=True)
class Table(Generic[Row]):
    """A CSV file: its place, and the type of its rows, whose fields are its columns.

    Where it is `sealed`, each row ends with a checksum of itself, so that one that was cut off or
    changed by hand is never taken for what a stage wrote. Where it is `for_excel`, it begins with
    the mark of UTF-8, without which Excel in Korea reads CP949.
    """

    path: Path
    row: type[Row]
    sealed: bool = False
    for_excel: bool = False

    @property
    def columns(self) -> list[str]:
        """The columns, in order."""
        return [its.name for its in fields(self.row)]  # type: ignore[arg-type]

    def read(self, path: Path | None = None) -> list[Row]:
        """The rows of the file, or of one elsewhere.

        Raises `UserError` where it is missing, damaged, or has other columns.
        """
        return list(self.rows(path))

    def rows(self, path: Path | None = None) -> Iterator[Row]:
        """The rows one after the other; raises as `read` does, when it comes to the damage."""
        path = path or self.path
        types = get_type_hints(self.row)
        convert = [_unescape if types[name] is str else types[name] for name in self.columns]
        last = [""] * len(convert)
        try:
            with _open(path) as file:
                lines = csv.reader(_unseal(file) if self.sealed else file, strict=True)
                self._check(_first(lines), path)
                for line in lines:
                    # Of a photo's digits, all have its name: one text for all takes less memory.
                    last = [old if old == new else new for old, new in zip(last, line, strict=True)]
                    yield self.row(*(make(text) for make, text in zip(convert, last, strict=True)))
        except (ValueError, csv.Error) as error:
            raise damaged(path, error) from None

    def read_frame(self, path: Path | None = None) -> pd.DataFrame:
        """The file as a data frame, or one elsewhere; a label `NaN` stays a text.

        Raises `UserError` where it is missing, damaged, or has other columns.
        """
        import pandas as pd  # noqa: PLC0415 - half a second, for those who need frames

        path = path or self.path
        try:
            with _open(path) as file:
                text = "".join(_unseal(file) if self.sealed else file)
            frame = pd.read_csv(
                StringIO(text, newline=""), dtype=self._types(), keep_default_na=False,
                na_filter=False, lineterminator="\n",
            )  # fmt: skip
        except ValueError as error:
            raise damaged(path, error) from None
        self._check(list(frame.columns), path)
        if "'" in text:
            texts = [name for name, its in self._types().items() if its == "str"]
            frame[texts] = frame[texts].map(_unescape)
        return frame

    def frame(self, rows: Iterable[Row]) -> pd.DataFrame:
        """Rows as a data frame with the file's columns and types."""
        import pandas as pd  # noqa: PLC0415

        values = map(attrgetter(*self.columns), rows)
        return pd.DataFrame(values, columns=self.columns).astype(self._types())

    def write(self, rows: Iterable[Row], path: Path | None = None) -> None:
        """Write the rows, in the order given, all at once."""
        with self.writing(path) as write:
            remaining = iter(rows)
            while some := list(islice(remaining, _AT_ONCE)):
                write(some)

    def write_frame(self, frame: pd.DataFrame, path: Path | None = None) -> None:
        """Write the file's columns of a data frame, all at once."""
        self.write(
            (self.row(*values) for values in frame[self.columns].itertuples(index=False)), path
        )

    @contextmanager
    def writing(self, path: Path | None = None) -> Iterator[Callable[[Iterable[Row]], None]]:
        """Gives a function that takes the next rows; the file is there, all at once, at the end.

        So of many rows, only those of the moment are held. After an error, nothing has changed.
        """
        with replacing(path or self.path) as file:

            def write_lines(lines: Iterable[Iterable[object]]) -> None:
                text = _to_csv(lines)
                file.write((_seal(text) if self.sealed else text).encode("utf-8"))

            header = ",".join([*self.columns, *([_SEAL] if self.sealed else [])])
            file.write(f"{header}\n".encode("utf-8-sig" if self.for_excel else "utf-8"))
            cells = attrgetter(*self.columns)
            yield lambda rows: write_lines(map(cells, rows))

    def _types(self) -> dict[str, str]:
        types = get_type_hints(self.row)
        return {name: _NUMPY_TYPES[types[name]] for name in self.columns}

    def _check(self, columns: list[str], path: Path) -> None:
        if columns != self.columns:
            raise UserError(
                "{path} has other columns than expected: delete it and run `dvc repro`", path=path
            )


def read_file(path: Path) -> bytes:
    """A file's bytes; raises `UserError` where it is missing."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise _missing(path) from None


def _open(path: Path) -> TextIO:
    """A table's lines, at newlines alone: a name may hold what else Unicode takes for one."""
    try:
        return path.open(encoding="utf-8-sig", newline="\n")
    except FileNotFoundError:
        raise _missing(path) from None


def _missing(path: Path) -> UserError:
    return UserError("{path} is missing: run `dvc repro`", path=path)


def _first(lines: Iterator[Line]) -> Line:
    for line in lines:
        return line
    raise ValueError("it is empty")


def damaged(path: Path, error: Exception) -> UserError:
    """What to say of a file that cannot be read as what it should be."""
    return UserError(
        "{path} is damaged ({error}): delete it and run `dvc repro`", path=path, error=error
    )


def _to_csv(rows: Iterable[Iterable[object]]) -> str:
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


def _unescape(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def _seal(text: str) -> str:
    # At newlines alone: a name may hold what `splitlines` takes for one, as U+2028.
    return "".join(f"{line},{_checksum(line)}\n" for line in text.split("\n")[:-1])


def _unseal(lines: Iterable[str]) -> Iterator[str]:
    """The lines without their checksums; raises ValueError where one is not its line's."""
    remaining = iter(lines)
    header = _first(remaining).removesuffix("\n")
    yield header.removesuffix(f",{_SEAL}") + "\n"
    if not header.endswith(f",{_SEAL}"):
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
