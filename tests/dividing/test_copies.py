"""Which photos are copies of one another."""

from __future__ import annotations

from itertools import cycle, islice, permutations

import numpy as np
import pandas as pd
import pytest
from helpers import digits_table, photos_table
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.dividing.copies import (
    add_readings,
    are_copies,
    find_copies,
    group_digits,
    photos_of,
)

PLAIN, BIT_12, BIT_13 = "0" * 64, f"{2**12 - 1:064x}", f"{2**13 - 1:064x}"


def grouped(photos, readings=("70",)):
    """Sets of photos that are copies; a photo is (name, md5, hash), readings repeat."""
    table = pd.DataFrame(photos, columns=["photo", "md5", "perceptual_hash"])
    table["reading"] = list(islice(cycle(readings), len(photos)))
    nothing = pd.Series([np.empty(0)] * len(table), dtype=object)
    table = table.assign(taken="", places=nothing, colours=nothing)
    return {frozenset(its["photo"]) for _, its in table.groupby(find_copies(table).groups)}


def far(number):
    """A hash far from every other number's."""
    return f"{number:x}" * 64


@pytest.mark.parametrize(
    ("a", "b", "copies"),
    [
        pytest.param(("a.jpg", "same", far(1)), ("b.jpg", "same", far(2)), True, id="same bytes"),
        pytest.param(
            ("x_jpg.rf.12ab.jpg", "1", far(1)), ("x_jpg.rf.9fcd.jpg", "2", far(2)), True, id=".rf."
        ),
        pytest.param(
            ("train/x_jpg.rf.1.jpg", "1", far(1)), ("valid/x_jpg.rf.2.jpg", "2", far(2)), True,
            id=".rf. in two folders",
        ),
        pytest.param(
            ("x.jpg", "1", far(1)), ("x_jpg.rf.1.jpg", "2", far(2)), True, id=".rf. and original"
        ),
        pytest.param(
            ("X.JPG", "1", far(1)), ("x_jpg.rf.1.jpg", "2", far(2)), True, id="upper and lower case"
        ),
        pytest.param(
            ("cam1/x.jpg", "1", far(1)), ("cam2/x.jpg", "2", far(2)), False, id="two cameras"
        ),
        pytest.param(
            ("x_jpg.rf.12ab.jpg", "1", far(1)), ("y_jpg.rf.12ab.jpg", "2", far(2)), False,
            id="two originals",
        ),
        pytest.param(("a.jpg", "1", PLAIN), ("b.jpg", "2", BIT_12), True, id="12 bits apart"),
        pytest.param(("a.jpg", "1", PLAIN), ("b.jpg", "2", BIT_13), False, id="13 bits apart"),
        pytest.param(("a.jpg", "1", far(1)), ("b.jpg", "2", far(2)), False, id="two photos"),
    ],
)  # fmt: skip
def test_two_photos_are_copies_or_not(a, b, copies):
    """They are by bytes, by Roboflow's name, or by looks."""
    assert (len(grouped([a, b])) == 1) == copies


def test_photos_that_look_alike_with_other_digits_are_no_copies():
    """A scale on a tripod gives photos that differ in their digits alone."""
    photos = [("a.jpg", "1", PLAIN), ("b.jpg", "2", PLAIN)]
    assert len(grouped(photos, ["70", "71"])) == 2


def test_a_copy_of_a_copy_is_a_copy():
    """Here it is one photo's copy by bytes, and another's by name."""
    photos = [
        ("a.jpg", "same", far(1)),
        ("x_jpg.rf.1.jpg", "same", far(2)),
        ("x_jpg.rf.2.jpg", "3", far(3)),
        ("b.jpg", "4", far(4)),
    ]
    assert grouped(photos) == {
        frozenset({"a.jpg", "x_jpg.rf.1.jpg", "x_jpg.rf.2.jpg"}),
        frozenset({"b.jpg"}),
    }


def test_no_photos_are_no_groups():
    """An empty table is none's copy."""
    assert grouped([]) == set()


def test_a_reading_is_the_photos_digits_in_reading_order():
    """It does not depend on their rows' order; a photo without digits reads as nothing."""
    photos = pd.DataFrame({"photo": ["b.jpg", "none.jpg", "a.jpg"]})
    digits = digits_table({"a.jpg": "705", "b.jpg": "1"})[::-1]
    assert list(add_readings(photos, digits)["reading"]) == ["1", "", "705"]


def test_digits_are_of_their_photos_group():
    """Those of a photo and of its copies share a group, which is called by its smallest MD5."""
    digits = digits_table({"a.jpg": "70", "b.jpg": "123", "c.jpg": "70"})
    photos = photos_table(["c.jpg", "b.jpg", "a.jpg"])
    photos.loc[photos["photo"] != "b.jpg", "md5"] = "same"
    names = {"a.jpg": "same", "b.jpg": "md5 of b.jpg", "c.jpg": "same"}
    assert list(group_digits(digits, photos)) == [names[photo] for photo in digits["photo"]]


def test_a_group_is_called_by_its_smallest_md5():
    """So the order of the photos, and their names, change nothing."""
    digits = digits_table({"a.jpg": "70", "b.jpg": "70"})
    photos = photos_table(["a.jpg", "b.jpg"]).assign(perceptual_hash=PLAIN)
    for md5s in (["1", "2"], ["2", "1"]):
        assert set(group_digits(digits, photos.assign(md5=md5s))) == {"1"}


def test_copies_of_other_photos_are_found():
    """A photo is one of the others' copies by its bytes, or is itself among them."""
    digits = digits_table({"a.jpg": "70", "b.jpg": "123", "c.jpg": "45"})
    photos = add_readings(photos_table(["a.jpg", "b.jpg", "c.jpg"]), digits)
    others = photos[photos["photo"] == "b.jpg"].assign(photo="elsewhere.jpg")
    assert are_copies(photos, others).tolist() == [False, True, False]
    assert are_copies(photos, photos[:1]).tolist() == [True, False, False]


def test_the_photos_of_a_list_are_those_of_its_digits():
    """One digit is enough; each photo comes with its whole reading."""
    digits = digits_table({"a.jpg": "70", "b.jpg": "123"})
    found = photos_of(["2/b.jpg-1.jpg"], digits, photos_table(["a.jpg", "b.jpg"]))
    assert found[["photo", "reading"]].to_numpy().tolist() == [["b.jpg", "123"]]


PLACES = [(6 + 30 * i, 30, 30 + 30 * i, 70) for i in range(4)]


def taken(readings, shift=0.0, light=0, times=("", ""), size=(640, 480), seconds=None):
    """Two photos with their digits: the second shifted by a share of its size, and brighter."""
    rows = []
    for number, (photo, reading) in enumerate(zip(("a.jpg", "b.jpg"), readings, strict=True)):
        dx = round(number * shift * size[0])
        for column, (label, (x, y, right, bottom)) in enumerate(zip(reading, PLACES, strict=True)):
            pixels = (right - x) * (bottom - y)
            rows.append(
                {
                    "file": f"{label}/{photo}-{column}.jpg", "photo": photo, "label": label,
                    "row": 0, "column": column, "xmin": x + dx, "xmax": right + dx, "ymin": y,
                    "ymax": bottom, "pixels": pixels, "red": (90 + light * number) * pixels,
                    "green": (40 + 7 * column) * pixels, "blue": 30 * pixels,
                }
            )  # fmt: skip
    photos = pd.DataFrame(
        {
            "photo": ["a.jpg", "b.jpg"], "md5": ["1", "2"], "taken": list(times),
            "perceptual_hash": [far(1), far(2)], "width": size[0], "height": size[1],
        }
    )  # fmt: skip
    return add_readings(photos, pd.DataFrame(rows))


def are_joined(photos):
    return len(set(find_copies(photos).groups)) == 1


def test_a_burst_is_one_photo():
    """Of one reading, from one place, or within seconds by the phone's clock."""
    assert are_joined(taken(["1720", "1720"], shift=0.015, light=20))
    assert not are_joined(taken(["1720", "1720"], shift=0.2))
    assert not are_joined(taken(["1720", "1721"], shift=0.015, light=20))
    times = ("2026:11:26 08:30:00", "2026:11:26 08:30:09")
    assert are_joined(taken(["1720", "1720"], shift=0.2, times=times))
    later = ("2026:11:26 08:30:00", "2026:11:26 08:31:00")
    assert not are_joined(taken(["1720", "1720"], shift=0.2, times=later))
    assert not are_joined(taken(["1720", "1720"], shift=0.2, times=("", "2026:99:99 08:30:00")))


def test_one_picture_with_two_labels_is_a_copy_and_told():
    """Saved again, its hash and its colours hardly change; the label is not looked at."""
    photos = taken(["1720", "1729"], light=1).assign(perceptual_hash=[PLAIN, f"{3:064x}"])
    assert are_joined(photos)
    assert find_copies(photos).contradictions == [("a.jpg", "b.jpg")]
    for other in (
        taken(["1720", "1729"], light=9).assign(perceptual_hash=[PLAIN, PLAIN]),
        taken(["1720", "1729"], light=1).assign(perceptual_hash=[PLAIN, BIT_12]),
    ):
        assert not are_joined(other)
        assert find_copies(other).contradictions == []


def test_a_camera_on_a_stand_takes_no_bursts():
    """More photos of one reading from one place than anyone takes at once are still divided."""
    photos = pd.concat([taken(["1720", "1720"], light=4 * i) for i in range(6)], ignore_index=True)
    photos = photos.assign(
        photo=[f"{i}.jpg" for i in range(12)], md5=[str(i) for i in range(12)],
        perceptual_hash=[far(i) for i in range(12)],
    )  # fmt: skip
    assert len(set(find_copies(photos).groups)) == 12
    assert len(set(find_copies(photos[:8]).groups)) == 1


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_burst_does_not_depend_on_names(order):
    """Of three photos, of which only the outer two are too far apart, the MD5 tells which lead."""
    shifts = [0.0, 0.02, 0.04]
    photos = pd.concat([taken(["1720", "1720"], shift=shift)[1:] for shift in shifts])
    photos = photos.assign(
        photo=["a.jpg", "b.jpg", "c.jpg"], md5=["1", "2", "3"],
        perceptual_hash=[far(1), far(2), far(3)],
    )  # fmt: skip
    photos = photos.iloc[list(order)].reset_index(drop=True)
    groups = pd.Series(find_copies(photos).groups, index=photos["md5"])
    assert groups["1"] == groups["2"] != groups["3"]


def test_an_idle_scale_contradicts_a_wrong_label_once():
    """Of many near photos of one reading, all of one wrong label's picture, one is named."""
    photos = pd.concat([taken(["1720", "1720"])] * 20 + [taken(["1720", "1729"], light=1)[1:]])
    photos = photos.assign(
        photo=[f"{number:02}.jpg" for number in range(41)], md5=[str(i) for i in range(41)],
        perceptual_hash=[f"{1 << i % 8:064x}" for i in range(41)],
    )  # fmt: skip
    found = find_copies(photos)
    assert len(set(found.groups)) == 1
    assert [other for _, other in found.contradictions] == ["40.jpg"]


def all_pairs(photos):
    """Pairs of rows that are one picture with two readings, by trying each with each."""
    hashes = [int(text, 16) for text in photos["perceptual_hash"]]
    rows = range(len(photos))
    return [
        (i, j) for i in rows for j in rows[i + 1 :]
        if photos["reading"].iloc[i] != photos["reading"].iloc[j]
        and np.abs(photos["colours"].iloc[i] - photos["colours"].iloc[j]).max() <= 1.5
        and np.abs(photos["places"].iloc[i] - photos["places"].iloc[j]).max() < 0.03
        and (hashes[i] ^ hashes[j]).bit_count() <= 8
    ]  # fmt: skip


@pytest.mark.slow
@settings(max_examples=200)
@given(
    drawn=st.lists(
        st.tuples(
            st.sampled_from(["1720", "1729", "1726"]), st.sampled_from([0, 1, 9]),
            st.sampled_from([0, 8, 14]), st.sampled_from([0.0, 0.2]),
        ), min_size=2, max_size=8,
    )
)  # fmt: skip
def test_one_picture_is_found_among_any_photos(drawn):
    """Whatever reading is common, each two photos that are one picture are copies and told."""
    photos = pd.concat(
        [taken(["1720", reading], shift, light)[1:] for reading, light, _, shift in drawn]
    )
    photos = photos.assign(
        photo=[f"{i:02}.jpg" for i in range(len(drawn))], md5=[str(i) for i in range(len(drawn))],
        perceptual_hash=[f"{2**bits - 1:064x}" for _, _, bits, _ in drawn],
    )  # fmt: skip
    found, pairs = find_copies(photos), all_pairs(photos)
    assert all(found.groups[i] == found.groups[j] for i, j in pairs)
    assert bool(found.contradictions) == bool(pairs)
    assert {*found.contradictions} <= {(f"{i:02}.jpg", f"{j:02}.jpg") for i, j in pairs}
