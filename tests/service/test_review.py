"""The page's server, asked by a plain client: who gets what, and what becomes of answers."""

from __future__ import annotations

import threading
from datetime import timedelta
from decimal import Decimal
from itertools import chain, pairwise

import pytest
from reviewing import UNSURE, Person, Plant, serving
from sqlalchemy import insert, select, update

from service.database.schema import claim, promise
from service.database.types import now
from service.review.spot_checks import measure

TOO_LARGE = ({"code": "too_large", "other": "50"},)
NO_DISPLAY = ({"code": "no_display", "other": ""},)


@pytest.fixture
def plant(tmp_path):
    """A plant without photos yet."""
    return Plant(tmp_path / "plant")


@pytest.fixture
def shared_plant(tmp_path, url):
    """The same, once on each kind of database."""
    return Plant(tmp_path / "plant", url)


@pytest.fixture
def address(plant):
    """Where its page is."""
    with serving(plant) as its:
        yield its


def order(person):
    """The readings in the order in which somebody gets them."""
    seen = []
    while item := person.next(have=seen):
        seen.append(item["reading_id"])
    return seen


def test_rule_breaks_come_first_then_the_least_sure(plant, address):
    """And what has no digits at all comes last."""
    surer = plant.add("surer.jpg", "11", confidence=0.8)
    none = plant.add("none.jpg", "", status="rejected", reasons=NO_DISPLAY, confidence=0.0)
    unsure = plant.add("unsure.jpg", "22", confidence=0.3)
    large = plant.add("large.jpg", "99", reasons=TOO_LARGE, confidence=0.99)
    plant.add("good.jpg", "33", status="accepted")
    assert order(Person(address)) == [large, unsure, surer, none]


def test_drawn_readings_stand_between_the_doubtful_ones(plant, address):
    """Not all at the end or the start, and each once."""
    doubtful = {plant.add(f"{i}.jpg", f"{100 + i}") for i in range(12)}
    drawn = {
        plant.add(f"d{i}.jpg", f"{200 + i}", status="accepted", spot_check=True) for i in range(6)
    }
    row = order(Person(address))
    assert sorted(row) == sorted(doubtful | drawn)
    kinds = [its in drawn for its in row]
    assert sum(a != b for a, b in pairwise(kinds)) > 2


def test_a_drawn_reading_looks_like_a_doubtful_one_of_which_nothing_is_sure(plant, address):
    """But for its photo, the page gets the same of both but for what Space fills in."""
    plant.add("a.jpg", "1234", sure=[0.2] * 4, reasons=TOO_LARGE)
    blind = plant.add("b.jpg", "1234", status="accepted", spot_check=True)
    items = {its["reading_id"]: its for its in _items(Person(address))}
    drawn, doubtful = items.pop(blind), next(iter(items.values()))
    for name in ("text", "boxes", "reasons", "display", "unit", "count"):
        assert drawn[name] == doubtful[name], name
    assert drawn["text"] == "" and drawn["read"] is None


def _items(person):
    first = person.next()
    return [first, person.next(have=[first["reading_id"]])]


def test_a_drawn_reading_cannot_be_confirmed_unseen(plant, address):
    """Whoever looks at it has to type; what was typed right counts as confirmed, and blind."""
    blind = plant.add("b.jpg", "12.5", status="accepted", spot_check=True)
    person = Person(address)
    assert person.next()["reading_id"] == blind
    assert person.say(blind, "confirm").status_code == 400
    assert person.say(blind, text="12.5").status_code == 200
    (row,) = plant.corrections()
    assert (row.action, row.text, row.value, row.blind) == ("confirm", "12.5", Decimal("12.5"), 1)


def test_sure_digits_are_filled_in_and_doubtful_ones_are_gaps(plant, address):
    """Points stand where they were read."""
    plant.add("a.jpg", "12.34", sure=[0.99, 0.5, 0.95, 0.99])
    item = Person(address).next()
    assert (item["text"], item["read"], len(item["boxes"])) == ("1_.34", "12.34", 4)


@pytest.mark.slow
def test_people_at_once_never_get_the_same_photo(shared_plant):
    """Real clients in threads, of two servers, until nothing is left."""
    plant = shared_plant
    ids = {plant.add(f"{i}.jpg", f"{100 + i}") for i in range(24)}
    got: dict[int, list[int]] = {0: [], 1: [], 2: [], 3: []}
    with serving(plant) as one, serving(plant) as other:
        _work_at_once(got, (one, other))
    assert sorted(chain(*got.values())) == sorted(ids)
    assert len(plant.corrections()) == len(ids)


def _work_at_once(got, addresses):
    def work(number):
        person = Person(addresses[number % 2], f"person {number}")
        while item := person.next(have=got[number][-1:]):
            got[number].append(item["reading_id"])
            assert person.say(item["reading_id"], text=item["read"]).status_code == 200

    threads = [threading.Thread(target=work, args=(number,)) for number in got]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.slow
def test_an_answer_sent_twice_at_once_is_stored_once(shared_plant):
    """Whichever comes first; an undo brings the reading back on each kind of database."""
    its = shared_plant.add("a.jpg", "12")
    with serving(shared_plant) as address:
        person = Person(address)
        person.next()
        codes = []
        say = lambda: codes.append(person.say(its, text="13", key="k" * 32).status_code)  # noqa: E731
        threads = [threading.Thread(target=say) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert codes == [200] * 6 and len(shared_plant.corrections()) == 1
        assert person.undo(its, "k" * 32).status_code == 200
        assert person.next()["reading_id"] == its


def test_displays_of_one_photo_stay_with_one_person(plant, address):
    """Also after the first of them was answered."""
    photo_id = plant.add_photo("two.jpg", "1122")
    ids = [
        plant.add_reading(photo_id, text, display_no=number, boxes=[(6, 30, 30, 70)] * 2)
        for number, text in enumerate(("11", "22"))
    ]
    one, other = Person(address), Person(address, "lee")
    first = one.next()["reading_id"]
    assert other.next() is None
    assert one.say(first, text="11").status_code == 200
    assert other.next() is None
    assert {first, one.next()["reading_id"]} == set(ids)


def test_a_claim_runs_out(plant, address):
    """Whoever went away does not keep a photo; who comes back too late is told."""
    its = plant.add("a.jpg", "12")
    gone, other = Person(address), Person(address, "lee")
    assert gone.next() and not other.next()
    _set_claims(plant, now() - timedelta(seconds=1))
    assert other.next()["reading_id"] == its
    assert gone.say(its, text="12").status_code == 409


def test_a_clock_that_was_set_back_blocks_no_photo(plant, address):
    """A claim that reaches further than one can is none."""
    its = plant.add("a.jpg", "12")
    assert Person(address).next()
    _set_claims(plant, now() + timedelta(hours=3))
    assert Person(address, "lee").next()["reading_id"] == its


def _set_claims(plant, until):
    with plant.engine.begin() as connection:
        connection.execute(update(claim).values(until=until))


def test_an_answer_gives_the_photo_back(plant, address):
    """And nothing is left of the claim."""
    its = plant.add("a.jpg", "12")
    person = Person(address)
    person.next()
    person.say(its, text="13")
    with plant.engine.connect() as connection:
        assert connection.execute(select(claim)).all() == []


def test_what_was_put_off_does_not_come_again(plant, address):
    """In this session."""
    its = plant.add("a.jpg", "12")
    person = Person(address)
    assert person.next()["reading_id"] == its
    assert person.next(later=[its]) is None


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"text": "13"}, ("correct", "13", Decimal(13), "corrected")),
        ({"text": "12"}, ("confirm", "12", Decimal(12), "confirmed")),
        ({"action": "confirm"}, ("confirm", "12", Decimal(12), "confirmed")),
        ({"action": "unreadable"}, ("unreadable", "", None, "unreadable")),
        ({"text": "-00.20"}, ("correct", "-00.20", Decimal("-0.20"), "corrected")),
        ({"text": "12:30"}, ("correct", "12:30", None, "corrected")),
    ],
)
def test_an_answer_is_what_the_plant_sees(plant, address, said, expected):
    """Who said it, when and in how many seconds is kept."""
    its = plant.add("a.jpg", "12")
    person = Person(address)
    person.next()
    assert person.say(its, **said).status_code == 200
    (row,), view = plant.corrections(), plant.weights()[its]
    assert (row.action, view.text, view.value, view.origin) == expected
    assert (row.who, row.seconds, row.blind) == ("kim", 1.5, False)


def test_tolerance_is_judged_by_the_stations_rules(plant, address):
    """As the rules of params.yaml have it for where the photo is from."""
    rules = {"target": 100.0, "tolerance": 2.0, "decimals": 1}
    plant.params.record.stations["press"] = type(plant.params.record.rules_of(""))(**rules)
    its = plant.add("press/a.jpg", "990", "998", station="press")
    person = Person(address)
    person.next()
    person.say(its, text="1031")
    row = plant.weights()[its]
    assert (row.value, row.within_tolerance) == (Decimal("103.1"), False)


def test_an_answer_that_is_sent_twice_is_stored_once(plant, address):
    """As a network repeats it; both are told that it is saved."""
    its = plant.add("a.jpg", "12")
    person = Person(address)
    person.next()
    for _ in range(2):
        assert person.say(its, text="13", key="k" * 32).status_code == 200
    assert len(plant.corrections()) == 1


def test_undo_is_a_row_and_brings_the_reading_back(plant, address):
    """To whoever undid it; nobody can undo what is not the last answer."""
    its = plant.add("a.jpg", "12")
    one, other = Person(address), Person(address, "lee")
    one.next()
    one.say(its, text="13", key="a" * 32)
    assert one.undo(its, "b" * 32).status_code == 409
    assert one.undo(its, "a" * 32).status_code == 200
    assert [row.action for row in plant.corrections()] == ["correct", "undo"]
    assert plant.weights()[its].origin == "waiting"
    assert other.next() is None
    assert one.next()["reading_id"] == its
    assert one.say(its, text="14").status_code == 200
    assert plant.weights()[its].text == "14"


def test_a_second_answer_to_the_same_reading_is_refused(plant, address):
    """It was answered: only an undo opens it again."""
    its = plant.add("a.jpg", "12")
    person = Person(address)
    person.next()
    person.say(its, text="13")
    assert person.say(its, text="14").status_code == 409
    assert len(plant.corrections()) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"text": ""},
        {"text": "1a"},
        {"text": "1..2"},
        {"text": "\uff11\uff12"},
        {"text": "1" * 21},
        {"text": "12\n"},
        {"text": "12", "who": ""},
        {"text": "12", "who": "x" * 61},
        {"text": "12", "action": "accept"},
        {"text": "12", "key": "short"},
        {"text": "12", "boxes": []},
        {"text": "1", "boxes": [{"label": "1", "box": [0, 0, 1, 40]}]},
        {"text": "1", "boxes": [{"label": "1", "box": [-1, 0, 20, 40]}]},
        {"text": "1", "boxes": [{"label": "1", "box": [0, 0, 161, 40]}]},
        {"text": "1", "boxes": [{"label": "2", "box": [0, 0, 20, 40]}]},
        {"text": "1", "boxes": [{"label": "1", "box": [0, 0, 20.5, 40]}]},
        {"text": "1", "boxes": [{"label": "1", "box": [0, 0, True, 40]}]},
        {"text": "1", "boxes": ["box"]},
        {"text": "1", "boxes": [{"label": "1", "box": [0, 0, 20, 40]}] * 33},
    ],
)
def test_what_is_no_answer_is_refused(plant, address, wrong):
    """With a sentence, and nothing is stored."""
    its = plant.add("a.jpg", "12")
    person = Person(address)
    person.next()
    answer = person.say(its, **wrong)
    assert answer.status_code == 400 and answer.json()["error"]
    assert plant.corrections() == []


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b'"x"', b"[" * 30_000, b'{"holder": 1}', b"\xff"]
)
def test_what_is_no_request_is_refused(address, body):
    """Whatever is sent in its place."""
    headers = {"Content-Type": "application/json"}
    for path in ("/next", "/answer"):
        answer = Person(address).client.post(path, content=body, headers=headers)
        assert answer.status_code == 400, path


def test_a_reading_of_an_earlier_pass_waits_no_more(plant, address):
    """A newer model has read the photo anew: only that counts."""
    photo_id = plant.add_photo("a.jpg", "12")
    plant.add_reading(photo_id, "12", model="old")
    newest = plant.add_reading(photo_id, "13", model="new")
    assert order(Person(address)) == [newest]


def test_the_numbers_have_each_week_and_station(plant, address):
    """Counts by hand: of 12 blind ones in a week 2 wrong is more than 0.5 % can be."""
    for week in (0, 1):
        for i in range(12):
            plant.add(f"s/{week}-{i}.jpg", f"{100 + i}", status="accepted", spot_check=True,
                      station=f"s{week}")  # fmt: skip
    person = Person(address)
    misread = 2
    while item := person.next():
        is_first = item["photo"].startswith("s/0")
        answer = "999" if is_first and misread else str(100 + int(item["photo"][4:-4]))
        misread -= answer == "999"
        assert person.say(item["reading_id"], text=answer).status_code == 200
    with plant.engine.connect() as connection:
        checks = measure(connection, 0.005)
    assert [(its.week, its.station, its.checked, its.wrong, its.alarm) for its in checks] == [
        ("2026-W48", "s0", 12, 2, True),
        ("2026-W48", "s1", 12, 0, False),
    ]
    assert checks[0].interval[0] < 1 / 6 < checks[0].interval[1]
    page = person.client.get("/numbers").text
    assert "of 12 accepted readings that were looked at blind, 2 were wrong" in page


def test_a_promise_takes_the_place_of_the_parameter(plant, address):
    """The newest one of the readings' model: what it allows is no alarm."""
    its = plant.add("a.jpg", "12", status="accepted", spot_check=True)
    person = Person(address)
    person.next()
    person.say(its, text="13")
    made = {
        "model": "m1",
        "threshold": 0.9,
        "readings": 9,
        "errors": 0,
        "made_at": now(),
        "last_reading": 0,
    }
    alarms = []
    for wrong in (0.001, 0.5):
        with plant.engine.begin() as connection:
            connection.execute(insert(promise).values(wrong=wrong, **made))
            (check,) = measure(connection, 0.005)
            alarms.append((check.promised, check.alarm))
    assert alarms == [(0.001, True), (0.5, False)]


def test_doubtful_is_what_it_says(plant, address):
    """The reasons are sentences in the language that the browser asks for."""
    plant.add("a.jpg", "12", reasons=(*UNSURE, *TOO_LARGE))
    reasons = Person(address).next()["reasons"]
    assert reasons == ["not sure enough: compare it with the photo", "it is larger than 50"]
