"""What `digits status` says, and its exit code."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from helpers import furnish
from rows import add_correction, add_photo, add_reading
from sqlalchemy import insert

from pipeline.runtime.errors import UserError
from service.commands import status
from service.database.opening import open_database
from service.database.schema import failure, watch
from service.database.types import now


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A workplace with the first day's model."""
    furnish(tmp_path)
    monkeypatch.chdir(tmp_path)


def look(url, capsys, code=0):
    """The status as a program reads it."""
    open_database(url).dispose()
    try:
        status.main(["--json", "--database", url])
        ended = 0
    except SystemExit as error:
        ended = error.code
    assert ended == code
    return json.loads(capsys.readouterr().out)


def fail(connection, attempts):
    connection.execute(
        insert(failure).values(
            folder="/photos", path="x.jpg", bytes=1, modified_ns=1, reason="not a photo",
            attempts=attempts, first_at=now(), last_at=now(), next_attempt=now(),
        )
    )  # fmt: skip


def test_it_counts_by_station_and_names_the_oldest_that_waits(url, capsys, here):
    with open_database(url).begin() as connection:
        old = add_photo(connection, station="a", path="a/old.jpg", arrived_at=now())
        add_reading(connection, old, status="doubtful", reasons=[{"code": "gap", "other": ""}])
        add_reading(connection, add_photo(connection, station="a", arrived_at=now()))
        new = add_photo(connection, station="b", arrived_at=now() - timedelta(days=2))
        add_correction(connection, add_reading(connection, new, status="doubtful"), "confirm", "1")
    its = look(url, capsys)
    assert (its["photos"], its["today"]) == (3, 2)
    assert its["stations"]["a"] | {"confirmed": 0} == {
        "accepted": 1, "waiting": 1, "confirmed": 0, "corrected": 0, "unreadable": 0,
    }  # fmt: skip
    assert its["stations"]["b"]["confirmed"] == 1
    assert its["oldest"]["photo"] == "a/old.jpg"


def test_what_failed_is_listed_and_what_keeps_failing_is_stuck(url, capsys, here):
    with open_database(url).begin() as connection:
        fail(connection, attempts=1)
    its = look(url, capsys)
    assert (its["failures"][0]["file"], its["failures"][0]["reason"]) == ("x.jpg", "not a photo")
    with open_database(url).begin() as connection:
        connection.execute(failure.update().values(attempts=5))
    assert look(url, capsys, code=1)["stuck"]


def test_what_waits_for_days_is_stuck(url, capsys, here):
    with open_database(url).begin() as connection:
        its = add_photo(connection, arrived_at=now() - timedelta(days=4))
        add_reading(connection, its, status="doubtful")
    assert "digits review" in look(url, capsys, code=1)["stuck"][0]


def test_a_display_that_changed_is_an_alarm(url, capsys, here):
    model = look(url, capsys)["model"]
    with open_database(url).begin() as connection:
        for number in range(200):
            is_doubtful = number % 20 == 0 or (number >= 150 and number % 2)
            add_reading(
                connection, add_photo(connection, station="press_2", arrived_at=now()),
                model=model, status="doubtful" if is_doubtful else "accepted",
            )  # fmt: skip
    its = look(url, capsys, code=3)
    assert "press_2" in its["alarms"][0]


def test_people_read_lines(url, capsys, here):
    with open_database(url).begin() as connection:
        add_reading(connection, add_photo(connection, station="press_1", arrived_at=now()))
    status.main(["--database", url])
    assert "press_1: accepted 1" in capsys.readouterr().out


def test_whoever_asks_makes_no_database(tmp_path, here):
    url = f"sqlite:///{tmp_path}/weigths.db"
    with pytest.raises(UserError, match="there is no database"):
        status.main(["--database", url])
    assert not (tmp_path / "weigths.db").exists()


def test_a_watcher_that_is_silent_is_stuck(url, capsys, here):
    with open_database(url).begin() as connection:
        row = {"folder": "/photos", "looked_at": now() - timedelta(hours=1), "unlisted": ""}
        connection.execute(insert(watch).values(row))
    assert "nobody has looked at /photos" in look(url, capsys, code=1)["stuck"][0]
