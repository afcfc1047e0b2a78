"""What is promised stands on a fair draw, and ends when what it stood on does."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from helpers import furnish
from hypothesis import given
from hypothesis import strategies as st
from rows import add_correction, add_photo, add_reading
from scipy.stats import binom
from sqlalchemy import insert, select

from pipeline.contracts import DIGITS, LISTS, PHOTOS, read_list
from service.commands import threshold
from service.database.opening import open_database
from service.database.schema import promise
from service.database.types import now
from service.evidence import gather
from service.models import Model, find_model
from service.promises import chance_of, find_promise, last_ending, last_reading, threshold_of


@pytest.fixture
def connection(tmp_path, monkeypatch):
    """A database, in a folder where no pipeline has run."""
    monkeypatch.chdir(tmp_path)
    with open_database(f"sqlite:///{tmp_path}/weights.db").begin() as connection:
        yield connection


def check(connection, right, count=1, seed=0, **values):
    """Readings drawn for a spot check that a person has looked at."""
    looks = random.Random(seed)
    for _ in range(count):
        photo_id = add_photo(
            connection, perceptual_hash=f"{looks.getrandbits(256):064x}",
            taken_at=now().replace(tzinfo=None) - timedelta(minutes=looks.randrange(10**6)),
        )  # fmt: skip
        its = add_reading(connection, photo_id, **({"spot_check": True, "read_at": now()} | values))
        add_correction(connection, its, "confirm" if right else "correct", "02.47", blind=True)


def promised(connection, **values):
    row = {"model": "m", "wrong": 0.01, "threshold": 0.7, "readings": 300, "errors": 0,
           "made_at": now(), "last_reading": 0}  # fmt: skip
    connection.execute(insert(promise).values(**(row | values)))


def known(connection, since=None):
    return gather(connection, "m", since).accepted


@given(st.integers(0, 3000), st.integers(0, 3000), st.floats(0.001, 0.999))
def test_a_chance_is_the_binomial_s_tail(hits, more, rate):
    assert chance_of(hits, hits + more, rate) == pytest.approx(
        binom.sf(hits - 1, hits + more, rate), abs=1e-9
    )


def test_a_promise_sets_the_threshold_of_its_model_alone(connection):
    promised(connection)
    assert threshold_of(connection, Model("m", 0.9)) == 0.7
    assert threshold_of(connection, Model("another", 0.9)) == 0.9


def test_a_failed_spot_check_ends_it(connection):
    promised(connection)
    check(connection, right=True, count=20)
    assert not find_promise(connection, "m").ended
    check(connection, right=False, count=2, seed=1)
    assert "of 22 readings that were checked blind since, 2 were wrong" in str(
        find_promise(connection, "m").ended
    )
    assert threshold_of(connection, Model("m", 0.9)) == 0.9


def test_what_has_ended_stays_so_and_is_promised_anew_from_new_evidence_alone(connection):
    promised(connection)
    check(connection, right=False, count=3)
    assert threshold_of(connection, Model("m", 0.6)) == 0.7
    check(connection, right=True, count=600, seed=1)
    assert find_promise(connection, "m").ended
    since = last_ending(connection, "m")
    assert known(connection, since)["errors"].max() == 0
    assert known(connection)["errors"].max() == 3


def test_what_was_checked_before_the_promise_does_not_end_it(connection):
    check(connection, right=False, count=5)
    promised(connection, last_reading=last_reading(connection))
    assert not find_promise(connection, "m").ended


def test_evidence_ends_at_the_first_draw_that_nobody_has_looked_at(connection):
    """Whoever looks at the doubtful ones first would else make the reader look worse, or better."""
    check(connection, right=True, count=5)
    add_reading(connection, add_photo(connection), spot_check=True)
    check(connection, right=True, count=5, seed=1)
    assert known(connection)["accepted"].max() == 5


def test_evidence_has_what_could_be_accepted_by_this_model_and_was_drawn(connection):
    check(connection, right=True, count=3)
    check(connection, right=True, count=2, seed=1, spot_check=False)
    check(connection, right=True, count=2, seed=2, model="old")
    check(connection, right=False, count=2, seed=3, reasons=[{"code": "gap", "other": ""}])
    check(connection, right=False, count=1, seed=4, reasons=[{"code": "unsure", "other": ""}])
    found = known(connection)
    assert (found["accepted"].max(), found["errors"].max()) == (4, 1)


def test_what_other_rules_have_read_since_is_no_evidence_and_holds_up_none(connection):
    add_reading(connection, add_photo(connection), spot_check=True, rules="old")
    check(connection, right=True, count=3)
    assert known(connection)["accepted"].max() == 3


def test_a_photo_that_was_trained_on_is_no_evidence(connection, workplace):
    workplace.set(split__by="photo", split__validation=0.4)
    workplace.add_displays(6)
    workplace.do("parse", "crop", "split")
    photos = PHOTOS.read_frame().set_index("photo")
    digits = DIGITS.read_frame().sort_values("column")
    texts = digits.groupby("photo")["label"].agg("".join)
    for number, (name, row) in enumerate(photos.iterrows()):
        photo_id = add_photo(
            connection, perceptual_hash=row["perceptual_hash"],
            taken_at=now().replace(tzinfo=None) - timedelta(hours=number),
        )  # fmt: skip
        its = add_reading(connection, photo_id, spot_check=True, text=texts[name])
        add_correction(connection, its, "confirm", texts[name])
    validation = {line.split("/")[1].split("-")[0] for line in read_list(LISTS["valid"])}
    assert 0 < len(validation) < len(photos)
    assert known(connection)["accepted"].max() == len(validation)


def test_a_burst_counts_once(connection):
    moment = now().replace(tzinfo=None)
    for second in range(4):
        photo_id = add_photo(
            connection, taken_at=moment + timedelta(seconds=second),
            perceptual_hash=f"{random.Random(second).getrandbits(256):064x}",
        )  # fmt: skip
        its = add_reading(connection, photo_id, spot_check=True)
        add_correction(connection, its, "confirm", "02.47")
    assert known(connection)["accepted"].max() == 1


def test_from_800_without_an_error_1_in_267_can_be_promised(tmp_path, monkeypatch, capsys):
    furnish(tmp_path)
    monkeypatch.chdir(tmp_path)
    model = find_model(tmp_path / "models").name
    url = f"sqlite:///{tmp_path}/weights.db"
    with open_database(url).begin() as connection:
        check(connection, right=True, count=800, model=model)
    with pytest.raises(SystemExit) as ended:
        threshold.main(["--wrong", "0.001", "--database", url])
    assert ended.value.code == 3
    said = capsys.readouterr().out
    assert "2,995 readings without an error are needed" in said
    assert "at most 1 in 267 is wrong" in said
    threshold.main(["--wrong", "0.00375", "--database", url])
    with open_database(url).connect() as connection:
        row = connection.execute(select(promise)).one()
        assert (row.model, row.readings, row.errors) == (model, 800, 0)
