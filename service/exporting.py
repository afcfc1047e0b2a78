"""The plant's view as a table for Excel."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from io import BytesIO, StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select

from pipeline.annotations.ledger import printable
from pipeline.messages import mark, say
from pipeline.runtime.errors import UserError
from pipeline.runtime.files import write_file
from service.database.schema import weight
from service.status import ORIGINS

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

Cell = str | int | float | Decimal | datetime | bool | None

# Each column's name for people, and how it comes from a row of the view.
_COLUMNS: dict[str, Callable[[Mapping[str, Any]], Cell]] = {
    mark("photo"): lambda row: printable(row["path"]),
    mark("station"): lambda row: printable(row["station"]),
    mark("display"): lambda row: row["display_no"] + 1,
    mark("taken at"): lambda row: row["taken_at"],
    mark("taken by"): lambda row: row["taken_source"],
    mark("arrived at"): lambda row: row["arrived_at"].astimezone().replace(tzinfo=None),
    mark("as seen"): lambda row: row["text"],
    mark("weight"): lambda row: row["value"],
    mark("unit"): lambda row: row["unit"],
    mark("within tolerance"): lambda row: row["within_tolerance"],
    mark("origin"): lambda row: say(ORIGINS[row["origin"]]),
    mark("confidence"): lambda row: row["confidence"],
    mark("model"): lambda row: row["model"],
}
# Excel takes a cell that begins so for a formula, and some programs one that begins with a space.
_FORMULA = re.compile(r"\s*[=+\-@\t\r|%\uff1d\uff0b\uff0d\uff20]")
_NUMBER = re.compile(r"-[0-9.]+")
# As many rows as Excel has.
_MOST_ROWS = 1_048_575
_AS_DATE = "yyyy-mm-dd hh:mm:ss"


def write_table(connection: Connection, path: Path) -> int:
    """Write all weights to a .csv or .xlsx, all at once; returns how many."""
    rows = select(weight).order_by(weight.c.photo_id, weight.c.display_no)
    found = connection.execution_options(yield_per=1000).execute(rows).mappings()
    lines = ([make(dict(row)) for make in _COLUMNS.values()] for row in found)
    is_csv = path.suffix.lower() == ".csv"
    content, count = (_as_csv if is_csv else _as_xlsx)(lines)
    write_file(path, content)
    return count


def _as_csv(lines: Iterator[list[Cell]]) -> tuple[bytes, int]:
    """UTF-8 with a mark that it is: without one, Excel in Korea reads CP949."""
    text, count = StringIO(), 0
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([say(name) for name in _COLUMNS])
    for count, line in enumerate(lines, 1):  # noqa: B007 - it is returned
        writer.writerow([_as_text(cell) for cell in line])
    return text.getvalue().encode("utf-8-sig"), count


def _as_text(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(int(cell))
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d %H:%M:%S}"
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    text = str(cell)
    # A number below 0 is no formula, though it begins like one.
    is_formula = isinstance(cell, str) and _FORMULA.match(text) and not _NUMBER.fullmatch(text)
    return f"'{text}" if is_formula else text


def _as_xlsx(lines: Iterator[list[Cell]]) -> tuple[bytes, int]:
    import xlsxwriter  # noqa: PLC0415 - for this kind of file alone

    buffer, count = BytesIO(), 0
    # Rows leave memory as they are written.
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        sheet = book.add_worksheet(say("weights"))
        date, head = book.add_format({"num_format": _AS_DATE}), book.add_format({"bold": True})
        sheet.write_row(0, 0, [say(name) for name in _COLUMNS], head)
        sheet.freeze_panes(1, 0)
        for count, line in enumerate(lines, 1):
            if count > _MOST_ROWS:
                raise UserError("Excel has no room for more than {rows} weights: write a .csv",
                                rows=f"{_MOST_ROWS:,}")  # fmt: skip
            for column, cell in enumerate(line):
                _write_cell(sheet, count, column, cell, date)
        sheet.autofilter(0, 0, max(count, 1), len(_COLUMNS) - 1)
        sheet.set_column(0, len(_COLUMNS) - 1, 16)
    return buffer.getvalue(), count


def _write_cell(sheet: Worksheet, row: int, column: int, cell: Cell, date: Format) -> None:
    if isinstance(cell, bool):
        sheet.write_boolean(row, column, cell)
    elif isinstance(cell, datetime):
        sheet.write_datetime(row, column, cell, date)
    elif isinstance(cell, Decimal | int | float):
        sheet.write_number(row, column, cell)
    elif cell is not None:
        sheet.write_string(row, column, cell)
