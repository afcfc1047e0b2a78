"""`digits read`: what the displays on photos show, without XML."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import pytest
import torch
from helpers import command_environment, contents, jpeg, write
from PIL import Image
from processes import Process

from pipeline.annotations.folder import read_folder
from pipeline.annotations.voc import parse_voc
from pipeline.commands.read import main
from pipeline.contracts import READINGS
from pipeline.drawing.photo import Order, draw_photo
from pipeline.images.box import Box
from pipeline.images.photo import read_photo
from pipeline.params import load_params
from pipeline.reading.listing import ReadPhoto, width_of
from pipeline.reading.proposals import propose
from pipeline.reading.reading import REASONS, ReadDigit, Reading
from pipeline.runtime.errors import UserError

pytestmark = pytest.mark.slow

COLUMNS = "photo,display,reading,value,confidence,verdict,reason,xmin,ymin,xmax,ymax"
FAILED = ("error", "unreadable")
GREY = Image.new("RGB", (320, 240), "grey")
# What EXIF's orientations do, undone.
STORED = {
    1: None, 2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_270,
}  # fmt: skip


@pytest.fixture(scope="module")
def drawn():
    """A photo of a large clean display, and what it shows."""
    content, xml = draw_photo(Order("a", datetime(2026, 11, 26), 4, 1, 0))
    objects = sorted(parse_voc(xml).objects, key=lambda its: int(its.box[0]))
    return content, "".join(its.label for its in objects)


@pytest.fixture
def read(workplace, capsys):
    """Runs `digits read`; gives its exit code and the lines that it printed."""

    def run(*arguments):
        capsys.readouterr()
        try:
            main([str(its) for its in arguments])
            code = 0
        except SystemExit as end:
            code = end.code
        return code, capsys.readouterr().out.splitlines()

    return run


def as_stored(photo, orientation):
    """A photo's bytes, its pixels turned away so that EXIF turns them back."""
    turn = STORED[orientation]
    return jpeg(photo if turn is None else photo.transpose(turn), 95, orientation)


def labels(xml):
    """The labels in an XML file."""
    return [its.label for its in parse_voc(xml.read_bytes()).objects]


def test_a_clear_display_is_read(read, drawn):
    """A line has the photo, the reading and how sure it is."""
    content, shown = drawn
    write(Path("a.jpg"), content)
    _, (line,) = read("a.jpg")
    name, reading, confidence, *_ = line.split()
    assert (name, reading.replace(".", "")) == ("a.jpg", shown)
    assert 0 < float(confidence) <= 1


def test_a_folder_is_read_in_the_order_of_its_paths(read, drawn):
    """With all below it, whatever the kind of photo; each photo once."""
    for name in ("b/2.jpg", "b/10.jpg", "a.png", "c/d/e.JPG"):
        write(Path("photos") / name, jpeg(GREY))
    write(Path("photos/notes.txt"), "no photo")
    _, lines = read("photos", "photos/a.png", "photos/b")
    names = [f"photos/{its}" for its in ("a.png", "b/10.jpg", "b/2.jpg", "c/d/e.JPG")]
    assert [line.split()[0] for line in lines] == names


def test_the_table_says_what_the_objects_say(read, drawn):
    """A row and an object a display; the box is round all digits."""
    write(Path("photos/a.jpg"), drawn[0])
    write(Path("photos/b.jpg"), jpeg(GREY))
    _, lines = read("photos", "--json", "--csv", "new/folder/readings.csv")
    found = [json.loads(line) for line in lines]
    rows = READINGS.read(Path("new/folder/readings.csv"))
    # With the mark by which Excel in Korea knows UTF-8.
    assert Path("new/folder/readings.csv").read_text("utf-8").splitlines()[0] == "\ufeff" + COLUMNS
    for its, row in zip(found, rows, strict=True):
        assert (its["photo"], its["display"], its["reading"]) == (row.photo, 0, row.reading)
        assert (its["value"] or "", its["confidence"]) == (row.value, row.confidence)
        assert " ".join(reason["code"] for reason in its["reasons"]) == row.reason
        assert its["verdict"] == row.verdict
        edges = [row.xmin, row.ymin, row.xmax, row.ymax]
        assert edges == [str(edge) for edge in its["box"] or [""] * 4]
    boxes = [digit["box"] for digit in found[0]["digits"]]
    assert found[0]["box"][0] == min(box[0] for box in boxes)
    assert found[1]["reasons"][0]["sentence"].startswith("no digits found")
    assert (found[1]["verdict"], found[1]["value"], found[1]["digits"]) == ("none", None, [])


def test_a_number_below_zero_stays_a_number(tmp_path):
    """In the table it has no apostrophe before it."""
    box = Box(10, 10, 20, 30)
    its = Reading(0, "-2.50", Decimal("-2.50"), 0.9, "accepted", (), (ReadDigit("2", 0.9, box),))
    READINGS.write(ReadPhoto("a.jpg", [its]).rows(), tmp_path / "a.csv")
    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["reading"], row["value"]) == ("-2.50", "-2.50")


def test_columns_stand_below_each_other():
    """Hangul takes two columns of a terminal a letter."""
    names = ["저울.jpg", "abcdefgh.jpg"]
    lines = [line for name in names for line in ReadPhoto(name, (), "x").lines(width_of(names))]
    assert lines[0].index("error") + 2 == lines[1].index("error")


SPOILT = {
    "empty.jpg": (lambda content: b"", "an empty file"),
    "cut.jpg": (lambda content: content[: len(content) // 3], ""),
    "text.jpg": (lambda content: b"hello", "not a photo"),
    "pdf.png": (lambda content: b"%PDF-1.7", "a PDF"),
}


def test_what_is_no_photo_is_told_and_the_others_are_read(read, drawn):
    """It has a row of the verdict `error`, and so has a path that leads nowhere."""
    for name, (spoil, _) in SPOILT.items():
        write(Path("photos") / name, spoil(drawn[0]))
    write(Path("photos/whole.jpg"), drawn[0])
    code, lines = read("nowhere.jpg", "photos", "--csv", "a.csv")
    assert code == 1
    said = {line.split()[0]: line for line in lines}
    for name, (_, why) in SPOILT.items():
        assert f"not readable: {why}" in said[f"photos/{name}"]
    assert "there is no such photo" in said["nowhere.jpg"]
    rows = {row.photo: row for row in READINGS.read(Path("a.csv"))}
    assert list(rows) == list(said)
    failed = {its for its, row in rows.items() if (row.verdict, row.reason) == FAILED}
    assert failed == set(rows) - {"photos/whole.jpg"}
    assert rows["photos/whole.jpg"].reading


@pytest.mark.parametrize("content", [None, "no photo"])
def test_a_folder_without_photos_is_an_error(read, caplog, content):
    """Whether it is empty or has other files; a photo beside it is read."""
    Path("empty").mkdir()
    if content:
        write(Path("empty/notes.txt"), content)
    write(Path("a.jpg"), jpeg(GREY))
    code, lines = read("empty", "a.jpg")
    assert code == 1
    assert "ERROR: empty/ has no photos" in caplog.text
    assert len(lines) == 1


def test_the_exit_code_says_whether_somebody_must_look(read, drawn, caplog):
    """0 where all are accepted, 3 where one is not, 1 where one cannot be read."""
    caplog.set_level("INFO")
    path = Path("models/base/reading.json")
    write(path, json.dumps(json.loads(path.read_bytes()) | {"threshold": 0}))
    write(Path("a.jpg"), drawn[0])
    write(Path("b.jpg"), jpeg(GREY))
    write(Path("c.jpg"), b"")
    assert read("a.jpg")[0] == 0
    assert read("a.jpg", "b.jpg")[0] == 3
    assert read("a.jpg", "b.jpg", "c.jpg")[0] == 1
    assert (
        "3 photos: 1 readings accepted, 0 doubtful; 1 photos without digits, 1 not readable"
        in caplog.text
    )


def test_it_says_whose_model_reads(read, caplog):
    """The first day's, or that of the plant's own photos."""
    caplog.set_level("INFO")
    write(Path("a.jpg"), jpeg(GREY))
    read("a.jpg")
    assert "the first day's model, models/base/" in caplog.text
    for name in ("locator.pt", "digits.pt"):
        shutil.copy(f"models/base/{name}", "models")
    caplog.clear()
    read("a.jpg")
    assert "the model of your own photos, in models/" in caplog.text
    assert "first day" not in caplog.text


@pytest.mark.parametrize(
    ("tools", "said"),
    [
        ({"sample": 240}, "the model of the drawn sample, in models/, which has seen no photo of"),
        ({"sample": 240, "labelimg": 1}, "the model of your own photos, in models/"),
    ],
    ids=["drawn", "own beside drawn"],
)
def test_a_model_of_the_sample_is_not_called_your_own(read, caplog, tools, said):
    """`make` alone trains on drawn photos."""
    caplog.set_level("INFO")
    for base in Path("models/base").iterdir():
        shutil.copy(base, "models")
    write(Path("data/annotations.json"), json.dumps({"dialects": tools}))
    write(Path("a.jpg"), jpeg(GREY))
    read("a.jpg")
    assert said in caplog.text


@pytest.mark.parametrize(("threshold", "told"), [(1.01, True), (1.0, False), (0.5, False)])
def test_a_model_that_accepts_nothing_says_so(read, caplog, threshold, told):
    """Of few photos, or of many misread ones, no confidence is enough."""
    path = Path("models/base/reading.json")
    path.write_text(json.dumps(json.loads(path.read_text()) | {"threshold": threshold}))
    write(Path("a.jpg"), jpeg(GREY))
    read("a.jpg")
    assert ("No reading is accepted yet, so a person must look at each" in caplog.text) == told


@pytest.mark.parametrize("name", ["locator.pt", "digits.pt", "reading.json"])
def test_a_damaged_model_is_one_message(read, name):
    """Cut off, it stops the command before any photo is read."""
    write(Path("a.jpg"), jpeg(GREY))
    path = Path("models/base") / name
    path.write_bytes(path.read_bytes()[:20])
    with pytest.raises(UserError, match=rf"{name}.* is (damaged|not a model)"):
        read("a.jpg")


def test_a_model_without_its_calibration_is_told(read):
    """It is a file of the model, as the others are."""
    write(Path("a.jpg"), jpeg(GREY))
    Path("models/base/reading.json").unlink()
    with pytest.raises(UserError, match=r"reading\.json is missing"):
        read("a.jpg")


def test_a_newer_model_is_told(read):
    """It is of another version of this program."""
    write(Path("a.jpg"), jpeg(GREY))
    path = Path("models/base/locator.pt")
    torch.save(torch.load(path, weights_only=True) | {"version": 99}, path)
    with pytest.raises(UserError, match="written by a newer version"):
        read("a.jpg")


def test_it_reads_anywhere(tmp_path, drawn, monkeypatch, capsys):
    """Beside photos there is neither params.yaml nor a model: this checkout's reads them."""
    monkeypatch.chdir(tmp_path)
    write(Path("a.jpg"), drawn[0])
    with suppress(SystemExit):
        main(["."])
    assert capsys.readouterr().out.startswith("a.jpg")


def test_boxes_come_back_as_they_were_found(read, drawn):
    """From the XML of a photo of any EXIF orientation, without a doubt which way up they are."""
    photo = Image.open(BytesIO(drawn[0]))
    for orientation in STORED:
        write(Path(f"photos/{orientation}.jpg"), as_stored(photo, orientation))
    _, lines = read("photos", "--json", "--xml", "photos")
    ledger = read_folder(Path("photos"), load_params().parse, 1)
    assert ledger.problems == []
    for line in lines:
        its = json.loads(line)
        digits = {(tuple(max(1, edge) for edge in it["box"]), it["label"]) for it in its["digits"]}
        rows = [row for row in ledger.boxes if f"photos/{row.photo}" == its["photo"]]
        assert {(tuple(row.box), row.label) for row in rows} == digits
        size = parse_voc(Path(its["photo"]).with_suffix(".xml").read_bytes()).size
        assert size == tuple(map(str, read_photo(Path(its["photo"])).size))


def test_a_minus_sign_is_no_box():
    """Nor is what lies outside of the photo; where nothing is left, there is no XML."""
    minus, seven = ReadDigit("-", 0.9, Box(2, 10, 8, 12)), ReadDigit("7", 0.9, Box(-3, 5, 20, 30))
    outside = ReadDigit("7", 0.9, Box(18, 5, 30, 30))

    def proposed(*digits):
        return propose("a.jpg", (18, 40), [Reading(0, "", None, 0.9, "accepted", (), digits)])

    (found,) = parse_voc(proposed(minus, seven, outside)).objects
    assert (found.label, found.box) == ("7", ("1", "5", "18", "30"))
    assert proposed(minus) is None
    assert proposed(outside) is None


def test_xml_lies_as_the_photos_do(read, drawn):
    """Two photos of one name in two folders have two; one on which nothing was found has none."""
    for name in ("1/a.jpg", "2/a.jpg"):
        write(Path("photos") / name, drawn[0])
    write(Path("photos/b.jpg"), jpeg(GREY))
    read("photos", "--xml", "xml")
    assert list(contents(Path("xml"))) == ["1/a.xml", "2/a.xml"]
    read("photos/1", "photos/2", "--xml", "again")
    assert list(contents(Path("again"))) == ["1/a.xml", "2/a.xml"]


def test_no_xml_is_written_over_or_beside_another(read, drawn, caplog):
    """One beside the photo, one in Annotations/, one that is there: each is kept and told."""
    for folder in ("1", "2/JPEGImages", "3", "4"):
        write(Path("photos") / folder / "a.jpg", drawn[0])
    kept = ["1/a.xml", "2/Annotations/a.xml", "3/a.XML"]
    for name in kept:
        write(Path("photos") / name, "<annotation/>")
    read("photos", "--xml", "photos")
    written = [name for name in contents(Path("photos")) if name.lower().endswith("xml")]
    assert written == sorted([*kept, "4/a.xml"])
    assert all((Path("photos") / name).read_text() == "<annotation/>" for name in kept)
    assert "as there is one, or no room for it (3): photos/1/a.jpg" in caplog.text
    before = contents(Path("photos"))
    read("photos", "photos/4/a.jpg", "--xml", "photos")
    assert contents(Path("photos")) == before


@pytest.mark.skipif(os.name == "nt", reason="Windows takes no such names")
def test_hostile_names_are_names(read, drawn, caplog, monkeypatch):
    """A line break makes no second line, `=` no formula, `-` no option, bytes no crash."""
    names = ["-x.jpg", "=1+1.jpg", "a\nb.jpg", os.fsdecode(b"\xff.jpg"), "{x}%s.jpg", "x" * 251]
    names[-1] += ".jpg"
    for name in names:
        write(Path("photos") / name, drawn[0])
    monkeypatch.chdir("photos")
    code, lines = read(".", "--csv", "../a.csv", "--xml", "../xml", "--draw", "../drawn")
    assert code in (0, 3)
    assert len(lines) == len(names)
    rows = [row.photo for row in READINGS.read(Path("../a.csv"))]
    assert sorted(rows) == sorted([*names[:2], "a\\nb.jpg", "\\udcff.jpg", *names[4:]])
    assert not any(line.startswith("=") for line in Path("../a.csv").read_text().splitlines())
    assert sorted(contents(Path("../xml"))) == ["-x.xml", "=1+1.xml", "{x}%s.xml"]
    assert len(contents(Path("../drawn"))) == len(names) - 1
    assert "characters that are not text (2): a\\nb.jpg" in caplog.text


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")
def test_links_out_of_a_folder_are_not_followed(read, drawn, caplog):
    """To a photo or a folder; each is told. One that stays inside is a photo."""
    write(Path("photos/a.jpg"), drawn[0])
    write(Path("elsewhere/b.jpg"), drawn[0])
    Path("photos/out.jpg").symlink_to(Path("elsewhere/b.jpg").absolute())
    Path("photos/folder").symlink_to(Path("elsewhere").absolute())
    Path("photos/in.jpg").symlink_to("a.jpg")
    code, lines = read("photos")
    assert code == 1
    assert [line.split()[0] for line in lines] == ["photos/a.jpg", "photos/in.jpg"]
    for name in ("out.jpg", "folder"):
        assert f"ERROR: photos/{name}: put the file itself in the link's place" in caplog.text


def test_a_drawing_is_an_upright_copy(read, drawn):
    """As JPEG, of at most 1600 pixels; where it was drawn before, it is drawn anew."""
    large = Image.open(BytesIO(drawn[0])).resize((2400, 1800))
    write(Path("photos/a/x.jpg"), as_stored(large, 6))
    for name in ("x.png", "x.heic"):
        write(Path("photos") / name, drawn[0])
    for _ in range(2):
        read("photos", "--draw", "photos/drawn")
        made = contents(Path("photos/drawn"))
        assert list(made) == ["a/x.jpg", "x.heic.jpg", "x.png.jpg"]
        with Image.open("photos/drawn/a/x.jpg") as picture:
            assert (picture.format, picture.size) == ("JPEG", (1600, 1200))


def test_no_photo_is_drawn_over(read, drawn, caplog):
    """In their own folder nothing is, nor through a link out of the folder of drawings."""
    write(Path("photos/a.jpg"), drawn[0])
    write(Path("photos/b/a.jpg"), drawn[0])
    before = contents(Path("photos"))
    read("photos/a.jpg", "--draw", "photos")
    assert contents(Path("photos")) == before
    assert "not drawn, as another file has the name (1): photos/a.jpg" in caplog.text
    Path("drawn").mkdir()
    Path("elsewhere").mkdir()
    Path("drawn/b").symlink_to(Path("elsewhere").absolute())
    read("photos", "--draw", "drawn", "--xml", "drawn")
    assert list(contents(Path("drawn"))) == ["a.jpg", "a.xml"]
    assert contents(Path("elsewhere")) == {}


def test_a_phones_photo_is_read(read, drawn):
    """HEIC, as iPhones save it."""
    import pillow_heif

    picture = Image.open(BytesIO(drawn[0]))
    pillow_heif.from_pillow(picture).save("a.heic", quality=90)
    _, (line,) = read("a.heic")
    assert line.split()[1].replace(".", "") == drawn[1]


@pytest.mark.parametrize("option", ["--xml", "--draw", "--csv"])
def test_a_wrong_place_is_told_at_once(read, option, capsys):
    """A folder that is a file, a table that would be a photo: exit code 2, nothing is touched."""
    content = write(Path("a.jpg"), jpeg(GREY)).read_bytes()
    with pytest.raises(SystemExit) as end:
        main(["a.jpg", option, "a.jpg"])
    assert end.value.code == 2
    assert "a.jpg is no" in capsys.readouterr().err
    assert Path("a.jpg").read_bytes() == content


def test_it_speaks_korean(read, monkeypatch):
    """What speaks against a reading is told in the user's language; codes are the same."""
    monkeypatch.setenv("PIPELINE_LANG", "ko")
    write(Path("a.jpg"), jpeg(GREY))
    write(Path("b.jpg"), b"")
    _, lines = read(".", "--csv", "a.csv")
    assert all(any("가" <= letter <= "힣" for letter in line) for line in lines)
    assert [row.reason for row in READINGS.read(Path("a.csv"))] == ["no_display", "unreadable"]
    assert "no_display" in REASONS


@pytest.mark.skipif(sys.platform != "linux", reason="copies of this process")
def test_ctrl_c_keeps_what_was_read(workplace, drawn):
    """The table has the photos that were printed, and no half row."""
    for number in range(60):
        write(Path(f"photos/{number}.jpg"), drawn[0])
    process = Process(workplace.folder, "read", "photos", "--csv", "a.csv", "--draw", "drawn")
    while not Path("drawn").exists():
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGINT)
    ended = process.end()
    assert ended.returncode == 130
    rows = READINGS.read(Path("a.csv"))
    assert 0 < len(rows) < 60
    assert f"Stopped: {len(rows)} of 60 photos were read" in ended.stderr
    assert len(rows) - len(ended.stdout.splitlines()) in (0, 1)


def test_a_reader_that_has_enough_stops_it(workplace, drawn):
    """As `head` does; there is no traceback."""
    for number in range(20):
        write(Path(f"photos/{number}.jpg"), drawn[0])
    command = f"{sys.executable} -m pipeline.commands read photos | head -1"
    done = subprocess.run(
        command, shell=True, env=command_environment(), capture_output=True, text=True, check=False
    )
    assert len(done.stdout.splitlines()) == 1
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr
