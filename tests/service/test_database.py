"""The tables on SQLite and PostgreSQL: made, upgraded, refused where they are another's."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from hypothesis import given, settings
from hypothesis import strategies as st
from rows import add_correction, add_photo, add_reading
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import IntegrityError

from pipeline.runtime.errors import UserError
from service.commands import database
from service.database.opening import connect, open_database, share_of, told
from service.database.schema import correction, metadata, photo, reading, weight
from service.database.upgrading import VERSION_TABLE, _config


def make_first_version(engine):
    """The tables as the first version had them, with a reading of that time."""
    with engine.begin() as connection:
        command.upgrade(_config(connection), "1")
        connection.execute(
            text(
                "INSERT INTO photo (id, sha256, folder, path, station, bytes, width, height, "
                "taken_at, taken_source, arrived_at) VALUES (1, 'a', '/photos', 'a.jpg', '', 1, 1, "
                "1, '2026-11-26 08:00:00', 'exif', '2026-11-26 08:00:01')"
            )
        )
        connection.execute(
            text(
                "INSERT INTO reading (id, photo_id, display_no, text, value, confidence, located, "
                "digits, status, reasons, threshold, model, rules, read_at) VALUES (1, 1, 0, "
                "'02.47', '2.47', 0.99, 0.9, '[]', 'accepted', '[]', 0.9, 'm', 'r', "
                "'2026-11-26 08:00:02')"
            )
        )


def test_the_migrations_make_the_tables_that_the_program_has(url):
    with open_database(url).connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        assert compare_metadata(context, metadata) == []
        assert {*inspect(connection).get_table_names()} == {*metadata.tables, VERSION_TABLE}


def test_an_older_database_is_refused_until_it_is_upgraded_and_then_loses_nothing(url, capsys):
    make_first_version(connect(url))
    with pytest.raises(UserError, match="digits database upgrade"):
        open_database(url)
    database.main(["upgrade", "--database", url])
    assert capsys.readouterr().out == "The database is of version 2\n"
    with open_database(url).connect() as connection:
        row = connection.execute(select(weight)).one()
        assert (row.text, row.value, row.origin) == ("02.47", Decimal("2.47"), "accepted")
        assert connection.scalar(select(reading.c.spot_check)) is False


def test_tables_of_another_program_are_refused(engine, url):
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE reading (id INTEGER)"))
    with pytest.raises(UserError, match="table reading of another program"):
        open_database(url)


def test_a_later_version_is_refused(engine, url):
    open_database(url).dispose()
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '99'"))
    with pytest.raises(UserError, match="does not know yet"):
        open_database(url)


@settings(max_examples=40)
@given(st.decimals(-999_999, 999_999, places=6))
def test_a_value_comes_back_as_it_was(tmp_path_factory, value):
    """On SQLite, whose own numbers are binary."""
    engine = open_database(f"sqlite:///{tmp_path_factory.mktemp('exact')}/weights.db")
    with engine.begin() as connection:
        its = add_reading(connection, add_photo(connection), value=value)
        assert connection.scalar(select(reading.c.value).where(reading.c.id == its)) == value


def test_values_and_moments_come_back_as_they_were(url):
    moment = datetime(2026, 11, 26, 8, 30, 0, 123456, timezone(timedelta(hours=9)))
    with open_database(url).begin() as connection:
        photo_id = add_photo(connection, arrived_at=moment)
        add_reading(connection, photo_id, value=Decimal("-0.050"))
        found = connection.execute(select(weight)).one()
        assert (found.value, found.arrived_at) == (Decimal("-0.050"), moment)
        # A number to whoever reads the table with another program.
        assert connection.scalar(text("SELECT count(*) FROM reading WHERE value < -0.049")) == 1


def test_zeros_around_the_point_stay(url):
    """Another program stores a meter's 611.0320 as 611.32 (nohn/watermeter, issue 100)."""
    with open_database(url).begin() as connection:
        value = Decimal("611.0320")
        add_reading(connection, add_photo(connection), text="611.0320", value=value)
        found = connection.execute(select(weight)).one()
        assert (found.text, found.value) == ("611.0320", value)


def test_a_content_has_one_row(url):
    with open_database(url).begin() as connection:
        add_photo(connection, sha256="a" * 64)
        with pytest.raises(IntegrityError):
            add_photo(connection, sha256="a" * 64)


def test_the_weight_is_what_a_person_said_last(url):
    with open_database(url).begin() as connection:
        photo_id = add_photo(connection)
        its = add_reading(connection, photo_id, text="02.47", status="doubtful")

        def current():
            row = connection.execute(select(weight)).one()
            return row.origin, row.text, row.value

        assert current() == ("waiting", None, None)
        add_correction(connection, its, "correct", "02.41", Decimal("2.41"))
        assert current() == ("corrected", "02.41", Decimal("2.41"))
        add_correction(connection, its, "undo", "")
        assert current() == ("waiting", None, None)
        add_correction(connection, its, "unreadable", "")
        assert current() == ("unreadable", "", None)
        add_correction(connection, its, "confirm", "02.47", Decimal("2.47"))
        assert current() == ("confirmed", "02.47", Decimal("2.47"))
        # None of it is gone.
        assert len(connection.execute(select(correction)).all()) == 4


def test_only_the_newest_model_s_readings_are_weights(url):
    with open_database(url).begin() as connection:
        photo_id = add_photo(connection)
        for display in (0, 1):
            add_reading(connection, photo_id, display_no=display, model="old", text="1")
        add_reading(connection, photo_id, model="new", text="2")
        assert [row.text for row in connection.execute(select(weight))] == ["2"]


def test_a_server_that_cannot_be_reached_is_told_without_its_password():
    with pytest.raises(UserError, match="see whether the server runs") as error:
        open_database("postgresql://plant:secret@127.0.0.1:1/weights")
    assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("weights.db", "no database's URL"),
        ("mysql://plant@host/weights", "no database that is known"),
        ("sqlite://", "needs a file"),
        ("sqlite:////nowhere/at/all/weights.db", "folder is missing"),
    ],
)
def test_a_wrong_url_is_told(wrong, words):
    with pytest.raises(UserError, match=words):
        open_database(wrong)


def test_a_file_that_is_no_database_is_told(tmp_path):
    file = tmp_path / "weights.db"
    file.write_bytes(b"\xff\xd8 a photo that was renamed" * 100)
    with pytest.raises(UserError, match="no SQLite database"):
        open_database(f"sqlite:///{file}")


def test_a_database_that_cannot_be_written_is_told(tmp_path):
    url = f"sqlite:///{tmp_path}/weights.db"
    open_database(url).dispose()
    with sqlite3.connect(tmp_path / "weights.db") as other:
        other.execute("PRAGMA journal_mode = DELETE")
    other.close()
    engine = connect(f"sqlite:///file:{tmp_path}/weights.db?mode=ro&uri=true")
    refused = pytest.raises(UserError, match="cannot be written to")
    with refused, told(engine), engine.begin() as connection:
        add_photo(connection)


def test_a_full_disk_is_told(tmp_path):
    engine = open_database(f"sqlite:///{tmp_path}/weights.db")
    full = pytest.raises(UserError, match="make room")
    with full, told(engine), engine.begin() as connection:
        # As many pages as it has: the next one is one too many.
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        for number in range(1000):
            add_photo(connection, sha256=f"{number:064}", path="x" * 200)


def test_a_network_share_is_known_by_the_nearest_mount():
    mounts = [("/", "ext4"), ("/mnt/plant", "cifs"), ("/mnt/plant/disk", "ext4")]
    assert share_of(Path("/mnt/plant/weights.db"), mounts) == "cifs"
    assert share_of(Path("/mnt/plant/disk/weights.db"), mounts) == ""
    assert share_of(Path("/mnt/planted/weights.db"), mounts) == ""


def test_two_programs_that_start_at_once_make_the_tables_once(url):
    with ThreadPoolExecutor(4) as together:
        engines = list(together.map(open_database, [url] * 4))
    with engines[0].connect() as connection:
        assert {*inspect(connection).get_table_names()} == {*metadata.tables, VERSION_TABLE}


def test_a_reading_needs_its_photo(url):
    with open_database(url).begin() as connection, pytest.raises(IntegrityError):
        add_reading(connection, 77)


def test_hostile_names_are_text(url):
    name = "'); DROP TABLE photo; --.jpg"
    with open_database(url).begin() as connection:
        add_photo(connection, path=name)
        assert connection.scalar(select(photo.c.path)) == name
