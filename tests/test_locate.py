"""Stage 6: the locator learns from training's photos, and from no other."""

from __future__ import annotations

import pytest
import torch
from PIL import Image

from pipeline.contracts import DIGITS, LISTS, LOCATOR, read_list
from pipeline.reading.locator_file import load_locator


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
