"""The rules: which labels and boxes are used, repaired or rejected, and under which reason."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.annotations.reasons import REASONS
from pipeline.annotations.rules import Rejected, check_box, check_label, find_repeats, read_box
from pipeline.annotations.voc import VocObject
from pipeline.images.box import Box

WIDTH, HEIGHT = 100, 80


def reasons(findings):
    return [finding.reason for finding in findings]


@pytest.mark.parametrize("digit", "0123456789")
def test_a_digit_is_itself(digit):
    """Nothing had to be done to it."""
    assert check_label(digit, {}, []) == (digit, [])


@pytest.mark.parametrize("text", [" 7", "7 ", "\t7\n", "\uff17", "\u30007", "7\u00a0"])
def test_spaces_and_full_width_forms_are_tidied_and_said(text):
    """The digit is used, and the ledger shows that its label was changed."""
    label, findings = check_label(text, {}, [])
    assert (label, reasons(findings)) == ("7", ["label_tidied"])


@pytest.mark.parametrize(
    "text", ["", " ", ".", "-", "7.", "kWh", "NaN", "seven", "O", "l", "\u0667"]
)
def test_other_labels_are_no_digit(text):
    """The reason shows the label in quotes, so that spaces are seen."""
    with pytest.raises(Rejected) as rejected:
        check_label(text, {}, [])
    assert rejected.value.finding == ("not_a_digit", repr(text))


@pytest.mark.parametrize("text", ["10", " 17.20 ", "\uff11\uff10"])
def test_a_number_is_a_box_round_the_whole_display(text):
    """It is told otherwise than a wrong label: the boxes must be drawn again."""
    with pytest.raises(Rejected) as rejected:
        check_label(text, {}, [])
    assert rejected.value.finding == ("whole_display", repr(text))


@pytest.mark.parametrize("text", ["seven", " seven ", "\uff53even"])
def test_a_spelling_in_labels_is_its_digit(text):
    """It is tidied before it is looked up; what the user has listed needs no finding."""
    assert check_label(text, {"seven": "7"}, []) == ("7", [])


@pytest.mark.parametrize("text", [".", " . ", "\uff0e"])
def test_a_label_in_ignore_is_left_out_as_expected(text):
    """It has a reason of its own, and is no mistake."""
    with pytest.raises(Rejected) as rejected:
        check_label(text, {}, ["."])
    assert rejected.value.finding.reason == "ignored_label"


def test_a_digit_can_be_ignored():
    """The user's list comes before the rule."""
    with pytest.raises(Rejected):
        check_label("7", {}, ["7"])


@pytest.mark.parametrize(
    ("texts", "values"),
    [
        (("1", "2", "30", "40"), (1, 2, 30, 40)),
        (("45.70000076293945", "-1", "1e1", "+7"), (45.70000076293945, -1, 10, 7)),
    ],
)
def test_numbers_of_any_spelling_are_read(texts, values):
    """They may be whole, fractional or signed."""
    assert read_box(VocObject(1, "7", texts)) == values


@pytest.mark.parametrize(
    "text", ["", "x", "nan", "inf", "-Infinity", "1e999", "1,5", "0x10", "1 2"]
)
def test_what_is_no_finite_number_is_rejected(text):
    """The reason shows all four texts."""
    with pytest.raises(Rejected) as rejected:
        read_box(VocObject(1, "7", ("1", text, "3", "4")))
    assert rejected.value.finding == ("bad_number", f"1, {text}, 3, 4")


def test_an_object_without_a_box_is_rejected():
    """It may have a polygon only."""
    with pytest.raises(Rejected) as rejected:
        read_box(VocObject(1, "7", None))
    assert rejected.value.finding == ("no_box", "no <bndbox>")


@pytest.mark.parametrize(
    ("values", "box", "found"),
    [
        pytest.param((10, 20, 30, 40), (10, 20, 30, 40), [], id="as drawn"),
        pytest.param((0, 0, 100, 80), (0, 0, 100, 80), [], id="the whole photo"),
        pytest.param((10.4, 20.5, 30.6, 39.5), (10, 21, 31, 40), [], id="to the nearest pixel"),
        pytest.param((30, 20, 10, 40), (10, 20, 30, 40), ["box_swapped"], id="x swapped"),
        pytest.param((10, 40, 30, 20), (10, 20, 30, 40), ["box_swapped"], id="y swapped"),
        pytest.param((-5, 20, 30, 40), (0, 20, 30, 40), ["box_clipped"], id="over the left"),
        pytest.param((90, 70, 101, 81), (90, 70, 100, 80), ["box_clipped"], id="one pixel over"),
        pytest.param(
            (101, 81, 90, 70), (90, 70, 100, 80), ["box_swapped", "box_clipped"], id="both"
        ),
        pytest.param((10, 20, 12, 22), (10, 20, 12, 22), [], id="two pixels a side"),
        pytest.param((90, 10, 110, 20), (90, 10, 100, 20), ["box_clipped"], id="half outside"),
    ],
)
def test_a_usable_box_and_its_repairs(values, box, found):
    """Swapped and overhanging boxes are put right, and the ledger says so."""
    checked, findings = check_box(values, WIDTH, HEIGHT)
    assert (checked, reasons(findings)) == (box, found)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        pytest.param((10, 20, 10, 40), "box_empty", id="no width"),
        pytest.param((10, 20, 30, 20), "box_empty", id="no height"),
        pytest.param((10, 20, 11, 40), "box_empty", id="one pixel wide"),
        pytest.param((100, 10, 120, 20), "box_outside", id="beside the photo"),
        pytest.param((-50, -50, -10, -10), "box_outside", id="above the photo"),
        pytest.param((89, 10, 112, 20), "box_outside", id="mostly outside"),
        pytest.param((98.6, 10, 101, 20), "box_outside", id="one pixel inside"),
        pytest.param((-1e300, -1e300, 1e300, 1e300), "box_outside", id="all the world"),
    ],
)
def test_an_unusable_box_is_rejected(values, reason):
    """Nothing a digit could be told from is left inside the photo."""
    with pytest.raises(Rejected) as rejected:
        check_box(values, WIDTH, HEIGHT)
    assert rejected.value.finding.reason == reason


@given(
    values=st.tuples(*[st.floats(-300, 300)] * 4),
    width=st.integers(1, 200),
    height=st.integers(1, 200),
)
def test_no_box_leaves_its_photo(values, width, height):
    """Every box that is used lies inside, two pixels a side or more, and passes again as it is."""
    try:
        box, _ = check_box(values, width, height)
    except Rejected:
        return
    assert 0 <= box.xmin <= box.xmax - 2 <= width - 2
    assert 0 <= box.ymin <= box.ymax - 2 <= height - 2
    assert check_box(box, width, height) == (box, [])


def test_details_are_facts():
    """They have the box as drawn, and the photo's size where it matters."""
    photo = "in a photo of 100 x 80"
    for values, code, detail in (
        ((5.5, 20, 5, 40), "box_empty", "5.5, 20, 5, 40"),
        ((100, 10, 120, 20), "box_outside", f"100, 10, 120, 20 {photo}"),
        ((89, 10, 112, 20), "box_outside", f"89, 10, 112, 20 {photo}"),
    ):
        with pytest.raises(Rejected) as rejected:
            check_box(values, WIDTH, HEIGHT)
        assert rejected.value.finding == (code, detail)
        assert str(rejected.value) == detail
    assert check_box((101, 20, 90, 40.25), WIDTH, HEIGHT)[1] == [
        ("box_swapped", "101, 20, 90, 40.25"),
        ("box_clipped", f"101, 20, 90, 40.25 {photo}"),
    ]
    assert check_label(" 7", {}, [])[1] == [("label_tidied", "' 7' read as 7")]
    with pytest.raises(Rejected) as rejected:
        check_label(" . ", {}, ["."])
    assert rejected.value.finding == ("ignored_label", " . ")
    assert find_repeats({1: (A, "7"), 2: (A, "1")})[1].detail == "one digit, labels 1 and 7"
    assert find_repeats(dict.fromkeys((1, 2, 3), (A, "7")))[3].detail == "drawn 3 times"


A, B = Box(0, 0, 10, 10), Box(12, 0, 22, 10)


def test_of_a_box_drawn_twice_the_first_stays():
    """The others are duplicates."""
    found = find_repeats({1: (A, "7"), 2: (B, "7"), 5: (A, "7"), 7: (A, "7")})
    assert {number: finding.reason for number, finding in found.items()} == {
        5: "duplicate_box",
        7: "duplicate_box",
    }


def test_of_a_box_with_two_labels_none_stays():
    """Nobody knows which is right; the reason names both."""
    found = find_repeats({1: (A, "7"), 2: (A, "1"), 3: (B, "7")})
    assert set(found) == {1, 2}
    assert all(finding.reason == "conflicting_labels" for finding in found.values())
    assert all("1 and 7" in finding.detail for finding in found.values())


def test_different_boxes_do_not_repeat():
    """Neighbours of one label are two digits."""
    assert find_repeats({1: (A, "7"), 2: (B, "7")}) == {}


def test_copies_in_a_long_column_are_found():
    """Each of 200 digits above each other is there twice, as labelImg's "duplicate" shifts it."""
    rows = [Box(10, 20 * row, 22, 20 * row + 15) for row in range(200)]
    copies = [Box(*(edge + 2 for edge in box)) for box in rows]
    found = find_repeats({number: (box, "7") for number, box in enumerate([*rows, *copies])})
    assert set(found) == set(range(200, 400))


@pytest.mark.parametrize("text", ["7" + " " * 500, "\u00a0" * 100 + "7"])
def test_a_digit_among_many_spaces_is_found(text):
    """A stranger's tool may have written any number of them."""
    assert check_label(text, {}, [])[0] == "7"


@given(
    boxes=st.lists(
        st.tuples(
            st.integers(0, 90), st.integers(0, 20), st.integers(4, 30), st.integers(4, 30),
            st.sampled_from("17"),
        ),
        max_size=8,
    )
)  # fmt: skip
def test_what_stays_overlaps_nothing_that_stays(boxes):
    """By a count of shared pixels: no two boxes that are used stand on one digit."""
    drawn = {i: (Box(x, y, x + w, y + h), label) for i, (x, y, w, h, label) in enumerate(boxes)}
    found = find_repeats(drawn)
    pixels = {
        number: {(x, y) for x in range(box.xmin, box.xmax) for y in range(box.ymin, box.ymax)}
        for number, (box, _) in drawn.items()
    }
    staying = [number for number in drawn if number not in found]
    for one, other in combinations(staying, 2):
        shared, either = pixels[one] & pixels[other], pixels[one] | pixels[other]
        assert len(shared) < 0.7 * len(either)
    if found:
        assert any(
            len(pixels[a] & pixels[b]) >= 0.7 * len(pixels[a] | pixels[b])
            or (drawn[b][0].xmin - drawn[a][0].xmin) ** 2 == 4
            for a, b in combinations(drawn, 2)
        )


@pytest.mark.parametrize("length", [65, 400])
def test_a_number_that_is_too_long_is_none(length):
    """Cut off, it would be another number."""
    with pytest.raises(Rejected) as rejected:
        read_box(VocObject(1, "7", ("1", "0" * length + "5", "30", "40")))
    assert rejected.value.finding.reason == "bad_number"


@pytest.mark.parametrize("text", ["7" * 65, "7" + " " * 200 + "7", "\ufdfa" * 3_000_000])
def test_a_long_text_is_no_digit(text):
    """It costs no time, though one of these letters becomes eighteen when it is normalized."""
    with pytest.raises(Rejected) as rejected:
        check_label(text, {}, [])
    assert rejected.value.finding.reason in ("not_a_digit", "whole_display")


@pytest.mark.parametrize("code", REASONS)
def test_every_reason_says_what_becomes_of_it_and_how_to_mend_it(code):
    """There are three verdicts, and only a rejection can be expected."""
    assert REASONS[code].verdict in {"rejected", "repaired", "noted"}
    assert not REASONS[code].expected or REASONS[code].verdict == "rejected"
    assert REASONS[code].advice
