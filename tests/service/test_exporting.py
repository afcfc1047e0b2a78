"""The table for Excel, read by others' readers."""

from __future__ import annotations

import csv
from decimal import Decimal

import pytest
from openpyxl import load_workbook
from rows import add_correction, add_photo, add_reading

from service.commands import export_readings
from service.database.opening import open_database


@pytest.fixture
def url(tmp_path):
    """A weight that is accepted, one below 0 that was corrected, one that waits, hostile names."""
    url = f"sqlite:///{tmp_path}/weights.db"
    with open_database(url).begin() as connection:
        add_reading(connection, add_photo(connection, path="=1+1.jpg", station="저울 1"))
        its = add_reading(connection, add_photo(connection, path="@SUM(A1).jpg", station="-2+3"))
        add_correction(connection, its, "correct", "-0.50", Decimal("-0.50"))
        add_reading(connection, add_photo(connection, path="c.jpg"), status="doubtful")
    return url


def test_csv_is_utf_8_with_a_mark_and_has_no_formula(url, tmp_path):
    export_readings.main([str(tmp_path / "weights.csv"), "--database", url])
    content = (tmp_path / "weights.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(content.decode("utf-8-sig").splitlines()))
    assert [row["photo"] for row in rows] == ["'=1+1.jpg", "'@SUM(A1).jpg", "c.jpg"]
    assert [row["station"] for row in rows] == ["저울 1", "'-2+3", ""]
    assert [row["weight"] for row in rows] == ["2.47", "-0.5", ""]
    assert [row["origin"] for row in rows] == ["accepted", "corrected", "waiting"]


def test_xlsx_has_numbers_as_numbers_and_dates_as_dates_and_no_formula(url, tmp_path):
    export_readings.main([str(tmp_path / "weights.xlsx"), "--database", url])
    sheet = load_workbook(tmp_path / "weights.xlsx").active
    head, *rows = sheet.iter_rows()
    column = {cell.value: cell.column - 1 for cell in head}
    assert [row[column["weight"]].value for row in rows] == [2.47, -0.5, None]
    assert [row[column["as seen"]].value for row in rows] == ["02.47", "-0.50", None]
    assert rows[0][column["taken at"]].is_date
    assert [row[column["photo"]].value for row in rows] == ["=1+1.jpg", "@SUM(A1).jpg", "c.jpg"]
    assert {cell.data_type for row in rows for cell in row} <= {"s", "n", "d", "b"}


def test_korean_columns_for_a_korean_user(url, tmp_path, monkeypatch):
    monkeypatch.setenv("PIPELINE_LANG", "ko")
    export_readings.main([str(tmp_path / "weights.csv"), "--database", url])
    first = (tmp_path / "weights.csv").read_text(encoding="utf-8-sig").splitlines()[0]
    assert first.isascii() is False


@pytest.mark.parametrize("name", ["weights.xls", "folder.csv"])
def test_what_is_no_table_s_name_is_refused(url, tmp_path, capsys, name):
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(SystemExit):
        export_readings.main([str(tmp_path / name), "--database", url])
    assert "it must end in .csv or .xlsx" in capsys.readouterr().err
