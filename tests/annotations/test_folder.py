"""A folder as a ledger: photos are found, everything is accounted for, whatever lies there."""

from __future__ import annotations

import os
import tempfile
import unicodedata
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from helpers import REAL_DATA, ROOT, SIZE, display, draw_photo, jpeg, voc_xml, write
from hypothesis import given
from hypothesis import strategies as st
from odd_folders import FOLDERS
from PIL import Image

from pipeline.annotations.folder import read_folder
from pipeline.annotations.ledger import rejected_share
from pipeline.annotations.reasons import REASONS
from pipeline.annotations.summary import count
from pipeline.contracts import BOXES, PROBLEMS
from pipeline.images.photo import read_header, read_photo
from pipeline.params import load_params
from pipeline.runtime.errors import UserError

PARAMS = load_params(ROOT / "params.yaml").parse.model_copy(
    update={"labels": {"seven": "7"}, "ignore": ["."]}
)
PHOTO = jpeg(draw_photo(display("70")))


def layout(folder, photos, xmls):
    """Photos by path, and XML of two digits by path with their <filename>."""
    for photo in photos:
        write(folder / photo, PHOTO + photo.encode("utf-8"))  # no two of the same bytes
    for xml, filename in xmls.items():
        write(folder / xml, voc_xml(display("70"), filename))


def read_frames(folder, params=PARAMS):
    """The two tables of a folder as data frames."""
    boxes, problems = read_folder(folder, params).tables()
    return BOXES.frame(boxes), PROBLEMS.frame(problems)


def photo_of(folder, xml):
    """The photo that an XML's boxes are on; None where they were not used."""
    boxes, _ = read_frames(folder)
    return next(iter(boxes["photo"][boxes["xml"] == xml]), None)


def found_reasons(folder, file):
    _, problems = read_frames(folder)
    return set(problems["reason"][problems["file"] == file])


@pytest.mark.parametrize(
    ("photos", "xml", "filename", "photo"),
    [
        pytest.param(["a.jpg", "b.jpg"], "a.xml", "a.jpg", "a.jpg", id="own stem"),
        pytest.param(["a.jpg", "b.jpg"], "a.xml", "b.jpg", "a.jpg", id="stem before filename"),
        pytest.param(["a.jpg"], "hash-a.xml", "a.jpg", "a.jpg", id="filename"),
        pytest.param(["a.jpg"], "hash-a.xml", "a", "a.jpg", id="filename without suffix"),
        pytest.param(["a.png"], "hash-a.xml", "a.jpg", "a.png", id="filename of another suffix"),
        pytest.param(["a.jpg"], "hash-a.xml", r"C:\Users\kim\a.jpg", "a.jpg", id="Windows path"),
        pytest.param(["a.jpg"], "hash-a.xml", "/home/kim/a.jpg", "a.jpg", id="POSIX path"),
        pytest.param(["A.JPG"], "a.xml", "a.jpg", "A.JPG", id="case"),
        pytest.param(["a.JPEG"], "hash.XML", "A.jpeg", "a.JPEG", id="case of filename"),
        pytest.param(["a.jpg", "a.png"], "a.xml", "a.png", "a.png", id="two of a stem"),
        pytest.param(
            ["JPEGImages/a.jpg"], "Annotations/a.xml", "a.jpg", "JPEGImages/a.jpg", id="VOC folders"
        ),
        pytest.param(["x/a.jpg", "y/a.jpg"], "y/a.xml", "a.jpg", "y/a.jpg", id="beside it"),
        pytest.param(["저울 7.jpg"], "저울 7.xml", "저울 7.jpg", "저울 7.jpg", id="Hangul, space"),
        pytest.param(["a.b.c.jpg"], "a.b.c.xml", "", "a.b.c.jpg", id="dots"),
        pytest.param(["a.jpg"], "a.xml", "", "a.jpg", id="no filename"),
    ],
)
def test_an_annotation_finds_its_photo(tmp_path, photos, xml, filename, photo):
    """It is found by its own stem, else by <filename>, never by following a path."""
    layout(tmp_path, photos, {xml: filename})
    assert photo_of(tmp_path, xml) == photo


def test_each_of_two_voc_sets_keeps_to_its_own_photos(tmp_path):
    """Cameras number from 1: the same name in two sets is two photos."""
    photos = [f"{name}/JPEGImages/1.jpg" for name in ("cam1", "cam2")]
    layout(tmp_path, photos, {f"{name}/Annotations/1.xml": "1.jpg" for name in ("cam1", "cam2")})
    assert photo_of(tmp_path, "cam1/Annotations/1.xml") == "cam1/JPEGImages/1.jpg"
    assert photo_of(tmp_path, "cam2/Annotations/1.xml") == "cam2/JPEGImages/1.jpg"


@pytest.mark.parametrize("forms", [("NFC", "NFD"), ("NFD", "NFC")])
def test_hangul_is_the_same_composed_and_decomposed(tmp_path, forms):
    """A photo from a Mac is named in another Unicode form than its XML from Windows."""
    photo, xml = (unicodedata.normalize(form, "저울") for form in forms)
    layout(tmp_path, [f"{photo}.jpg"], {f"{xml}.xml": ""})
    assert photo_of(tmp_path, f"{xml}.xml") == f"{photo}.jpg"


@pytest.mark.parametrize(
    ("photos", "xml", "filename", "reason"),
    [
        pytest.param([], "a.xml", "a.jpg", "no_photo", id="no photo"),
        pytest.param(["b.jpg"], "a.xml", "", "no_photo", id="no filename"),
        pytest.param(["a.jpg", "a.png"], "a.xml", "", "ambiguous_photo", id="two of a stem"),
        pytest.param(["x/a.jpg", "y/a.jpg"], "a.xml", "a.jpg", "no_photo", id="other folders"),
        pytest.param(["d2/a.jpg"], "d1/a.xml", "a.jpg", "no_photo", id="another delivery"),
    ],
)
def test_without_a_certain_photo_its_objects_are_rejected(tmp_path, photos, xml, filename, reason):
    """Each of them is, and so is the file, under the same reason."""
    layout(tmp_path, photos, {xml: filename})
    ledger = read_folder(tmp_path, PARAMS)
    entries = [(row.object, row.reason) for row in ledger.problems if row.file == xml]
    assert entries == [("", reason), ("1", reason), ("2", reason)]
    assert not ledger.boxes


def test_a_filename_never_leads_out_of_the_folder(tmp_path):
    """A photo elsewhere is no photo of ours, though <filename> points at it."""
    layout(tmp_path, ["secret.jpg"], {"raw/a.xml": "../secret.jpg"})
    assert found_reasons(tmp_path / "raw", "a.xml") == {"no_photo"}


def test_a_link_out_of_the_folder_is_not_used(tmp_path):
    """Neither is a linked photo nor a linked folder's content."""
    layout(tmp_path, ["elsewhere/a.jpg"], {"elsewhere/b.xml": "", "raw/a.xml": "a.jpg"})
    (tmp_path / "raw/a.jpg").symlink_to(tmp_path / "elsewhere/a.jpg")
    (tmp_path / "raw/more").symlink_to(tmp_path / "elsewhere")
    ledger = read_folder(tmp_path / "raw", PARAMS)
    assert not ledger.boxes
    assert {(row.file, row.reason) for row in ledger.problems} == {
        ("a.jpg", "link_not_followed"),
        ("a.xml", "no_photo"),
        ("more", "link_not_followed"),
    }


def test_a_second_xml_of_a_photo_is_rejected(tmp_path):
    """Its digits would count twice."""
    layout(tmp_path, ["a.jpg"], {"a.xml": "a.jpg", "Annotations/a.xml": "a.jpg"})
    assert photo_of(tmp_path, "a.xml") == "a.jpg"
    assert found_reasons(tmp_path, "Annotations/a.xml") == {"photo_already_annotated"}


def test_labels_of_one_delivery_stay_with_it(tmp_path):
    """Phones number anew: of two XML of one name, the one beside the photo counts, whichever."""
    write(tmp_path / "d1/IMG_0001.xml", voc_xml(display("999"), "IMG_0001.jpg"))
    write(tmp_path / "d2/IMG_0001.jpg", PHOTO)
    write(tmp_path / "d2/IMG_0001.xml", voc_xml(display("123"), "IMG_0001.jpg"))
    boxes, _ = read_frames(tmp_path)
    assert "".join(boxes["label"]) == "123"
    assert found_reasons(tmp_path, "d1/IMG_0001.xml") == {"no_photo"}
    (tmp_path / "d2/IMG_0001.xml").unlink()
    boxes, problems = read_frames(tmp_path)
    assert boxes.empty
    assert "d2/IMG_0001.jpg is another folder's" in problems["detail"].str.cat()


def test_a_backup_of_the_labels_takes_nothing_away(tmp_path):
    """The XML beside the photo is the one that is mended."""
    write(tmp_path / "photos/IMG_1.jpg", PHOTO)
    write(tmp_path / "photos/IMG_1.xml", voc_xml(display("59"), "IMG_1.jpg"))
    write(tmp_path / "backup/IMG_1.xml", voc_xml(display("52"), "IMG_1.jpg"))
    boxes, _ = read_frames(tmp_path)
    assert "".join(boxes["label"]) == "59"


def test_an_xml_that_names_another_photo_is_told(tmp_path):
    """Its own name is believed, and a person looks whose labels they are."""
    layout(tmp_path, ["a.jpg", "b.jpg"], {"a.xml": "b.jpg"})
    assert photo_of(tmp_path, "a.xml") == "a.jpg"
    assert found_reasons(tmp_path, "a.xml") == {"other_photo_named"}


def test_files_that_are_not_used_are_listed(tmp_path):
    """They are a photo without XML, and a file that is neither."""
    layout(tmp_path, ["a.jpg", "b.jpg"], {"a.xml": "a.jpg"})
    write(tmp_path / "notes.txt", "7")
    assert found_reasons(tmp_path, "b.jpg") == {"photo_without_xml"}
    assert found_reasons(tmp_path, "notes.txt") == {"other_file"}
    assert found_reasons(tmp_path, "a.jpg") == set()


def test_a_file_name_of_no_encoding_is_accounted_for(tmp_path):
    """A Korean zip unpacked on Linux leaves CP949 names, which are no UTF-8."""
    layout(tmp_path, ["a.jpg"], {"a.xml": "a.jpg"})
    name = os.fsdecode("저울.jpg".encode("cp949"))
    try:
        write(tmp_path / name, PHOTO)
    except OSError:
        pytest.skip("this file system takes only UTF-8 names")
    boxes, problems = read_frames(tmp_path)
    assert len(boxes) == 2
    assert list(problems["reason"]) == ["odd_name"]
    assert problems.to_csv().encode("utf-8")


@pytest.mark.parametrize("prepare", [lambda path: None, Path.mkdir, lambda path: write(path, "x")])
def test_a_folder_that_is_missing_or_empty_is_a_users_error(tmp_path, prepare):
    """It says what belongs there."""
    prepare(tmp_path / "raw")
    with pytest.raises(UserError, match="photos and their XML"):
        read_folder(tmp_path / "raw", PARAMS)


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "unreadable_photo"), (PHOTO[:-200], "unreadable_photo"), (b"7", "unreadable_photo")],
    ids=["empty", "truncated", "text"],
)
def test_objects_on_an_unreadable_photo_are_rejected(tmp_path, content, reason):
    """The detail has the photo's name."""
    layout(tmp_path, ["a.jpg"], {"a.xml": "a.jpg"})
    write(tmp_path / "a.jpg", content)
    ledger = read_folder(tmp_path, PARAMS)
    assert not ledger.boxes
    assert {(row.reason, row.detail[:6]) for row in ledger.problems} == {(reason, "a.jpg:")}


@pytest.mark.parametrize("orientation", range(1, 9))
def test_boxes_land_on_their_digit_whatever_the_orientation(tmp_path, orientation):
    """A bright digit on the stored photo, boxed there, is bright in the box that comes out."""
    upright_size = orientation < 5
    photo = Image.new("RGB", (96, 64), "black")
    photo.paste("white", (16, 8, 48, 24))
    photo.paste("#909090", (24, 12, 40, 20))
    stored = write(tmp_path / "a.jpg", jpeg(photo, orientation=orientation))
    upright = read_photo(stored).convert("L")
    lit = upright.point(lambda value: 255 * (value > 128)).getbbox()
    drawn, size = (lit, upright.size) if upright_size else ((16, 8, 48, 24), (96, 64))
    write(tmp_path / "a.xml", voc_xml([("7", drawn)], "a.jpg", size))
    [box] = read_folder(tmp_path, PARAMS).boxes
    assert box.box == lit
    wanted = {1: set(), 2: {"frame_unknown"}, 3: {"frame_unknown"}, 4: {"frame_unknown"}}
    assert found_reasons(tmp_path, "a.xml") == wanted.get(orientation, {"raw_frame"})


def details(folder, file):
    _, problems = read_folder(folder, PARAMS).tables()
    return [row.detail for row in problems if row.file == file]


def test_details_name_the_photo_and_the_facts(tmp_path):
    """They are the same in every language."""
    layout(tmp_path, ["a.jpg", "b.jpg"], {"a.xml": "a.jpg", "xml/a.xml": "a.jpg", "b.xml": ""})
    write(tmp_path / "b.xml", voc_xml(display("7"), "b.jpg", (640, 400)))
    assert details(tmp_path, "xml/a.xml") == ["a.jpg by a.xml"] * 3
    assert details(tmp_path, "b.xml") == ["640 x 400, the photo is 160 x 120"] * 2
    write(tmp_path / "b.jpg", jpeg(draw_photo([]), orientation=6))
    write(tmp_path / "b.xml", voc_xml(display("7", top=0), "b.jpg", (160, 120)))
    assert details(tmp_path, "b.xml") == ["orientation 6"]
    write(tmp_path / "b.jpg", jpeg(draw_photo([]), orientation=3))
    assert details(tmp_path, "b.xml") == ["orientation 3, see parse.exif"]


def test_a_size_that_is_transposed_for_no_reason_is_no_size(tmp_path):
    """The photo is stored upright; where `parse.exif` is raw, its stored size is compared."""
    write(tmp_path / "a.jpg", PHOTO)
    write(tmp_path / "a.xml", voc_xml(display("7"), "a.jpg", SIZE[::-1]))
    assert found_reasons(tmp_path, "a.xml") == {"size_mismatch"}
    write(tmp_path / "a.xml", voc_xml([("7", (126, 30, 150, 70))], "a.jpg", SIZE[::-1]))
    assert found_reasons(tmp_path, "a.xml") == {"size_wrong"}
    raw = PARAMS.model_copy(update={"exif": "raw"})
    for orientation, size in ((3, SIZE), (6, SIZE)):
        write(tmp_path / "a.jpg", jpeg(draw_photo([]), orientation=orientation))
        write(tmp_path / "a.xml", voc_xml(display("7"), "a.jpg", size))
        _, problems = read_frames(tmp_path, raw)
        assert list(problems["reason"]) == ["raw_frame"]


def test_a_filename_does_not_take_another_xmls_photo_away(tmp_path):
    """It does not where the XML that names it comes first, either."""
    layout(tmp_path, ["b.jpg"], {"a.xml": "b.jpg", "b.xml": "b.jpg"})
    assert photo_of(tmp_path, "b.xml") == "b.jpg"
    assert found_reasons(tmp_path, "a.xml") == {"photo_already_annotated"}


def test_every_file_has_its_fate(tmp_path):
    """It is used, rejected or noted; a photo shares the fate of its XML."""
    layout(tmp_path, ["a.jpg", "b.jpg", "c.jpg", "d.jpg", "e.jpg"], {"a.xml": "", "f.xml": ""})
    write(tmp_path / "b.xml", voc_xml([("kg", (6, 30, 30, 70))], "b.jpg"))
    write(tmp_path / "c.xml", voc_xml([], "c.jpg"))
    write(tmp_path / "d.xml", "<annotation>")
    write(tmp_path / "e.xml", voc_xml(display("7"), "e.jpg"))
    write(tmp_path / "e.jpg", b"7")
    assert read_folder(tmp_path, PARAMS).files == {
        "a.jpg": "used", "a.xml": "used", "b.jpg": "rejected", "b.xml": "rejected",
        "c.jpg": "noted", "c.xml": "noted", "d.jpg": "noted", "d.xml": "rejected",
        "e.jpg": "rejected", "e.xml": "rejected", "f.xml": "rejected",
    }  # fmt: skip


def test_a_photo_without_a_usable_box_is_listed_with_its_xml(tmp_path):
    """Both are listed before the XML's objects, each with the other's name."""
    write(tmp_path / "a.jpg", PHOTO)
    write(tmp_path / "a.xml", voc_xml([("kg", (6, 30, 30, 70))], "a.jpg"))
    _, problems = read_frames(tmp_path)
    assert problems[["file", "object", "reason", "detail"]].to_numpy().tolist() == [
        ["a.jpg", "", "all_rejected", "a.jpg by a.xml"],
        ["a.xml", "", "all_rejected", "a.jpg by a.xml"],
        ["a.xml", "1", "not_a_digit", "'kg'"],
    ]
    assert REASONS["all_rejected"].expected


@pytest.mark.parametrize(
    ("labels", "reason"), [([".", "."], "all_ignored"), ([".", "kg"], "all_rejected")]
)
def test_a_photo_whose_labels_are_all_ignored_is_no_complaint(tmp_path, labels, reason):
    """It is noted; with one box that should have been a digit, it is rejected."""
    objects = [(label, (6 + 30 * i, 30, 30 + 30 * i, 70)) for i, label in enumerate(labels)]
    write(tmp_path / "a.jpg", PHOTO)
    write(tmp_path / "a.xml", voc_xml(objects, "a.jpg"))
    ledger = read_folder(tmp_path, PARAMS)
    assert [row.reason for row in ledger.tables()[1]][:2] == [reason, reason]
    assert set(ledger.files.values()) == {REASONS[reason].verdict}


def test_a_files_problems_come_in_the_order_of_its_objects(tmp_path):
    """The file's own come first, whichever rule found them."""
    objects = [*display("7"), ("kg", (100, 30, 120, 70)), *display("7"), (" 1", (40, 30, 60, 70))]
    write(tmp_path / "a.jpg", PHOTO)
    write(tmp_path / "a.xml", voc_xml(objects, "a.jpg", (64, 48)))
    _, problems = read_frames(tmp_path)
    assert list(zip(problems["object"], problems["reason"], strict=True)) == [
        ("", "size_wrong"), ("2", "not_a_digit"), ("3", "duplicate_box"), ("4", "label_tidied"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("size", "reasons"),
    [
        pytest.param(SIZE, set(), id="right"),
        pytest.param((640, 360), {"size_mismatch"}, id="another shape"),
        pytest.param(("", ""), set(), id="missing"),
        pytest.param((0, 0), set(), id="0"),
    ],
)
def test_boxes_drawn_on_a_photo_of_another_shape_are_rejected(tmp_path, size, reasons):
    """They would be cut at the wrong place."""
    write(tmp_path / "a.jpg", PHOTO)
    write(tmp_path / "a.xml", voc_xml(display("70"), "a.jpg", size))
    assert found_reasons(tmp_path, "a.xml") == reasons
    assert (photo_of(tmp_path, "a.xml") is None) == bool(reasons)


@pytest.mark.parametrize("by", [2, 0.5, 1.49])
def test_boxes_are_scaled_with_their_photo(tmp_path, by):
    """A photo that was made smaller, or larger, after labelling shows its digits where they are."""
    write(tmp_path / "a.jpg", PHOTO)
    drawn = [(label, tuple(by * edge for edge in box)) for label, box in display("70")]
    size = tuple(round(by * side) for side in SIZE)
    write(tmp_path / "a.xml", voc_xml(drawn, "a.jpg", size))
    boxes = read_folder(tmp_path, PARAMS).boxes
    assert found_reasons(tmp_path, "a.xml") == {"box_scaled"}
    for row, (_, box) in zip(boxes, display("70"), strict=True):
        assert max(abs(edge - right) for edge, right in zip(row.box, box, strict=True)) <= 1


def test_one_careless_box_leaves_the_others_scaled(tmp_path):
    """It reaches beyond the photo as it was when it was labelled, as boxes at an edge do."""
    write(tmp_path / "a.jpg", jpeg(draw_photo(display("01234"), (320, 240))))
    half = [(label, tuple(edge / 2 for edge in box)) for label, box in display("01234")]
    half[-1] = ("4", (163, *half[-1][1][1:]))
    write(tmp_path / "a.xml", voc_xml(half, "a.jpg", (160, 120)))
    boxes = read_folder(tmp_path, PARAMS).boxes
    assert "box_scaled" in found_reasons(tmp_path, "a.xml")
    assert [row.box for row in boxes[:4]] == [box for _, box in display("0123")]


@pytest.mark.parametrize("objects", [[], [("kWh", (2, 2, 9, 9))]], ids=["no object", "ignored"])
def test_the_size_does_not_matter_where_nothing_is_drawn(tmp_path, objects):
    """Nothing could be cut at the wrong place."""
    write(tmp_path / "a.jpg", PHOTO)
    write(tmp_path / "a.xml", voc_xml(objects, "a.jpg", (640, 640)))
    params = PARAMS.model_copy(update={"ignore": ["kWh"]})
    reasons = {row.reason for row in read_folder(tmp_path, params).problems}
    assert reasons == ({"ignored_label", "all_ignored"} if objects else {"no_object"})


def test_a_box_that_cvat_turned_is_upright_round_it(tmp_path):
    """CVAT writes it unturned, with its rotation in an attribute that need not be the first."""
    photo = draw_photo(display("70"), (240, 120))
    write(tmp_path / "a.jpg", jpeg(photo))
    xml = voc_xml([("7", (80, 40, 144, 64))], "a.jpg", (240, 120))
    for degrees, box in (("90.0", (100, 20, 124, 84)), ("0.0", (80, 40, 144, 64))):
        pairs = {"occluded": "0", "rotation": degrees}.items()
        attributes = "".join(
            f"<attribute><name>{k}</name><value>{v}</value></attribute>" for k, v in pairs
        )
        turned = xml.replace("</object>", f"<attributes>{attributes}</attributes></object>")
        write(tmp_path / "a.xml", turned)
        [found] = read_folder(tmp_path, PARAMS).boxes
        assert found.box == box
        assert found_reasons(tmp_path, "a.xml") == ({"box_turned"} if degrees == "90.0" else set())


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        pytest.param(("0.083", "0.25", "0.183", "0.583"), "not_pixels", id="shares"),
        pytest.param(("np.float64(20.0)", "30", "44", "70"), "not_pixels", id="numpy"),
        pytest.param(("5_0", "30", "74", "70"), "bad_number", id="underscore"),
        pytest.param(("0" * 64 + "5", "30", "44", "70"), "bad_number", id="65 digits"),
        pytest.param(("infinity", "30", "44", "70"), "bad_number", id="infinity"),
        pytest.param(("20", "30", "1.7e308", "70"), "bad_number", id="huge"),
        pytest.param(("\uff15\uff10", "30", "74", "70"), "bad_number", id="full width"),
    ],
)
def test_what_is_no_pixel_is_no_box(tmp_path, values, reason):
    """Python would read some of these as numbers; the converter's fault is told as such."""
    layout(tmp_path, ["a.jpg"], {})
    write(tmp_path / "a.xml", voc_xml([("7", values)], "a.jpg"))
    assert found_reasons(tmp_path, "a.xml") - {"all_rejected"} == {reason}


@pytest.mark.parametrize(
    ("one", "other", "reasons"),
    [
        pytest.param(("7", (20, 30, 44, 70)), ("1", (20, 30, 45, 70)), ["conflicting_labels"] * 2),
        pytest.param(("0", (52, 30, 76, 70)), ("0", (53, 30, 76, 69)), ["duplicate_box"]),
        pytest.param(("1", (52, 30, 58, 70)), ("1", (54, 32, 60, 72)), ["duplicate_box"]),
        pytest.param(("1", (52, 30, 58, 70)), ("1", (60, 30, 66, 70)), []),
        pytest.param(("0", (52, 30, 76, 70)), ("0", (62, 30, 86, 70)), []),
    ],
    ids=["two labels", "drawn twice", "labelImg's duplicate", "side by side", "half over"],
)
def test_two_boxes_on_one_digit_are_one(tmp_path, one, other, reasons):
    """A second is a duplicate, or in conflict; two digits that overlap stay two."""
    write(tmp_path / "a.jpg", jpeg(draw_photo(display("0123"), (240, 120))))
    write(tmp_path / "a.xml", voc_xml([one, other], "a.jpg", (240, 120)))
    problems = read_folder(tmp_path, PARAMS).problems
    assert [row.reason for row in problems if row.object] == reasons


BOX = "<bndbox><xmin>{0}</xmin><ymin>30</ymin><xmax>{1}</xmax><ymax>70</ymax></bndbox>"
STRAY_TREES = {
    "four boxes, one name": "<object><name>7</name>" + BOX.format(20, 44) + BOX.format(52, 76)
    + BOX.format(84, 108) + BOX.format(116, 140) + "</object>",
    "name, box, name, box": "<object><name>7</name>" + BOX.format(20, 44) + "<name>0</name>"
    + BOX.format(52, 76) + "</object>",
    "capital": "<Object><name>7</name>" + BOX.format(20, 44) + "</Object>",
    "objects": "<objects><object><name>7</name>" + BOX.format(20, 44) + "</object></objects>",
    "nested": "<object><name>7</name>" + BOX.format(20, 44) + "<object><name>0</name>"
    + BOX.format(52, 76) + "</object></object>",
    "part": "<object><name>7</name>" + BOX.format(20, 44) + "<part><name>0</name>"
    + BOX.format(52, 76) + "</part></object>",
    "two names": "<object><name>7</name><name>1</name>" + BOX.format(20, 44) + "</object>",
    "two xmin": "<object><name>7</name>"
    + BOX.format(20, 44).replace("<xmax>", "<xmin>9</xmin><xmax>") + "</object>",
    "element in a number": "<object><name>7</name>"
    + BOX.format("2<i/>0", 44) + "</object>",
    "no box, capital": "<Object><name>7</name><polygon><x1>20</x1></polygon></Object>",
    "no box, objects": "<objects><object><name>7</name><polygon></polygon></object></objects>",
}  # fmt: skip


@pytest.mark.parametrize("tree", STRAY_TREES.values(), ids=STRAY_TREES)
def test_every_box_that_is_not_used_has_a_row(tmp_path, tree):
    """However it stands in the tree; and nothing is read that is not one label with one box."""
    write(tmp_path / "a.jpg", jpeg(draw_photo(display("0123"), (240, 120))))
    write(tmp_path / "a.xml", f"<annotation><filename>a.jpg</filename>{tree}</annotation>")
    ledger = read_folder(tmp_path, PARAMS)
    rejected = [row for row in ledger.problems if row.object and row.verdict == "rejected"]
    count = sum(tree.count(its) for its in ("<bndbox>", "<polygon>"))
    assert len(ledger.boxes) + len(rejected) == count
    assert rejected
    assert len(ledger.boxes) == (1 if tree in (STRAY_TREES["nested"], STRAY_TREES["part"]) else 0)


def trees(depth):
    """Bits of XML in which boxes stand anywhere."""
    leaf = st.sampled_from(["<name>7</name>", BOX.format(20, 44), BOX.format(52, 76), "<x/>"])
    if not depth:
        return leaf
    inner = st.lists(trees(depth - 1), max_size=3).map("".join)
    names = st.sampled_from(["object", "Object", "objects", "part", "x", "BNDBOX"])
    return leaf | st.tuples(names, inner).map(lambda its: f"<{its[0]}>{its[1]}</{its[0]}>")


@pytest.mark.slow
@given(tree=st.lists(trees(3), max_size=4).map("".join))
def test_no_box_is_lost_in_a_generated_tree(tmp_path_factory, tree):
    """Whatever is called like a box is used or rejected, by a count that knows no object."""
    folder = tmp_path_factory.mktemp("tree")
    write(folder / "a.jpg", jpeg(draw_photo(display("0123"), (240, 120))))
    write(folder / "a.xml", f"<annotation>{tree}</annotation>")
    ledger = read_folder(folder, PARAMS)
    numbers = {row.object for row in ledger.boxes}
    numbers |= {int(row.object) for row in ledger.problems if row.object}
    boxes = tree.count("<bndbox>") + tree.count("<BNDBOX>")
    without = tree.lower().count("<object>")  # an object of none counts too
    assert boxes <= len(numbers) <= boxes + without


NOISE = np.random.default_rng(1).integers(0, 256, 4096, dtype=np.uint8).tobytes()


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        pytest.param(lambda its: its[: len(its) // 2] + b"\xff\xd9", "unreadable_photo", id="half"),
        pytest.param(
            lambda its: its[: len(its) // 2] + bytes(4096) + its[len(its) // 2 + 4096 :],
            "unreadable_photo", id="zeros within",
        ),
        pytest.param(
            lambda its: its[: len(its) // 2] + NOISE + its[len(its) // 2 + 4096 :],
            "unreadable_photo", id="noise within",
        ),
        pytest.param(lambda _: jpeg(Image.new("RGB", SIZE)), "blank_photo", id="black"),
        pytest.param(lambda _: b"version https://git-lfs.github.com/spec/v1\n", "unreadable_photo",
                     id="LFS pointer"),
    ],
)  # fmt: skip
def test_a_photo_that_shows_nothing_is_rejected(tmp_path, damage, reason):
    """Though its head and its end are those of a photo."""
    photo = np.random.default_rng(0).integers(0, 256, (480, 640, 3), dtype=np.uint8)
    write(tmp_path / "a.jpg", damage(jpeg(Image.fromarray(photo))))
    write(tmp_path / "a.xml", voc_xml(display("70"), "a.jpg", ("", "")))
    assert found_reasons(tmp_path, "a.xml") == {reason}
    assert found_reasons(tmp_path, "a.jpg") == {reason}


def test_twelve_bits_in_sixteen_are_too_dark(tmp_path):
    """Nothing of it is left when 16 bits become 8."""
    ramp = np.linspace(0, 4095, 160 * 120).reshape(120, 160).astype(np.uint16)
    Image.fromarray(ramp).save(tmp_path / "a.png")
    write(tmp_path / "a.xml", voc_xml(display("70"), "a.png"))
    assert found_reasons(tmp_path, "a.xml") == {"blank_photo"}


def test_a_box_round_nothing_is_told(tmp_path):
    """The digits beside it are used."""
    photo = draw_photo(display("70"))
    photo.paste("grey", (100, 20, 160, 100))
    write(tmp_path / "a.jpg", jpeg(photo, quality=95))
    write(tmp_path / "a.xml", voc_xml([*display("70"), ("1", (110, 30, 134, 70))], "a.jpg"))
    ledger = read_folder(tmp_path, PARAMS)
    assert "".join(row.label for row in ledger.boxes) == "70"
    assert found_reasons(tmp_path, "a.xml") == {"blank_box"}


SYSTEM = [
    ".Trash-1000/files", "$RECYCLE.BIN", "@eaDir", ".@__thumb", "@Recycle", "__MACOSX",
    ".ipynb_checkpoints", ".stversions", "#recycle",
]  # fmt: skip


@pytest.mark.parametrize("place", SYSTEM)
def test_what_a_system_keeps_is_nobodys_photo(tmp_path, place):
    """It is noted once, never used, and no rival of the photo beside it."""
    for folder in ("", f"{place}/"):
        write(tmp_path / f"{folder}a.jpg", PHOTO)
        write(tmp_path / f"{folder}a.xml", voc_xml(display("70"), "a.jpg"))
    write(tmp_path / "._a.xml", b"\0\5\x16\7")
    boxes, problems = read_frames(tmp_path)
    assert set(boxes["photo"]) == {"a.jpg"}
    top = place.partition("/")[0]
    assert dict(zip(problems["file"], problems["reason"], strict=True)) == {
        "._a.xml": "system_file", top: "system_folder",
    }  # fmt: skip


YOLO = "7 0.48 0.63 0.69 0.71\n0 0.3 0.4 0.1 0.2\n"
OTHER_LABELS = {
    "b.txt": YOLO,
    "coco.json": '{"images": [], "annotations": [], "categories": []}',
    "studio.json": '[{"id": 1, "annotations": [], "data": {}}]',
    "via.json": '{"a.jpg123": {"filename": "a.jpg", "regions": []}}',
    "b.json": '{"shapes": [], "imagePath": "b.jpg"}',
    "cvat.xml": "<?xml version='1.0'?><annotations><image/></annotations>",
    "dlib.xml": "<?xml version='1.0'?><dataset><images/></dataset>",
    "labels.zip": b"PK\3\4" + bytes(30),
}


@pytest.mark.parametrize(("file", "content"), OTHER_LABELS.items(), ids=OTHER_LABELS)
def test_labels_of_another_format_are_a_complaint(tmp_path, file, content):
    """It says which format they are, and how to export Pascal VOC."""
    layout(tmp_path, ["a.jpg", "b.jpg"], {"a.xml": "a.jpg"})
    write(tmp_path / file, content)
    assert found_reasons(tmp_path, file) == {"other_labels"}
    assert ": " in details(tmp_path, file)[0]


@pytest.mark.parametrize("file", ["a.txt", "coco.json"])
def test_labels_that_are_here_as_pascal_voc_too_are_no_complaint(tmp_path, file):
    """Who exports both formats has nothing to do."""
    layout(tmp_path, ["a.jpg"], {"a.xml": "a.jpg"})
    write(tmp_path / file, OTHER_LABELS[file.replace("a.txt", "b.txt")])
    assert found_reasons(tmp_path, file) == {"other_file"}


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("classes.txt", "0\n1\n2\n"), ("notes.txt", "7 kg at 8.30\n"), ("a.json", "{}"),
        ("b.json", "[1, 2"), ("c.json", '{"version": 1}'), ("empty.txt", ""),
    ],
)  # fmt: skip
def test_other_texts_are_no_labels(tmp_path, file, content):
    """They are left alone, as any file that is neither photo nor XML."""
    layout(tmp_path, ["a.jpg"], {"a.xml": "a.jpg"})
    write(tmp_path / file, content)
    assert found_reasons(tmp_path, file) == {"other_file"}


def test_boxes_come_by_photo_in_reading_order(tmp_path):
    """They may have been drawn in any order."""
    for name in ("b", "a"):
        write(
            tmp_path / f"{name}.jpg", jpeg(draw_photo(display("123")), quality=80 + ord(name) % 9)
        )
        write(tmp_path / f"{name}.xml", voc_xml(display("123")[::-1], f"{name}.jpg"))
    boxes, _ = read_frames(tmp_path)
    assert list(boxes["photo"]) == ["a.jpg"] * 3 + ["b.jpg"] * 3
    assert "".join(boxes["label"]) == "123123"
    assert list(boxes["object"][:3]) == [3, 2, 1]


def test_a_rejected_object_is_not_said_to_be_repaired(tmp_path):
    """A tidied duplicate is only rejected, since `repaired` says that it is used."""
    write(tmp_path / "a.jpg", PHOTO)
    write(tmp_path / "a.xml", voc_xml([*display("7"), (" 7", display("7")[0][1])], "a.jpg"))
    problems = read_folder(tmp_path, PARAMS).problems
    assert [(row.object, row.verdict) for row in problems] == [("2", "rejected")]


def read_generated(files):
    """The ledger of a folder with these files, its tables, and headers of the photos with boxes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, content in files.items():
            write(folder / file, voc_xml(**content) if isinstance(content, dict) else content)
        ledger = read_folder(folder, PARAMS)
        boxes, problems = read_frames(folder)
        headers = {name: read_header((folder / name).read_bytes()) for name in boxes["photo"]}
        return ledger, boxes, problems, headers


@pytest.mark.slow
@given(files=FOLDERS)
def test_every_object_is_a_box_or_rejected_once(files):
    """The ledger adds up, whatever lies in the folder."""
    _, boxes, problems, _ = read_generated(files)
    wanted = Counter(
        (file, number)
        for file, content in files.items()
        if isinstance(content, dict)
        for number in range(1, len(content["objects"]) + 1)
    )
    rejected = problems[(problems["verdict"] == "rejected") & (problems["object"] != "")]
    used = zip(boxes["xml"], boxes["object"], strict=True)
    refused = zip(rejected["file"], rejected["object"].astype(int), strict=True)
    assert Counter([*used, *refused]) == wanted


@pytest.mark.slow
@given(files=FOLDERS)
def test_every_box_lies_in_its_photo_and_shows_a_digit(files):
    """Its edges are in the upright photo, 0-based and half-open, whatever the XML says."""
    _, boxes, _, photos = read_generated(files)
    for row in boxes.itertuples():
        assert 0 <= row.xmin < row.xmax <= photos[row.photo].width
        assert 0 <= row.ymin < row.ymax <= photos[row.photo].height
        assert row.label in set("0123456789")


@pytest.mark.slow
@given(files=FOLDERS)
def test_every_file_is_used_rejected_or_noted(files):
    """The two tables alone put each file in one of the three, as the summary counts them."""
    ledger, boxes, problems, _ = read_generated(files)
    used = {*boxes["photo"], *boxes["xml"]}
    own = problems[(problems["object"] == "") & ~problems["file"].isin(used)]
    rejected = set(own["file"][own["verdict"] == "rejected"])
    noted = set(own["file"]) - rejected
    assert used | rejected | noted == set(files)
    fates = {"used": len(used), "rejected": len(rejected), "noted": len(noted)}
    assert fates == count(ledger)["files"]


@pytest.mark.skipif(not REAL_DATA.is_dir(), reason="the real photos are not here")
@pytest.mark.parametrize("name", ["quad_led", "lcd_kwh"])
def test_real_photos_add_up(name):
    """Every object of two published sets is a box or rejected, and most are boxes."""
    folder = REAL_DATA / name
    ledger = read_folder(folder, load_params(ROOT / "params.yaml").parse)
    objects = sum(
        len(ElementTree.parse(path).getroot().findall("object"))
        for path in (folder / "Annotations").glob("*.xml")
    )
    rejected = [row for row in ledger.problems if row.verdict == "rejected" and row.object]
    assert len(ledger.boxes) + len(rejected) == objects
    assert rejected_share(ledger) < 0.02
