"""Which photos are labelled next, and that labelling is correcting."""

from __future__ import annotations

import random
from collections import Counter
from decimal import Decimal
from pathlib import PurePosixPath
from xml.etree import ElementTree

import pytest
from helpers import display, draw_photo, jpeg, voc_xml, write
from hypothesis import given
from hypothesis import strategies as st

from pipeline.reading.reading import Reading
from service.choosing import Candidate, choose
from service.names import copy_name


def candidate(number, text="1234", confidence=0.99, looks=None, **values):
    """A photo with looks of its own, or of some `looks`."""
    bits = random.Random(number if looks is None else looks).getrandbits(256)
    reading = Reading(0, text, Decimal(1), confidence, "accepted")
    its = {"path": f"{number:04}.jpg", "station": "a", "day": "2026-11-26",
           "sha256": f"{number:064}", "perceptual_hash": f"{bits:064x}", "readings": (reading,),
           "reasons": frozenset()}  # fmt: skip
    return Candidate(**(its | values))


def texts(seed, count):
    draw = random.Random(seed)
    return ["".join(draw.choices("012345678", k=4)) for _ in range(count)]


def test_a_fifth_is_random_a_fifth_rules_and_rare_digits_the_rest_the_least_sure():
    pool = [candidate(i, text, confidence=0.5 + i / 1000) for i, text in enumerate(texts(0, 300))]
    pool += [candidate(300 + i, "5555", reasons=frozenset({"too_large"})) for i in range(10)]
    pool += [candidate(400 + i, f"999{i}") for i in range(3)]
    chosen = choose(pool, 50, {})
    whys = Counter(its.why for its in chosen)
    assert (len(chosen), whys["random"], whys["rule"] + whys["rare"]) == (50, 10, 10)
    assert whys["unsure"] == 30
    rare = [its.candidate.text for its in chosen if its.why == "rare"]
    assert any("9" in text for text in rare)
    least = [its.candidate.confidence for its in chosen if its.why == "unsure"]
    assert max(least) < 0.6


def test_the_random_ones_are_drawn_of_all():
    """They follow from no reading: those with other readings are the same photos."""
    numbers = range(200)
    one = choose([candidate(i, confidence=i / 200) for i in numbers], 20, {})
    other = choose([candidate(i, confidence=1 - i / 200) for i in numbers], 20, {})
    of = [{its.candidate.path for its in found if its.why == "random"} for found in (one, other)]
    assert of[0] == of[1]
    assert len(of[0]) == 4


def test_near_duplicates_are_chosen_once():
    pool = [candidate(i, "1234", looks=i // 10) for i in range(100)]
    chosen = choose(pool, 50, {})
    assert len(chosen) == 10


def test_they_are_spread_over_days_and_stations():
    pool = [
        candidate(i, text, confidence=0.2 if i < 100 else 0.9, station="ab"[i >= 100],
                  day=f"2026-11-{1 + i % 5:02}")
        for i, text in enumerate(texts(1, 200))
    ]  # fmt: skip
    unsure = [its.candidate for its in choose(pool, 50, {}) if its.why == "unsure"]
    assert min(Counter((its.station, its.day) for its in unsure).values()) >= 2
    assert len({(its.station, its.day) for its in unsure}) == 10


def test_a_digit_that_training_lacks_is_rare():
    pool = [candidate(i, "0000") for i in range(50)] + [candidate(99, "7777")]
    labelled = dict.fromkeys("0123456789", 100) | {"7": 2}
    rare = [its.candidate.text for its in choose(pool, 10, labelled) if its.why == "rare"]
    assert rare[0] == "7777"


@given(st.integers(0, 40), st.integers(1, 60))
def test_never_more_than_asked_and_none_twice(count, asked):
    chosen = choose([candidate(i) for i in range(count)], asked, {})
    paths = [its.candidate.path for its in chosen]
    assert len(paths) == len(set(paths)) == min(count, asked)


@given(st.text(min_size=1, max_size=60).filter(lambda name: "/" not in name))
def test_a_copy_s_name_is_harmless(name):
    its = copy_name("0" * 64, f"a{name}.JPG")
    assert PurePosixPath(its).name == its
    assert not set(its) & set("<>&'\"/\\;|$` \n\0")
    assert its.endswith(".jpg")


@pytest.mark.slow
def test_digits_next_copies_what_it_chose_with_proposals(workplace):
    folder = workplace.folder / "inbox"
    for i in range(6):
        content = jpeg(draw_photo(display("12345"[: 3 + i % 3], top=10 + 9 * i), seed=i))
        write(folder / f"press_{i % 2}" / f"<{i}>.jpg", content)
    write(folder / "done.jpg", jpeg(draw_photo(display("12"))))
    write(folder / "done.xml", voc_xml(display("12"), "done.jpg"))
    before = sorted(folder.rglob("*"))
    done = workplace.digits_command("next", "inbox", "--count", "5")
    assert done.returncode == 0, done.stderr
    (day,) = (workplace.folder / "to_label").iterdir()
    copies = sorted(day.rglob("*.jpg"))
    assert len(copies) == len(done.stdout.splitlines()) == 5
    assert {its.parent.name for its in copies} == {"picked", "random"}
    assert "done.jpg" not in done.stdout
    assert sorted(folder.rglob("*")) == before
    for path in day.rglob("*.xml"):
        root = ElementTree.parse(path).getroot()
        assert path.with_suffix(".jpg").name == root.findtext("filename")
        assert root.findtext("object/name").isdigit()
