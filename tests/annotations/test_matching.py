"""Which photo an XML belongs to: the nearest of its own name, else that of its `<filename>`."""

from __future__ import annotations

import pytest

from pipeline.annotations.matching import PhotoFinder
from pipeline.annotations.rules import Rejected


def find(photos, xml, filename=""):
    return PhotoFinder(photos).find(xml, filename)


def refusal(photos, xml, filename=""):
    with pytest.raises(Rejected) as rejected:
        find(photos, xml, filename)
    return rejected.value.finding


@pytest.mark.parametrize(
    ("photos", "xml", "photo"),
    [
        pytest.param(["x/a.jpg", "a.jpg"], "x/a.xml", "x/a.jpg", id="its own folder"),
        pytest.param(["x/a.jpg", "a.jpg"], "a.xml", "a.jpg", id="not the one below"),
        pytest.param(["x/y/a.jpg", "z/a.jpg"], "x/a.xml", "x/y/a.jpg", id="below its folder"),
        pytest.param(["x/y/a.jpg", "z/a.jpg"], "x/w/a.xml", "x/y/a.jpg", id="beside its folder"),
        pytest.param(["z/a.jpg"], "x/y/w/a.xml", "z/a.jpg", id="anywhere"),
        pytest.param(["xx/a.jpg", "x/a.jpg"], "x/a.xml", "x/a.jpg", id="not a name alike"),
    ],
)
def test_the_nearest_photo_of_its_name_is_its_own(photos, xml, photo):
    """Its folder comes first, then what is below it, then folder by folder upwards."""
    assert find(photos, xml) == photo


@pytest.mark.parametrize(
    ("photos", "filename", "photo"),
    [
        pytest.param(["a.jpg", "a.png"], "a.png", "a.png", id="its suffix"),
        pytest.param(["a.jpg", "a.png"], "../x/A.PNG", "a.png", id="behind a path, in any case"),
        pytest.param(["a.b.jpg", "a.b.png", "a.png"], "a.b.png", "a.b.png", id="dots"),
    ],
)
def test_filename_decides_between_photos_of_one_stem(photos, filename, photo):
    """It does where it is one of them."""
    xml = photo.rpartition(".")[0] + ".xml"
    assert find(photos, xml, filename) == photo


def test_filename_of_another_stem_does_not_decide():
    """The name b.jpg is another's photo."""
    assert refusal(["a.jpg", "a.png", "b.jpg"], "a.xml", "b.jpg").reason == "ambiguous_photo"


@pytest.mark.parametrize("filename", ["b.jpg", "b", "b.png", r"C:\x\b.jpg", "/x/b.jpg", "x\\b"])
def test_without_its_own_the_filename_finds_it(filename):
    """Its last part counts, without the suffix if need be."""
    assert find(["b.jpg"], "a.xml", filename) == "b.jpg"


def test_the_whole_filename_comes_before_its_stem():
    """It is b.jpg far away, not b.png near."""
    assert find(["x/b.png", "y/b.jpg"], "x/a.xml", "b.jpg") == "y/b.jpg"


def test_a_filename_is_compared_by_no_more_than_a_file_systems_255():
    """The end of it counts, where the suffix is."""
    name = "b" * 251 + ".jpg"
    assert find([name], "a.xml", "x" * 1000 + name) == name
    assert refusal([name], "a.xml", "x" * 1000 + name[1:]).reason == "no_photo"


def test_the_refusals_name_what_was_looked_for():
    """They name three candidates at most, and no more of a stranger's text than a line."""
    assert refusal(["b.jpg"], "x/a.xml", "c.jpg") == ("no_photo", "neither a.* nor 'c.jpg'")
    assert len(refusal([], "a.xml", "c" * 1000).detail) < 130
    many = [f"{i}/a.jpg" for i in range(5)]
    assert refusal(many, "a.xml") == ("ambiguous_photo", "0/a.jpg or 1/a.jpg or 2/a.jpg")


def test_an_own_photo_is_one_of_the_same_stem():
    """It may be anywhere, and its name in any case."""
    finder = PhotoFinder(["x/A.jpg"])
    assert finder.has_own_photo("y/a.xml")
    assert not finder.has_own_photo("b.xml")
