"""Stage 2: what is cut, what is kept, and that both come to the same as a clean run."""

from __future__ import annotations

import logging
import os
import shutil
from dataclasses import replace
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from dvc_data.hashfile.db.local import LocalHashFileDB
from dvc_objects.fs.local import LocalFileSystem
from helpers import Later, contents, display, draw_photo, jpeg, voc_xml, write
from PIL import Image

from pipeline.contracts import BOXES, DIGITS, PHOTOS
from pipeline.crop import save
from pipeline.images import cropper, cutting
from pipeline.images.stamps import STAMPS
from pipeline.runtime.errors import UserError
from pipeline.runtime.files import md5


@pytest.fixture
def cropped(workplace):
    """A workplace with three photos of five digits, cut."""
    workplace.add_displays(3)
    workplace.do("parse", "crop")
    return workplace


def state(workplace):
    """Each digit image's identity on disk: another one when it was written again."""
    return {
        path.relative_to(workplace.digits).as_posix(): (path.stat().st_ino, path.stat().st_mtime_ns)
        for path in workplace.digits.rglob("*.*")
    }


def outputs(workplace):
    return contents(workplace.folder / "data")


def let_rest(workplace):
    """As if it had all been written ten seconds before crop ran, and that before its record."""
    with mock.patch.object(cropper, "time", Later):
        workplace.do("crop")
    record = workplace.folder / STAMPS.path
    later = record.stat().st_mtime_ns + 10**10
    os.utime(record, ns=(later, later))
    assert {row.photo for row in STAMPS.read(record)} == {row.photo for row in PHOTOS.read()}


def change_unseen(path):
    """Other bytes, as many, in the same file, at the time that it was written."""
    status = path.stat()
    path.write_bytes(bytes(status.st_size))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def clean_outputs(workplace):
    """What a run without anything of the last run gives."""
    shutil.rmtree(workplace.folder / "data")
    workplace.do("parse", "crop")
    return outputs(workplace)


def test_every_box_is_cut_under_its_label(workplace):
    """Each digit has an image, and a row that has its hash and its place."""
    workplace.add_displays(2)
    assert workplace.run("parse").returncode == 0
    result = workplace.run("crop")
    assert result.returncode == 0, result.stderr
    assert "10 digits: 10 written, 0 removed" in result.stderr
    files = contents(workplace.digits)
    rows = DIGITS.read()
    assert {row.file for row in rows} == set(files)
    for row in rows:
        assert row.file.startswith(f"{row.label}/p0")
        assert md5(files[row.file]) == row.md5
    assert "".join(row.label for row in rows) == "0123456789"


def test_an_image_shows_its_box(workplace):
    """It is the photo as it is decoded, pixel by pixel, with its margin."""
    workplace.set(crop__format="png", crop__margin=0.25)
    workplace.add("a.jpg", display("7"))
    workplace.do("parse", "crop")
    photo = np.asarray(Image.open(workplace.raw / "a.jpg"))
    xmin, ymin, xmax, ymax = (int(value) for value in display("7")[0][1])
    [row] = DIGITS.read()
    image = np.asarray(Image.open(workplace.digits / row.file))
    assert np.array_equal(image, photo[ymin - 10 : ymax + 10, max(xmin - 6, 0) : xmax + 6])
    assert row.pixels == image.shape[0] * image.shape[1]
    assert row.red == image[..., 0].sum()


def test_a_turned_photo_is_cut_upright(workplace):
    """The digit was boxed on the upright photo, which is stored on its side."""
    workplace.set(crop__format="png", crop__margin=0)
    upright = draw_photo(display("7"))
    stored = upright.transpose(Image.Transpose.ROTATE_90)
    write(workplace.raw / "a.jpg", jpeg(stored, quality=95, orientation=6))
    write(workplace.raw / "a.xml", voc_xml(display("7"), "a.jpg"))
    workplace.do("parse", "crop")
    image = Image.open(workplace.digits / DIGITS.read_frame()["file"][0])
    expected = upright.crop(display("7")[0][1])
    assert np.abs(np.asarray(image).astype(int) - np.asarray(expected)).mean() < 15


def test_a_second_run_writes_nothing(cropped, caplog):
    """No image is written, and the tables are the same."""
    before, written = outputs(cropped), state(cropped)
    with caplog.at_level(logging.INFO):
        cropped.do("crop")
    assert "15 digits: 0 written, 0 removed" in caplog.text
    assert state(cropped) == written
    assert outputs(cropped) == before


def remove(path):
    path.unlink()


def damage(path):
    path.write_bytes(path.read_bytes()[:-1] + b"x")


def empty(path):
    path.write_bytes(b"")


def swap(path):
    path.write_bytes(next(p for p in path.parents[1].rglob("*.*") if p != path).read_bytes())


@pytest.mark.parametrize("rested", [False, True])
@pytest.mark.parametrize("harm", [remove, damage, empty, swap])
def test_a_harmed_image_alone_is_cut_again(cropped, harm, rested):
    """The harm may have been done by hand or by a killed run."""
    if rested:
        let_rest(cropped)
    before, written = outputs(cropped), state(cropped)
    victim = sorted(written)[7]
    harm(cropped.digits / victim)
    cropped.do("crop")
    assert outputs(cropped) == before
    assert {file for file, its in state(cropped).items() if its != written[file]} == {victim}


@pytest.mark.parametrize("file", ["7/mine.jpg", "x/y.jpg", "notes.txt", "7/.p00.jpg.part", "a/b/c"])
def test_a_foreign_file_is_removed(cropped, file):
    """Training reads what digits.csv lists, and DVC versions the whole folder."""
    before, written = outputs(cropped), state(cropped)
    write(cropped.digits / file, "7")
    cropped.do("crop")
    assert outputs(cropped) == before
    assert state(cropped) == written
    assert {path.name for path in cropped.digits.iterdir()} == set("0123456789")


def test_a_foreign_link_is_removed_and_what_it_leads_to_is_not(cropped):
    """It leads to a file or a folder elsewhere."""
    elsewhere = write(cropped.folder / "elsewhere/mine.jpg", "7").parent
    before = outputs(cropped)
    (cropped.digits / "7/link.jpg").symlink_to(elsewhere / "mine.jpg")
    (cropped.digits / "more").symlink_to(elsewhere)
    cropped.do("crop")
    assert contents(elsewhere) == {"mine.jpg": b"7"}
    assert not (cropped.digits / "more").exists()
    assert outputs(cropped) == before


def add_photo(workplace):
    workplace.add("new.jpg", display("2468"), seed=99)


def remove_photo(workplace):
    (workplace.raw / "p01.jpg").unlink()
    (workplace.raw / "p01.xml").unlink()


def replace_photo(workplace):
    write(workplace.raw / "p01.jpg", jpeg(draw_photo(display("56789"), seed=99)))


def move_a_box(workplace):
    moved = [(label, (x1 + 1, y1, x2 + 1, y2)) for label, (x1, y1, x2, y2) in display("56789")]
    write(workplace.raw / "p01.xml", voc_xml(moved, "p01.jpg"))


def correct_a_label(workplace):
    write(workplace.raw / "p01.xml", voc_xml(display("56780", top=21), "p01.jpg"))


def add_a_box(workplace):
    more = [*display("56789", top=21), ("3", (20, 65, 50, 105))]
    write(workplace.raw / "p01.xml", voc_xml(more, "p01.jpg"))


def rename_photo(workplace):
    (workplace.raw / "p01.jpg").rename(workplace.raw / "q.jpg")
    (workplace.raw / "p01.xml").rename(workplace.raw / "q.xml")


@pytest.mark.parametrize(
    ("edit", "rewritten"),
    [
        (add_photo, 4),
        (remove_photo, 0),
        (replace_photo, 5),
        (move_a_box, 5),
        (correct_a_label, 1),
        (add_a_box, 1),
        (rename_photo, 5),
    ],
)
def test_an_edit_recuts_what_it_touches_and_equals_a_clean_run(cropped, edit, rewritten):
    """Tables and images are equal byte for byte."""
    let_rest(cropped)
    written = state(cropped)
    edit(cropped)
    cropped.do("parse", "crop")
    changed = [file for file, its in state(cropped).items() if its != written.get(file)]
    assert len(changed) == rewritten
    assert outputs(cropped) == clean_outputs(cropped)


@pytest.mark.parametrize("change", [{"crop__margin": 0.3}, {"crop__format": "png"}])
def test_other_parameters_recut_everything(cropped, change):
    """They leave nothing of the old kind."""
    let_rest(cropped)
    written = state(cropped)
    cropped.set(**change)
    cropped.do("crop")
    assert not set(state(cropped).items()) & set(written.items())
    assert len(contents(cropped.digits)) == 15
    assert outputs(cropped) == clean_outputs(cropped)


def test_a_photo_rewritten_under_its_old_time_is_noticed(cropped):
    """Size and inode are the old ones, too; a program cannot set back the time of the change."""
    let_rest(cropped)
    change_unseen(cropped.raw / "p01.jpg")
    with pytest.raises(UserError, match=r"raw/p01\.jpg is not what parse read"):
        cropped.do("crop")


def test_no_file_is_read_again_after_dvc_has_set_its_mode(cropped, monkeypatch):
    """DVC does so with each file of an output that stays (treeverse/dvc 6562), before its stage."""
    let_rest(cropped)
    before = outputs(cropped)
    LocalHashFileDB(LocalFileSystem(), str(cropped.folder)).unprotect(str(cropped.digits))
    monkeypatch.setattr(cropper, "read_bytes", None)
    cropped.do("crop")
    assert outputs(cropped) == before


def test_a_photo_that_changed_as_it_was_read_is_read_again(cropped, monkeypatch):
    """The stamp is that of before; one that has not rested is none, as a disk may count seconds."""
    read, path = cropper.read_bytes, cropped.raw / "p01.jpg"
    other = jpeg(draw_photo(display("56789", top=21), seed=77))

    def read_and_change(its):
        content = read(its)
        if its.name == path.name:
            write(path, other)
        return content

    with monkeypatch.context() as patch:
        patch.setattr(cropper, "read_bytes", read_and_change)
        let_rest(cropped)
    assert path.read_bytes() == other
    cropped.do("crop")
    assert outputs(cropped) == clean_outputs(cropped)


@pytest.mark.parametrize("seconds", [-1, 2**32])
def test_a_file_of_another_age_is_cut_as_any(workplace, seconds):
    """A camera without a battery dates its photos before 1970, or beyond our days."""
    workplace.add("a.jpg", display("7"))
    for path in workplace.raw.iterdir():
        os.utime(path, (seconds, seconds))
    workplace.do("parse", "crop")
    before = outputs(workplace)
    workplace.do("parse", "crop")
    assert outputs(workplace) == before == clean_outputs(workplace)


def test_what_has_just_changed_is_read_again(cropped):
    """Two changes may bear one time, so the time alone is not believed."""
    before = outputs(cropped)
    cropped.do("crop")
    change_unseen(cropped.digits / DIGITS.read_frame()["file"][7])
    cropped.do("crop")
    assert outputs(cropped) == before


@pytest.mark.parametrize("file", ["digits.csv", "photos.csv", ".stamps.csv"])
@pytest.mark.parametrize("content", [None, b"", b"file,label\n", b"\xff\xfe damaged"])
def test_a_lost_or_damaged_table_costs_time_only(cropped, file, content):
    """Images are cut again, and the result is the same."""
    before = outputs(cropped)
    path = cropped.folder / "data" / file
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    cropped.do("crop")
    assert outputs(cropped) == before


def repeat_a_line(path):
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines, lines[-1]]))


def put(table, **values):
    """A change of a table's second row, sealed as any row is."""

    def change(path):
        rows = table.read(path)
        table.write([rows[0], replace(rows[1], **values), *rows[2:]], path)

    return change


def leave_out_a_photo(path):
    DIGITS.write([row for row in DIGITS.read(path) if row.photo != "p01.jpg"], path)


@pytest.mark.parametrize(
    ("file", "change"),
    [
        pytest.param("photos.csv", repeat_a_line, id="a photo twice"),
        pytest.param("digits.csv", repeat_a_line, id="a digit twice"),
        pytest.param("photos.csv", put(PHOTOS, width=160.0), id="no whole number"),
        pytest.param("digits.csv", put(DIGITS, pixels=1344.5), id="no whole number of pixels"),
        pytest.param("photos.csv", put(PHOTOS, md5="0" * 32), id="another photo"),
        pytest.param("digits.csv", put(DIGITS, row=7), id="another place"),
        pytest.param("digits.csv", leave_out_a_photo, id="a photo without digits"),
    ],
)
def test_a_table_of_whole_rows_is_not_believed_either(cropped, file, change):
    """Each is sealed, as where tables of two versions were joined; the result is a clean run's."""
    let_rest(cropped)
    before = outputs(cropped)
    change(cropped.folder / "data" / file)
    cropped.do("crop")
    assert outputs(cropped) == before


def test_another_way_of_cutting_cuts_anew(cropped, monkeypatch):
    """Whoever changes it raises its version, which no file tells of."""
    let_rest(cropped)
    written = state(cropped)
    monkeypatch.setattr(cutting, "CUTTING_VERSION", "next")
    monkeypatch.setattr(cropper, "CUTTING_VERSION", "next")
    cropped.do("crop")
    assert not set(state(cropped).items()) & set(written.items())


def test_a_killed_run_is_made_good(cropped):
    """The next run equals a clean one, though images are wrong and tables are old."""
    before = outputs(cropped)
    for path in sorted(cropped.digits.rglob("*.jpg"))[::2]:
        path.write_bytes(jpeg(draw_photo([])))
    (cropped.digits / "3/.x-1.jpg.part").write_bytes(b"half")
    cropped.do("crop")
    assert outputs(cropped) == before


NASTY = [
    "a/b.jpg",
    "a_b.jpg",
    "A.jpg",
    "x/a.JPG",
    "y/a.jpg",
    "가 나,다.jpg",
    "n" * 240 + ".jpg",
    "7-1.jpg",
]


def test_nasty_photo_names_get_files_of_their_own(workplace):
    """Each digit is kept apart, whatever folders, case, length or letters names have."""
    for seed, name in enumerate(NASTY):
        workplace.add(name, display("77"), seed)
    workplace.do("parse", "crop")
    table = DIGITS.read_frame()
    assert table["file"].str.casefold().nunique() == 2 * len(NASTY)
    assert set(table["photo"]) == set(NASTY)
    assert set(contents(workplace.digits)) == set(table["file"])


@pytest.mark.parametrize("content", [b"no photo", None], ids=["damaged", "gone"])
def test_a_photo_that_is_not_what_parse_read_stops_it(cropped, content):
    """Left out, it would have no row in problems.csv; parse gives it one."""
    photo = cropped.raw / "p01.jpg"
    photo.unlink() if content is None else photo.write_bytes(content)
    with pytest.raises(UserError, match=r"raw/p01\.jpg is not what parse read.*dvc repro"):
        cropped.do("crop")


@pytest.mark.parametrize("table", ["photos.csv", "digits.csv"])
@pytest.mark.parametrize("spoil", [lambda its: its[:-4], lambda its: its.replace(b",9", b",8", 1)])
def test_a_table_changed_by_hand_is_not_believed(cropped, table, spoil):
    """The next run comes to what a clean run comes to."""
    before = outputs(cropped)
    path = cropped.folder / "data" / table
    path.write_bytes(spoil(path.read_bytes()))
    cropped.do("crop")
    assert outputs(cropped) == before


def test_the_rows_begin_with_the_boxes_in_their_order(cropped):
    """The order does not depend on which photo is done first."""
    boxes = BOXES.read_frame()
    assert DIGITS.read_frame()[BOXES.columns].equals(boxes)
    BOXES.write_frame(boxes[::-1])
    cropped.do("crop")
    assert list(DIGITS.read_frame()["object"]) == list(boxes["object"][::-1])


def test_a_photos_hash_tells_a_copy_from_another_photo(workplace):
    """Saved again at a lower quality it is near, another photo is far."""
    photo = draw_photo(display("70"), seed=1)
    for name, image, quality in (
        ("a", photo, 95),
        ("copy", photo, 60),
        ("other", draw_photo(display("70"), seed=2), 95),
    ):
        write(workplace.raw / f"{name}.jpg", jpeg(image, quality))
        write(workplace.raw / f"{name}.xml", voc_xml(display("70"), f"{name}.jpg"))
    workplace.do("parse", "crop")
    table = PHOTOS.read_frame().set_index("photo")
    original, copy, other = (int(value, 16) for value in table["perceptual_hash"])
    assert (original ^ copy).bit_count() <= 12 < (original ^ other).bit_count()


@pytest.mark.parametrize("failing", ["photos.csv", "digits.csv", ".stamps.csv"])
def test_what_says_that_all_is_in_order_is_put_in_place_last(cropped, monkeypatch, failing):
    """Of photos, digits and stamps, none is newer than what it speaks of, wherever a run ends."""
    monkeypatch.chdir(cropped.folder)
    names = ["photos.csv", "digits.csv", ".stamps.csv"]
    before = [Path("data", name).read_bytes() for name in names]
    put_in_place = Path.replace

    def fail(path, target):
        if target.name == failing:
            raise PermissionError("open in another program")
        return put_in_place(path, target)

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(PermissionError):
        save([])
    kept = names.index(failing)
    after = [Path("data", name).read_bytes() for name in names]
    assert after[kept:] == before[kept:]
    assert all(new != old for new, old in zip(after[:kept], before, strict=False))
