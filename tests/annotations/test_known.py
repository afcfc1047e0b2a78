"""What was read before is not read again, and never taken for what is there now."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from unittest import mock

import pytest
from helpers import ROOT, Later, display, draw_photo, jpeg, voc_xml, write
from hypothesis import given
from hypothesis import strategies as st
from odd_folders import FOLDERS, ODD_PHOTOS, ODD_XML

from pipeline.annotations import annotation, known
from pipeline.annotations.folder import read_folder
from pipeline.params import load_params

PARAMS = load_params(ROOT / "params.yaml").parse


def read_later():
    """As if files and code had been left alone for a while."""
    return mock.patch.multiple(known, time=Later, _CODE="code")


@pytest.fixture
def later():
    """What was written a moment ago has been left alone for some time."""
    with read_later():
        yield


@pytest.fixture
def read(monkeypatch, tmp_path):
    """Reads raw/ with a record; returns the ledger and the XML that were read for it."""
    opened = []

    def read_voc(path, read_it=annotation.read_voc):
        opened.append(path.name)
        return read_it(path)

    def read_raw(params=PARAMS, record=tmp_path / "record"):
        opened.clear()
        # In this process, whose reading is watched.
        return read_folder(tmp_path / "raw", params, cores=1, record=record), sorted(opened)

    monkeypatch.setattr(annotation, "read_voc", read_voc)
    return read_raw


@pytest.fixture
def raw(tmp_path):
    """Two photos and their XML: a.xml names another one, b.xml its own, and each has a unit."""
    unit = ("kWh", (70, 30, 94, 70))
    for seed, (xml, photo, named) in enumerate([("a", "a", "n"), ("b", "of_b", "of_b")]):
        write(tmp_path / f"raw/{photo}.jpg", jpeg(draw_photo(display("70"), seed=seed)))
        write(tmp_path / f"raw/{xml}.xml", voc_xml([*display("70"), unit], f"{named}.jpg"))
    return tmp_path / "raw"


def test_what_has_not_changed_is_not_read_again(raw, read, later):
    """The ledger is the same."""
    ledger, opened = read()
    assert opened == ["a.xml", "b.xml"]
    assert read() == (ledger, [])
    assert (len(ledger.boxes), len(ledger.others)) == (4, 2)


def relabel_unseen(raw):
    """Change a label, but neither the file's length nor the time that programs set."""
    path = raw / "a.xml"
    before = path.stat()
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("<name>7<", "<name>1<"), encoding="utf-8")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)


# What each changes in raw/, and the XML that are to be read again. Others' caches took for
# unchanged: a label of the same length (ultralytics/yolov5 issue 306), a photo that came
# (Megvii-BaseDetection/YOLOX issue 1908).
CHANGES = {
    "XML": (lambda raw: write(raw / "a.xml", voc_xml(display("71"), "a.jpg")), ["a.xml"]),
    "photo": (lambda raw: write(raw / "of_b.jpg", jpeg(draw_photo([], (40, 40)))), ["b.xml"]),
    "photo's name": (lambda raw: (raw / "of_b.jpg").rename(raw / "c.jpg"), ["b.xml"]),
    "truer photo": (lambda raw: shutil.copy(raw / "a.jpg", raw / "b.jpg"), ["b.xml"]),
    "named photo": (lambda raw: shutil.copy(raw / "of_b.jpg", raw / "n.jpg"), ["a.xml"]),
    "another's photo": (lambda raw: shutil.copy(raw / "a.jpg", raw / "c.jpg"), []),
    "XML's name": (lambda raw: (raw / "a.xml").rename(raw / "c.xml"), ["c.xml"]),
    "XML gone": (lambda raw: (raw / "a.xml").unlink(), []),
}
if os.name != "nt":  # which tells no time of change
    CHANGES["unseen label"] = (relabel_unseen, ["a.xml"])


@pytest.mark.parametrize(("change", "again"), CHANGES.values(), ids=CHANGES)
def test_what_has_changed_is_read_again(raw, read, later, change, again):
    """The ledger is the one that is read without a record."""
    read()
    change(raw)
    ledger, opened = read()
    assert opened == again
    assert ledger == read(record=None)[0]


def test_what_changed_as_it_was_read_is_read_again(raw, read, later, monkeypatch):
    """It does not bear the stamp of what was read."""
    read_it = annotation.read_voc

    def read_and_change(path):
        voc = read_it(path)
        write(path, voc_xml(display("71"), "of_b.jpg"))
        return voc

    with monkeypatch.context() as patch:
        patch.setattr(annotation, "read_voc", read_and_change)
        before, _ = read()
    ledger, opened = read()
    assert opened == ["a.xml", "b.xml"]
    assert ledger == read(record=None)[0] != before


@pytest.mark.parametrize("time_ns", [-1, 2**32 * 10**9])
def test_a_file_of_another_age_is_read_as_any(raw, read, later, time_ns):
    """A camera without a battery dates its photos before 1970, or beyond our days."""
    before, _ = read()
    os.utime(raw / "a.jpg", ns=(time_ns, time_ns))
    assert read() == (before, ["a.xml"])


def test_a_record_that_cannot_be_written_costs_no_table(raw, read, later, tmp_path):
    """A full disk, or a folder in its place, as here."""
    (tmp_path / "record").mkdir()
    ledger, _ = read()
    assert ledger == read(record=None)[0]


def test_what_has_no_box_is_not_recorded(raw, read, later, tmp_path):
    """A stranger's 20,000 objects would be written out with one sentence each."""
    write(raw / "a.xml", "<annotation>" + "<object/>" * 20_000 + "</annotation>")
    write(raw / "a.jpg", b"no photo")
    ledger, _ = read()
    assert (tmp_path / "record").stat().st_size < 2000
    assert read() == (ledger, ["a.xml"])


def test_what_changed_a_moment_ago_is_read_again(raw, read):
    """The next change may bear the same time."""
    read()
    assert read()[1] == ["a.xml", "b.xml"]


def test_other_parameters_know_nothing(raw, read, later):
    """Each may change what is read, though no file has changed (ultralytics pull request 26207)."""
    read()
    ledger, opened = read(PARAMS.model_copy(update={"labels": {"7": "1"}}))
    assert opened == ["a.xml", "b.xml"]
    assert {box.label for box in ledger.boxes} == {"0", "1"}


@given(part=st.floats(0, 1), damage=st.sampled_from(["cut off", "changed", "emptied"]))
def test_a_damaged_record_costs_time_only(part, damage):
    """Wherever it is damaged."""
    with tempfile.TemporaryDirectory() as name, read_later():
        folder, record = Path(name, "raw"), Path(name, "record")
        write(folder / "a.jpg", jpeg(draw_photo(display("70"))))
        write(folder / "a.xml", voc_xml(display("70"), "a.jpg"))
        ledger = read_folder(folder, PARAMS, 1, record)
        content = record.read_bytes()
        place = int(part * (len(content) - 1))
        other = bytes([content[place] ^ 1])
        record.write_bytes(
            {
                "cut off": content[:place],
                "changed": content[:place] + other + content[place + 1 :],
                "emptied": b"",
            }[damage]
        )
        assert read_folder(folder, PARAMS, 1, record) == ledger
        assert record.read_bytes() == content


ODD_CHANGES = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(["a.xml", "b.xml", "x/a.xml", "e.XML"], st.none() | ODD_XML),
        **dict.fromkeys(["a.jpg", "B.jpg", "x/c.png", "a.png", "x/a.jpg"], st.none() | ODD_PHOTOS),
    },
)


@pytest.mark.slow
@given(first=FOLDERS, changes=st.lists(ODD_CHANGES, min_size=1, max_size=4))
def test_a_record_changes_no_ledger(first, changes):
    """Whatever came, changed or went since it was written."""
    with tempfile.TemporaryDirectory() as name, read_later():
        folder, record = Path(name, "raw"), Path(name, "record")
        write(folder / "kept.xml", "<annotation/>")
        for files in (first, *changes):
            for file, content in files.items():
                path = folder / file
                # A file system's clock may tick in 10 ms; two changes in one need `is_settled`.
                time.sleep(0.01)
                path.unlink(missing_ok=True)
                if content is not None:
                    write(path, voc_xml(**content) if isinstance(content, dict) else content)
            assert read_folder(folder, PARAMS, 1, record) == read_folder(folder, PARAMS, 1)


def test_other_packages_know_nothing(raw, read, later, monkeypatch):
    """A new Pillow may read what the old one could not."""
    read()
    monkeypatch.setattr(known, "version", lambda package: f"{package} of tomorrow")
    assert read()[1] == ["a.xml", "b.xml"]


@pytest.mark.slow
def test_other_code_knows_nothing(raw, tmp_path):
    """An edit of a rule counts for what was read before, too, and leaves no record at first."""
    shutil.copytree(ROOT / "pipeline", tmp_path / "pipeline")
    program = (
        "import sys, time; from pathlib import Path\n"
        "now = time.time_ns; time.time_ns = lambda: now() + 10**10\n"
        "from pipeline.annotations.folder import read_folder\n"
        "from pipeline.params import load_params\n"
        f"params = load_params(Path({str(ROOT / 'params.yaml')!r})).parse\n"
        "print(len(read_folder(Path('raw'), params, 1, Path('record')).boxes))"
    )

    def count_boxes():
        command = [sys.executable, "-c", program]
        return int(subprocess.run(command, cwd=tmp_path, check=True, capture_output=True).stdout)

    assert count_boxes() == 4
    record = tmp_path / "record"
    before = record.read_bytes()
    photos = tmp_path / "pipeline/images/photo.py"
    photos.write_text(photos.read_text(encoding="utf-8") + "# edited", encoding="utf-8")
    assert count_boxes() == 4
    assert record.read_bytes() != before
    rules = tmp_path / "pipeline/annotations/rules.py"
    edited = rules.read_text(encoding="utf-8").replace('not in "0123456789"', 'not in "012345689"')
    assert edited != rules.read_text(encoding="utf-8")
    rules.write_text(edited, encoding="utf-8")
    assert count_boxes() == 2
    # Edited while the process starts, what is on disk may not be what was loaded.
    record.unlink()
    future = time.time() + 3600
    os.utime(rules, (future, future))
    assert count_boxes() == 2
    assert not record.exists()
