"""Stage 6: the locator learns from training's photos, and from no other."""

from __future__ import annotations

import pandas as pd
import pytest
import torch
from helpers import ROOT
from PIL import Image

from pipeline.contracts import DIGITS, LISTS, LOCATOR, PHOTOS, PhotoRow, read_list
from pipeline.locate import draw_photos
from pipeline.params import load_params
from pipeline.reading.locator_file import load_locator
from pipeline.split import split_by_photo


def locate(place):
    """The bytes of the locator that the stage makes."""
    place.do("locate")
    return (place.folder / LOCATOR).read_bytes()


def sides(place):
    """The photos of training and of validation."""
    rows = DIGITS.read(place.folder / DIGITS.path)
    valid = set(read_list(place.folder / LISTS["valid"]))
    measured = {row.photo for row in rows if row.file in valid}
    return {row.photo for row in rows} - measured, measured


@pytest.mark.slow
def test_the_same_photos_are_the_same_locator(divided, monkeypatch):
    """To the last byte."""
    monkeypatch.chdir(divided.folder)
    assert locate(divided) == locate(divided)


@pytest.mark.slow
def test_photos_of_validation_are_never_seen(divided, monkeypatch):
    """With other pixels in them the locator is the same; with others in training's it is not."""
    monkeypatch.chdir(divided.folder)
    before, (training, validation) = locate(divided), sides(divided)
    assert training
    assert validation
    for photo in validation:
        path = divided.folder / "raw" / photo
        Image.new("RGB", Image.open(path).size, "white").save(path)
    assert locate(divided) == before
    path = divided.folder / "raw" / min(training)
    Image.new("RGB", Image.open(path).size, "white").save(path)
    assert locate(divided) != before


@pytest.mark.slow
def test_it_starts_from_nothing_where_it_is_told_to(divided, monkeypatch):
    """`locate.init: null`: after two steps it is far from the base model."""
    monkeypatch.chdir(divided.folder)
    base = load_locator(divided.folder / "models/base/locator.pt").locator["head.weight"]
    locate(divided)
    near = load_locator(divided.folder / LOCATOR).locator["head.weight"]
    divided.set(locate__init=None)
    locate(divided)
    far = load_locator(divided.folder / LOCATOR).locator["head.weight"]
    assert torch.dist(near, base) < 0.2 * torch.dist(far, base)


def draw(names, most):
    PHOTOS.write(PhotoRow(name, f"{name} bytes", "0", 640, 480, "") for name in names)
    params = load_params(ROOT / "params.yaml").locate
    return draw_photos(set(names), params.model_copy(update={"most_photos": most}))


def test_of_many_photos_some_are_drawn(tmp_path, monkeypatch):
    """As many as are wanted, from the first to the last; of fewer, all."""
    monkeypatch.chdir(tmp_path)
    names = [f"{number:03}.jpg" for number in range(400)]
    drawn = draw(names, 100)
    assert len(drawn) == 100
    assert 30 < len(drawn & set(names[:200])) < 70
    assert draw(names[:100], 100) == set(names[:100])


def test_a_new_photo_takes_the_place_of_one_at_most(tmp_path, monkeypatch):
    """The others are drawn as before, whatever came in between."""
    monkeypatch.chdir(tmp_path)
    names = [f"{number:03}.jpg" for number in range(300)]
    before, after = draw(names[1:], 100), draw(names, 100)
    assert len(after - before) <= 1
    assert draw(names[1:], 100) == before


def test_what_is_drawn_has_nothing_to_do_with_the_split(tmp_path, monkeypatch):
    """Of 400 photos a fifth is validation, and so is about a fifth of those drawn from them all."""
    monkeypatch.chdir(tmp_path)
    names = [f"{number:03}.jpg" for number in range(400)]
    labels = pd.Series([str(number % 10) for number in range(400)])
    contents = pd.Series([f"{name} bytes" for name in names])
    is_measured = split_by_photo(labels, contents, load_params(ROOT / "params.yaml").split)
    measured = {name for name, its in zip(names, is_measured, strict=True) if its}
    assert len(measured) == 80
    assert 8 <= len(draw(names, 100) & measured) <= 34
