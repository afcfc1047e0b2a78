"""Each rule sends a reading to a person for its own reason, and none changes what was read."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from replaying import read_as_named

from pipeline.images.box import Box
from pipeline.messages import say_in
from pipeline.params import RecordParams, RuleParams
from pipeline.reading.reading import Reading, Reason
from service.database.types import now
from service.models import Model
from service.recording.arrivals import Stamp
from service.recording.rules import RULES, check, check_value, is_within_tolerance, version_of
from service.recording.storing import Arrived, Judge
from service.recording.taken import Taken


def judge(name, read=None, usual=None, station="", **rules):
    """The rows that become of a photo called by what it shows."""
    params = RecordParams(**({"spot_checks": 0.0, "stations": {}} | rules))
    path = f"{station}/{name}" if station else name
    taken = Taken(now().replace(tzinfo=None), None, "mtime")
    arrived = Arrived("/photos", path, Stamp(1, 1), b"", "0" * 64, taken)
    its = Judge(params, Model("m", 0.5), 0.5, {station: Counter(usual or {})})
    return its.judge(arrived, read or read_as_named(name))


def codes(rows):
    return [reason["code"] for row in rows for reason in row["reasons"]]


def with_boxes(read, *boxes):
    """A reading whose digits are elsewhere."""
    (its,) = read.readings
    digits = tuple(replace(digit, box=box) for digit, box in zip(its.digits, boxes, strict=True))
    return replace(read, readings=(replace(its, digits=digits),))


def unlike(name, again="02.47", **values):
    read = replace(read_as_named(name), again=(again,))
    return replace(read, readings=(replace(read.readings[0], **values),))


TALL = [Box(10, 30, 25, 60), Box(30, 30, 45, 60), Box(50, 10, 65, 60)]
APART = [Box(10, 30, 25, 60), Box(30, 30, 45, 60), Box(110, 30, 125, 60)]
SECOND = Reading(1, "7", Decimal(7), 0.99, "accepted")


@pytest.mark.parametrize(
    ("code", "rows"),
    [
        ("digit_count", judge("02.47.jpg", digits=3)),
        ("decimals", judge("02.47.jpg", decimals=1)),
        (
            "no_number",
            judge("02.47.jpg", unlike("02.47.jpg", text="02:47", value=None, again="02:47")),
        ),
        ("negative", judge("02.47.jpg", unlike("02.47.jpg", value=Decimal("-2.47")))),
        ("too_small", judge("02.47.jpg", smallest=2.48)),
        ("too_large", judge("02.47.jpg", largest=2.46)),
        ("division", judge("02.47.jpg", division=0.05)),
        ("displays", judge("02.47.jpg", displays=2)),
        ("unusual_count", judge("02.47.jpg", usual={3: 60})),
        ("uneven_heights", judge("247.jpg", with_boxes(read_as_named("247.jpg"), *TALL))),
        ("uneven_gaps", judge("247.jpg", with_boxes(read_as_named("247.jpg"), *APART))),
        (
            "reread_differs",
            judge("02.47.jpg", replace(read_as_named("02.47.jpg"), again=("2.47",))),
        ),
        ("unsure", judge("02.47.jpg", unlike("02.47.jpg", confidence=0.4))),
    ],
)
def test_what_breaks_a_rule_goes_to_a_person_as_it_was_read(code, rows):
    assert codes(rows) == [code]
    assert rows[0]["status"] == "doubtful"
    assert rows[0]["text"].replace(":", ".") in ("02.47", "247")


def test_every_rule_is_tested_above():
    cases = test_what_breaks_a_rule_goes_to_a_person_as_it_was_read.pytestmark[0].args[1]
    assert {code for code, _ in cases} == {*RULES, "unsure"}


@pytest.mark.parametrize("code", sorted(RULES))
def test_every_reason_is_a_sentence_in_both_languages(code):
    english, korean = (say_in(language, RULES[code], other="7") for language in ("en", "ko"))
    assert english != korean
    assert "{" not in english + korean


def test_what_keeps_to_all_rules_is_accepted():
    rules = {"digits": 4, "decimals": 2, "smallest": 0.0, "largest": 2.47, "division": 0.01,
             "displays": 1, "unit": "kg", "target": 2.5, "tolerance": 0.03}  # fmt: skip
    (row,) = judge("02.47.jpg", usual={4: 60}, **rules)
    assert (row["status"], row["unit"], row["within_tolerance"]) == ("accepted", "kg", True)


@given(st.integers(-(10**6), 10**6), st.sampled_from([0.001, 0.002, 0.005, 0.01, 0.05, 0.1, 0.2]))
def test_a_multiple_of_the_division_is_exact(number, division):
    """Not as binary has it: 0.3 is three times 0.1."""
    value = number * Decimal(str(division))
    assert not [*check_value(value, RuleParams(division=division, sign=True))]
    beside = value + Decimal(str(division)) / 2
    assert [its.code for its in check_value(beside, RuleParams(division=division, sign=True))] == [
        "division"
    ]


def test_an_unseen_point_is_where_the_station_has_it():
    (row,) = judge("0247.jpg", station="press_1", stations={"press_1": RuleParams(decimals=2)})
    assert (row["text"], row["value"], row["status"]) == ("0247", Decimal("2.47"), "accepted")


def test_tolerance_is_the_product_s_quality_and_no_doubt():
    (row,) = judge("02.47.jpg", target=2.5, tolerance=0.02)
    assert (row["status"], row["within_tolerance"]) == ("accepted", False)
    assert is_within_tolerance(Decimal("2.48"), RuleParams(target=2.5, tolerance=0.02)) is True
    assert is_within_tolerance(None, RuleParams(target=2.5, tolerance=0.02)) is None


def test_a_station_has_rules_of_its_own_beside_the_common_ones():
    rules = {"digits": 4, "unit": "kg", "stations": {"press_2": RuleParams(unit="g", digits=None)}}
    assert codes(judge("247.jpg", station="press_1", **rules)) == ["digit_count"]
    (row,) = judge("247.jpg", station="press_2", **rules)
    assert (row["status"], row["unit"]) == ("accepted", "g")


def test_few_readings_say_nothing_of_what_is_usual():
    assert judge("02.47.jpg", usual={3: 29})[0]["status"] == "accepted"


def test_a_missed_second_display_is_told_on_each():
    read = read_as_named("02.47.jpg")
    both = replace(read, readings=(*read.readings, SECOND), again=("02.47", "7"))
    assert codes(judge("02.47.jpg", both, displays=1)) == ["displays", "displays"]


def test_nothing_found_is_rejected_and_not_thrown_away():
    none = Reading(0, "", None, 0.0, "none", (Reason("no_display"),))
    (row,) = judge("02.47.jpg", replace(read_as_named("02.47.jpg"), readings=(none,)))
    assert (row["status"], codes([row])) == ("rejected", ["no_display"])


def test_a_reading_without_text_breaks_no_rule_of_numbers():
    assert not [*check(Reading(0, "", None, 0.0, "none"), RuleParams(digits=4))]


def test_other_rules_are_another_version():
    one, other = (RecordParams(spot_checks=0.0, stations={}, digits=its) for its in (4, 5))
    assert version_of(one, 0.5) == version_of(one.model_copy(), 0.5) != version_of(other, 0.5)
    assert version_of(one, 0.5) != version_of(one, 0.6)


def test_about_as_many_as_asked_are_drawn_for_spot_checks():
    """And the same ones again."""

    def drawn(number):
        params = RecordParams(spot_checks=0.1, stations={})
        taken = Taken(now().replace(tzinfo=None), None, "mtime")
        arrived = Arrived("/photos", "1.jpg", Stamp(1, 1), b"", f"{number:064}", taken)
        judge = Judge(params, Model("m", 0.5), 0.5)
        return judge.judge(arrived, read_as_named("1.jpg"))[0]["spot_check"]

    numbers = [drawn(number) for number in range(2000)]
    assert 150 < sum(numbers) < 250
    assert numbers == [drawn(number) for number in range(2000)]
