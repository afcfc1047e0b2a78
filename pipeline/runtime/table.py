"""A CSV file as rows of one type: read back as it was written, the same bytes for the same rows."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from functools import cached_property
from io import StringIO
from itertools import islice
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Generic, NamedTuple, TextIO, TypeVar, get_type_hints

from pipeline.runtime.errors import UserError
from pipeline.runtime.files import replacing
from pipeline.runtime.lines import SEAL, records, seal, to_csv, unescape, unseal

if TYPE_CHECKING:
    import pandas as pd

Row = TypeVar("Row")

# Rows made text at a time.
_AT_ONCE = 1000
_NUMPY_TYPES = {str: "str", int: "int64", float: "float64"}


class Passage(NamedTuple):
    """The lines of a table that begin with one text, and what each has in one other column."""

    lines: str
    values: list[str]


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

    @cached_property
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
        with _damage_told(path or self.path):
            yield from self._parse(cells for cells, _ in self._records(path or self.path))

    def passages(self, column: str, path: Path | None = None) -> dict[str, Passage]:
        """The file's lines by the text that they begin with, and what each has in a text column.

        Where rows need only be told from others: it takes less than half of `read`'s time. Raises
        as `read` does, but for what is no number.
        """
        path, place = path or self.path, self.columns.index(column)
        found: dict[str, tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
        with _damage_told(path):
            for cells, line in self._records(path):
                lines, values = found[unescape(cells[0])]
                lines.append(line)
                values.append(unescape(cells[place]))
        return {name: Passage("".join(lines), values) for name, (lines, values) in found.items()}

    def lines(self, rows: Iterable[Row]) -> str:
        """Rows as the lines of a passage."""
        return to_csv(map(attrgetter(*self.columns), rows))

    def parse(self, lines: str) -> list[Row]:
        """The rows of a passage's lines; raises as `read` does."""
        with _damage_told(self.path):
            return list(self._parse(csv.reader(StringIO(lines, newline="\n"), strict=True)))

    def read_frame(self, path: Path | None = None) -> pd.DataFrame:
        """The file as a data frame, or one elsewhere; a label `NaN` stays a text.

        Raises `UserError` where it is missing, damaged, or has other columns.
        """
        import pandas as pd  # noqa: PLC0415 - half a second, for those who need frames

        path = path or self.path
        with _damage_told(path):
            with _open(path) as file:
                text = "".join(unseal(file) if self.sealed else file)
            frame = pd.read_csv(
                StringIO(text, newline=""), dtype=self._numpy_types(), keep_default_na=False,
                na_filter=False, lineterminator="\n",
            )  # fmt: skip
        self._check(list(frame.columns), path)
        if "'" in text:
            texts = [name for name, its in self._numpy_types().items() if its == "str"]
            frame[texts] = frame[texts].map(unescape)
        return frame

    def frame(self, rows: Iterable[Row]) -> pd.DataFrame:
        """Rows as a data frame with the file's columns and types."""
        import pandas as pd  # noqa: PLC0415

        values = map(attrgetter(*self.columns), rows)
        return pd.DataFrame(values, columns=self.columns).astype(self._numpy_types())

    def write(self, rows: Iterable[Row], path: Path | None = None) -> None:
        """Write the rows, in the order given, all at once."""
        with self.writing(path) as write:
            remaining = iter(rows)
            while some := list(islice(remaining, _AT_ONCE)):
                write(self.lines(some))

    def write_frame(self, frame: pd.DataFrame, path: Path | None = None) -> None:
        """Write the file's columns of a data frame, all at once."""
        self.write(
            (self.row(*values) for values in frame[self.columns].itertuples(index=False)), path
        )

    @contextmanager
    def writing(self, path: Path | None = None) -> Iterator[Callable[[str], None]]:
        """Gives a function that takes the next `lines`; the file is there, all at once, at the end.

        So of many rows, only those of the moment are held. After an error, nothing has changed.
        """
        with replacing(path or self.path) as file:
            header = ",".join([*self.columns, *([SEAL] if self.sealed else [])])
            file.write(f"{header}\n".encode("utf-8-sig" if self.for_excel else "utf-8"))

            def write(lines: str) -> None:
                file.write((seal(lines) if self.sealed else lines).encode("utf-8"))

            yield write

    def _records(self, path: Path) -> Iterator[tuple[list[str], str]]:
        """Each row's cells as they stand, and its line, or lines where a text breaks them."""
        with _open(path) as file:
            found = records(unseal(file) if self.sealed else file)
            columns, _ = next(found, ([], ""))
            if not columns:
                raise ValueError("it is empty")
            self._check(columns, path)
            for cells, line in found:
                if len(cells) != len(columns):
                    raise ValueError(f"{len(cells)} values in a row, not {len(columns)}")
                yield cells, line

    def _parse(self, rows: Iterable[list[str]]) -> Iterator[Row]:
        """The rows of some cells; raises ValueError at what is no number."""
        types = self._types
        texts = [i for i, its in enumerate(types) if its is str]
        numbers = [(i, its) for i, its in enumerate(types) if its is not str]
        last = [""] * len(types)
        for cells in rows:
            for i in texts:
                # Of a photo's digits, all have its name: one text for all takes less memory.
                if cells[i] == last[i]:
                    cells[i] = last[i]
            last = cells.copy()
            for i in texts:
                if cells[i][:1] == "'":
                    cells[i] = unescape(cells[i])
            for i, make in numbers:
                cells[i] = make(cells[i])
            yield self.row(*cells)

    @cached_property
    def _types(self) -> list[type]:
        """The type of each column, which takes long to find out."""
        types = get_type_hints(self.row)
        return [types[name] for name in self.columns]

    def _numpy_types(self) -> dict[str, str]:
        return {
            name: _NUMPY_TYPES[its] for name, its in zip(self.columns, self._types, strict=True)
        }

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


@contextmanager
def _damage_told(path: Path) -> Iterator[None]:
    try:
        yield
    except (ValueError, csv.Error) as error:
        raise damaged(path, error) from None


def _missing(path: Path) -> UserError:
    return UserError("{path} is missing: run `dvc repro`", path=path)


def damaged(path: Path, error: Exception) -> UserError:
    """What to say of a file that cannot be read as what it should be."""
    return UserError(
        "{path} is damaged ({error}): delete it and run `dvc repro`", path=path, error=error
    )
