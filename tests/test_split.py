"""Stage 4: quotas, copies, and that a side follows from seed and photo alone."""

from __future__ import annotations

import logging
import random

import numpy as np
import pandas as pd
import pytest
from helpers import digits_table, display, draw_photo, jpeg, photos_table, voc_xml, write
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import train_test_split

from pipeline.contracts import DIGITS, LISTS, read_list
from pipeline.dividing.copies import group_digits
from pipeline.dividing.quotas import quotas
from pipeline.params import SplitParams
from pipeline.runtime.errors import UserError
from pipeline.runtime.files import md5
from pipeline.split import find_picked, log_summary, split_by_digit, split_by_photo


def params(by="photo", validation=0.2, seed=0):
    return SplitParams(by=by, validation=validation, seed=seed)


def varied(count, seed=0, longest=6):
    """Readings of so many photos: random digits, three to six on each."""
    draw = random.Random(seed)
    return {
        f"{seed}/{i:04}.jpg": "".join(draw.choices("0123456789", k=draw.randint(3, longest)))
        for i in range(count)
    }


def split(readings, photos=None, **values):
    """The digits with the column `validation`."""
    digits = digits_table(readings)
    photos = photos_table(list(readings)) if photos is None else photos
    groups = group_digits(digits, photos)
    return digits.assign(validation=split_by_photo(digits["label"], groups, params(**values)))


def validation_photos(digits):
    return set(digits["photo"][digits["validation"]])


READINGS = st.dictionaries(
    st.integers(0, 99).map("{:02}.jpg".format),
    st.text("0123456789", min_size=1, max_size=8),
    min_size=2,
    max_size=20,
)


@settings(max_examples=25)
@given(
    count=st.integers(60, 120),
    seed=st.integers(0, 1000),
    validation=st.sampled_from([0.1, 0.2, 0.25, 0.5]),
)
def test_with_varied_photos_every_quota_is_met(count, seed, validation):
    """The whole is the wanted number, and each label is within one of its quota."""
    digits = split(varied(count, seed), validation=validation)
    totals = digits["label"].value_counts().sort_index()
    got = digits["label"][digits["validation"]].value_counts().sort_index()
    assert 0 <= round(digits["validation"].sum() - validation * len(digits), 6) < 1
    assert (got - quotas(totals.to_numpy(), validation)).abs().max() <= 1


def test_photos_that_were_picked_and_their_copies_are_for_training_alone():
    """And the quotas are met by the others."""
    readings = varied(80)
    picked = {f"corrected/2026-11-26/picked/{i}.jpg": text
              for i, text in enumerate(varied(40, seed=1).values())}  # fmt: skip
    copied = dict([next(iter(varied(40, seed=1).items()))])
    photos = photos_table([*readings, *picked, *copied])
    # The first of the picked ones is there a second time, under another name.
    first, copy = photos["photo"].isin([*picked][:1]), photos["photo"].isin(copied)
    photos.loc[copy, "md5"] = photos.loc[first, "md5"].item()
    digits = digits_table(readings | picked | copied)
    groups = group_digits(digits, photos)
    found = find_picked(digits["photo"], groups)
    assert set(digits["photo"][found]) == {*picked, *copied}


def test_a_file_called_picked_is_a_photo_like_another():
    digits = digits_table({"a/picked.jpg": "12", "b.jpg": "34"})
    assert not find_picked(digits["photo"], digits["photo"]).any()


@pytest.mark.slow
@given(readings=READINGS, seed=st.integers(0, 2**32 - 1))
def test_a_photo_is_on_one_side_and_both_sides_have_one(readings, seed):
    """They do however few photos there are, and whatever they show."""
    digits = split(readings, seed=seed)
    assert (digits.groupby("photo")["validation"].nunique() == 1).all()
    assert digits["validation"].nunique() == 2


@pytest.mark.slow
@given(readings=READINGS, data=st.data())
def test_the_order_of_rows_does_not_matter(readings, data):
    """A photo's side follows from its name, not from its place in a table."""
    photos = photos_table(list(readings))
    shuffled = photos.iloc[data.draw(st.permutations(range(len(photos))))].reset_index(drop=True)
    names = data.draw(st.permutations(list(readings)))
    other = split({name: readings[name] for name in names}, shuffled)
    assert validation_photos(other) == validation_photos(split(readings, photos))


@pytest.mark.parametrize("seed", range(3))
def test_of_two_equal_photos_the_same_is_chosen_in_any_order(seed):
    """The name decides where no quota fits, too."""
    readings = {"a.jpg": "70159", "b.jpg": "30418"}
    turned = dict(reversed(readings.items()))
    chosen = [validation_photos(split(its, seed=seed)) for its in (readings, turned)]
    assert chosen[0] == chosen[1]


@pytest.mark.slow
@given(readings=READINGS, data=st.data())
def test_copies_are_on_one_side(readings, data):
    """They may be of the same bytes in any combination."""
    photos = photos_table(list(readings))
    copies = [data.draw(st.integers(0, 2)) for _ in readings]
    photos["md5"] = [f"md5 {copy}" for copy in copies]
    if len(set(copies)) == 1:
        with pytest.raises(UserError, match="one photo"):
            split(readings, photos)
        return
    digits = split(readings, photos)
    group = digits["photo"].map(dict(zip(photos["photo"], copies, strict=True)))
    assert (digits.groupby(group)["validation"].nunique() == 1).all()


def test_a_quota_below_any_photo_takes_the_smallest():
    """The photo that costs training least is there to test on, rather than none."""
    digits = split(
        {"long.jpg": "0123456", "short.jpg": "01", "middle.jpg": "2345"}, validation=0.02
    )
    assert validation_photos(digits) == {"short.jpg"}


@pytest.mark.parametrize("count", [60, 240, 242, 1000])
def test_where_every_photo_has_seven_digits_the_nearest_multiple_is_met(count):
    """No choice of such photos has another number of digits; each label is within one."""
    readings = {f"{photo}": (its * 3)[:7] for photo, its in varied(count).items()}
    digits = split(readings)
    totals = digits["label"].value_counts().sort_index()
    got = digits["label"][digits["validation"]].value_counts().sort_index()
    assert abs(digits["validation"].sum() - 0.2 * 7 * count) < 4
    assert (got - quotas(totals.to_numpy(), 0.2)).abs().max() <= 1


def test_the_same_digits_give_the_same_split():
    """It does run after run."""
    readings = varied(80)
    assert split(readings).equals(split(readings))


def test_another_seed_gives_another_split():
    """It is equally large."""
    readings = varied(80)
    first, other = split(readings), split(readings, seed=1)
    assert validation_photos(first) != validation_photos(other)
    assert first["validation"].sum() == other["validation"].sum()


@pytest.mark.slow
@pytest.mark.parametrize("count", [1000, 2000])
@pytest.mark.parametrize("seed", range(3))
def test_new_photos_hardly_move_old_ones(count, seed):
    """With one per cent more photos, at most one in a hundred of the others changes sides."""
    old = varied(count, seed, longest=7)
    before = validation_photos(split(old))
    after = validation_photos(split(old | varied(count // 100, seed + 1000, longest=7)))
    moved = before ^ (after & set(old))
    assert len(moved) <= count / 100


@pytest.mark.parametrize("seed", range(3))
def test_validation_has_photos_of_many_and_of_few_digits_as_training_has(seed):
    """Of 600 photos half show three digits and half nine: which of them is measured is chance."""
    draw = random.Random(seed)
    readings = {
        f"{i:04}.jpg": "".join(draw.choices("0123456789", k=(3, 9)[i % 2])) for i in range(600)
    }
    chosen = validation_photos(split(readings, seed=seed))
    assert len(chosen) == pytest.approx(120, abs=12)
    assert sum(len(readings[photo]) == 9 for photo in chosen) == pytest.approx(60, abs=16)


@pytest.mark.slow
def test_one_photo_more_or_less_moves_a_handful():
    """The rest of the split stays, however many photos there are."""
    old = varied(300)
    before = validation_photos(split(old))
    for photo in list(old)[:20]:
        others = {name: reading for name, reading in old.items() if name != photo}
        assert len((before ^ validation_photos(split(others))) - {photo}) <= 12


@pytest.mark.parametrize("same", [{"md5": "same"}, {}])
def test_one_photo_alone_cannot_be_split(same):
    """Nor can copies of it be, and the message says what can be done."""
    readings = {"a.jpg": "70123", "b.jpg": "70123"} if same else {"a.jpg": "70123"}
    with pytest.raises(UserError, match=r"one photo.*add photos, or set split\.by: digit"):
        split(readings, photos_table(list(readings)).assign(**same))


@pytest.mark.parametrize("seed", [0, 7])
def test_by_digit_is_scikit_learns_split(seed):
    """It is the guidebook's: stratified, with digits of a photo on both sides."""
    digits = digits_table(varied(40))
    validation = split_by_digit(digits, params("digit", seed=seed))
    _, expected = train_test_split(
        list(digits["file"]), test_size=0.2, random_state=seed, stratify=list(digits["label"])
    )
    assert set(digits["file"][validation]) == set(expected)
    assert len(set(digits["photo"][validation]) & set(digits["photo"][~validation])) > 10


def test_by_digit_with_too_few_of_a_label_is_told():
    """The message has scikit-learn's words and our file's name."""
    with pytest.raises(UserError, match=r"data/digits\.csv cannot be split by digit"):
        split_by_digit(digits_table({"a.jpg": "7777777770"}), params("digit"))


def sides(workplace):
    """Each photo's sides, by its lists."""
    digits = DIGITS.read_frame().set_index("file")["photo"]
    found = {}
    for name, path in LISTS.items():
        for file in read_list(workplace.folder / path):
            found.setdefault(digits[file], set()).add(name)
    return found


def test_the_command_writes_two_lists(workplace):
    """Each digit is in one of them, they are sorted, and the command says how many."""
    workplace.set(split__by="photo", split__validation=0.2)
    workplace.add_displays(12)
    workplace.do("parse", "crop")
    result = workplace.run("split")
    assert result.returncode == 0, result.stderr
    train, valid = (read_list(path) for path in LISTS.values())
    assert sorted(train + valid) == sorted(DIGITS.read_frame()["file"])
    assert (train, valid) == (sorted(train), sorted(valid))
    assert len(valid) == 10
    assert result.stderr.startswith("50 training and 10 validation digits")
    assert all(len(its) == 1 for its in sides(workplace).values())


def test_real_copies_stay_together(workplace):
    """They are of lower quality or smaller size, or Roboflow's; the same bytes count once."""
    workplace.set(split__by="photo", split__validation=0.3)
    for seed in range(6):
        objects = display(f"{seed}{(seed + 3) % 10}")
        photo = draw_photo(objects, seed=seed)
        half = [(label, tuple(value / 2 for value in box)) for label, box in objects]
        versions = {
            f"{seed}.jpg": (jpeg(photo, 95), objects),
            f"{seed}-same.jpg": (jpeg(photo, 95), objects),
            f"{seed}-poor.jpg": (jpeg(photo, 40), objects),
            f"{seed}-small.jpg": (jpeg(photo.resize((80, 60))), half),
            f"{seed}_jpg.rf.0a{seed}.jpg": (jpeg(photo.rotate(9)), objects),
            f"{seed}_jpg.rf.0b{seed}.jpg": (jpeg(photo.rotate(-9)), objects),
        }
        for name, (content, its_objects) in versions.items():
            path = write(workplace.raw / name, content)
            write(path.with_suffix(".xml"), voc_xml(its_objects, name))
    workplace.do("parse", "crop", "split")
    found = sides(workplace)
    for seed in range(6):
        assert f"{seed}-same.jpg" not in found
        names = (f"{seed}.jpg", f"{seed}-poor.jpg", f"{seed}-small.jpg")
        assert len(set.union(*(found[name] for name in names))) == 1
        assert len(found[f"{seed}_jpg.rf.0a{seed}.jpg"] | found[f"{seed}_jpg.rf.0b{seed}.jpg"]) == 1
    assert set.union(*found.values()) == {"train", "valid"}


def test_the_same_scene_with_other_digits_is_divided(workplace):
    """Photos that look alike are no copies when they read differently."""
    workplace.set(split__by="photo", split__validation=0.2)
    for i in range(10):
        workplace.add(f"{i}.jpg", display(f"1234{i}"), seed=0)
    workplace.do("parse", "crop", "split")
    assert set.union(*sides(workplace).values()) == {"train", "valid"}


def test_a_label_that_one_side_lacks_is_told(workplace, caplog):
    """The only photo with an 8 can be on one side only."""
    workplace.set(split__by="photo")
    for i in range(8):
        workplace.add(f"{i}.jpg", display("1234"), seed=i)
    workplace.add("eight.jpg", display("88"), seed=99)
    with caplog.at_level(logging.WARNING):
        workplace.do("parse", "crop", "split")
    assert "WARNING: no digit 8 in" in caplog.text


def test_sides_stay_what_they_were():
    """Whoever compares two versions' figures would otherwise compare their splits."""
    assert validation_photos(split(varied(40, seed=5))) == {
        f"5/{i:04}.jpg" for i in (11, 12, 14, 15, 23, 31, 36, 38)
    }
    assert validation_photos(split(varied(12, seed=2), validation=0.3, seed=4)) == {
        f"2/{i:04}.jpg" for i in (0, 2, 6, 11)
    }
    many = ["".join(sorted(validation_photos(split(varied(150, seed))))) for seed in range(4)]
    assert md5("".join(many).encode()) == "5ebeb573b9f0886805e0e43d0446bb00"


def told(labels, chosen, caplog, together=1):
    """What the summary says of digits, of which those at the places `chosen` are validation.

    So many after one another stand on one photo, and so stay `together`.
    """
    validation = np.isin(np.arange(len(labels)), chosen)
    caplog.clear()
    with caplog.at_level(logging.INFO):
        groups = pd.Series(np.arange(len(labels)) // together)
        log_summary(pd.Series(list(labels)), groups, validation, 0.2)
    return [record.getMessage() for record in caplog.records]


@pytest.mark.parametrize(
    ("chosen", "warnings"),
    [
        pytest.param([0, 1, 10, 11], [], id="as wanted"),
        pytest.param([0, 1, 2, 10], [], id="within one"),
        pytest.param(
            [0, 1, 2, 3],
            [
                "WARNING: digit 0: 4 in validation, not 2",
                "WARNING: no digit 1 in validation: add photos that show it",
            ],
            id="all of one digit",
        ),
        pytest.param(
            [0, 1, *range(10, 20)],
            [
                "WARNING: 12 digits in validation, not 4: no split of whole photos was found "
                "that meets it",
                "WARNING: no digit 1 in training: add photos that show it",
            ],
            id="none to train on",
        ),
    ],
)
def test_the_summary_warns_of_quotas_that_are_missed(chosen, warnings, caplog):
    """It warns of more than one, and of a digit that is on one side alone."""
    counts = f"{20 - len(chosen)} training and {len(chosen)} validation digits"
    assert told("0" * 10 + "1" * 10, chosen, caplog) == [counts, *warnings]


def test_what_whole_photos_cannot_give_is_no_warning(caplog):
    """Where every photo shows four digits, 40 are as near to 39 as any division comes."""
    labels = "0123" * 48 + "0" * 4
    assert told(labels, range(40), caplog, together=4) == ["156 training and 40 validation digits"]
    assert len(told(labels, range(44), caplog, together=4)) == 2


def test_a_name_or_a_folder_moves_no_photo():
    """A photo's side follows from its content: renamed, moved or copied, it stays where it is."""
    readings = varied(60, seed=1)
    before = validation_photos(split(readings))
    digits, photos = digits_table(readings), photos_table(list(readings))
    moved = {name: f"delivery/{number}.jpg" for number, name in enumerate(reversed(readings))}
    digits["photo"] = digits["photo"].map(moved)
    photos["photo"] = photos["photo"].map(moved)
    chosen = split_by_photo(digits["label"], group_digits(digits, photos), params())
    assert set(digits["photo"][chosen]) == {moved[name] for name in before}


def test_the_only_photo_of_a_digit_is_learnt_from():
    """In validation, nothing could have taught the network what it is."""
    readings = varied(20, seed=3) | {"eight.jpg": "88888"}
    readings = {name: text.replace("8", "3") if name != "eight.jpg" else text
                for name, text in readings.items()}  # fmt: skip
    for seed in range(10):
        assert "eight.jpg" not in validation_photos(split(readings, seed=seed))


def test_nearly_all_can_be_validation():
    """Of 40 equal photos, 99 % are 39."""
    readings = {f"{number}.jpg": "1234" for number in range(40)}
    assert len(validation_photos(split(readings, validation=0.99))) == 39
