"""Which photo an XML belongs to: that of its own name and folder, else of its `<filename>`."""

from __future__ import annotations

import pytest

from pipeline.annotations.matching import PhotoFinder
from pipeline.annotations.rules import Rejected


def find(photos, xml, filename=""):
    return PhotoFinder(photos).find(xml, filename).photo


def refusal(photos, xml, filename=""):
    with pytest.raises(Rejected) as rejected:
        find(photos, xml, filename)
    return rejected.value.finding


@pytest.mark.parametrize(
    ("photos", "xml", "photo"),
    [
        pytest.param(["x/a.jpg", "a.jpg"], "x/a.xml", "x/a.jpg", id="its own folder"),
        pytest.param(["x/a.jpg", "a.jpg"], "a.xml", "a.jpg", id="not the one below"),
        pytest.param(["x/images/a.jpg", "a.jpg"], "x/a.xml", "x/images/a.jpg", id="its images"),
        pytest.param(["x/a.jpg", "a.jpg"], "x/xml/a.xml", "x/a.jpg", id="XML in a folder"),
        pytest.param(["사진/d1/a.jpg"], "라벨/d1/a.xml", "사진/d1/a.jpg", id="Korean folders"),
        pytest.param(
            ["x/JPEGImages/a.jpg", "y/JPEGImages/a.jpg"], "y/Annotations/a.xml",
            "y/JPEGImages/a.jpg", id="VOC folders",
        ),
        pytest.param(["xx/a.jpg", "x/a.jpg"], "x/a.xml", "x/a.jpg", id="not a name alike"),
    ],
)  # fmt: skip
def test_the_photo_of_its_name_and_folder_is_its_own(photos, xml, photo):
    """Folders that differ only in what says photos or XML are one place."""
    assert find(photos, xml) == photo


@pytest.mark.parametrize(
    ("photos", "xml"),
    [
        (["d2/a.jpg"], "d1/a.xml"), (["d1/b.jpg", "d1/images/a.jpg"], "d1/a.xml"),
        (["d2/a.jpg"], "a.xml"), (["a.jpg"], "d1/a.xml"), (["d1/new/a.jpg"], "d1/a.xml"),
    ],
    ids=["sibling", "beside other photos", "below", "above", "a delivery within"],
)  # fmt: skip
def test_a_photo_of_its_name_elsewhere_is_named_and_not_taken(photos, xml):
    """Phones number anew: it is most likely another one."""
    finding = refusal(photos, xml, "a.jpg")
    assert finding.reason == "no_photo"
    assert f"{photos[-1]} is another folder's" in finding.detail


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


@pytest.mark.parametrize(
    ("xml", "filename"),
    [
        ("1a2b3c4d-IMG_1.xml", "1a2b3c4d-IMG_1.jpg"),
        ("12-1a2b3c4d-IMG_1.xml", ""),
        ("7.xml", "1A2B3C4D-img_1.jpg"),
    ],
)
def test_the_code_that_an_upload_put_before_a_name_is_left_out(xml, filename):
    """Label Studio's XML, beside the photos as the phone named them; the whole name is first."""
    assert find(["IMG_1.jpg", "IMG_2.jpg"], xml, filename) == "IMG_1.jpg"
    whole = f"{xml.rpartition('.')[0]}.jpg"
    assert find(["IMG_1.jpg", whole], xml, filename) == whole


@pytest.mark.parametrize(
    ("photos", "reason"),
    [(["IMG_1.jpg", "IMG_1.png"], "no_photo"), (["x/IMG_1.jpg"], "no_photo")],
    ids=["two photos", "another folder"],
)
def test_without_its_code_a_name_must_mean_one_photo_beside_it(photos, reason):
    """Else nobody knows which."""
    assert refusal([*photos, "y.jpg"], "1a2b3c4d-IMG_1.xml", "").reason == reason


def test_a_date_is_no_code():
    """20261123-001.xml is not of 001.jpg, which another day's XML is of."""
    assert refusal(["001.jpg", "002.jpg"], "20261123-001.xml", "").reason == "no_photo"


def test_the_whole_filename_comes_before_its_stem():
    """It is b.jpg, not b.png."""
    assert find(["x/b.png", "x/b.jpg"], "x/a.xml", "b.jpg") == "x/b.jpg"


def test_a_filename_is_compared_by_no_more_than_a_file_systems_255():
    """The end of it counts, where the suffix is."""
    name = "b" * 251 + ".jpg"
    assert find([name], "a.xml", "x" * 1000 + name) == name
    assert refusal([name], "a.xml", "x" * 1000 + name[1:]).reason == "no_photo"


def test_the_refusals_name_what_was_looked_for():
    """They name three candidates at most, and no more of a stranger's text than a line."""
    assert refusal(["b.jpg"], "x/a.xml", "c.jpg") == ("no_photo", "neither a.* nor 'c.jpg'")
    assert len(refusal([], "a.xml", "c" * 1000).detail) < 130
    many = [f"a.{suffix}" for suffix in ("bmp", "gif", "jpg", "png")]
    assert refusal(many, "a.xml") == ("ambiguous_photo", "a.bmp or a.gif or a.jpg")


@pytest.mark.parametrize(
    ("xml", "filename", "rank", "other"),
    [
        ("a.xml", "a.jpg", 0, ""), ("xml/a.xml", "a.jpg", 1, ""), ("c.xml", "a.jpg", 2, ""),
        ("a.xml", "b.jpg", 0, "b.jpg"), ("a.xml", "c.jpg", 0, ""),
    ],
    ids=["beside it", "in a folder", "by filename", "another's name", "nobody's name"],
)  # fmt: skip
def test_a_match_says_how_sure_it_is(xml, filename, rank, other):
    """The photo beside the XML is surest, and another that its <filename> names is told."""
    match = PhotoFinder(["a.jpg", "b.jpg"]).find(xml, filename)
    assert (match.photo, match.rank, match.other) == ("a.jpg", rank, other)
