"""What a person may get wrong, from his first day on: a message that says what to do."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helpers import Workplace, display, draw_photo, jpeg, voc_xml, write
from PIL import Image


def refused(workplace: Workplace, stage: str, *arguments: str) -> str:
    """Run a stage that must fail, with one message and no traceback; returns the message."""
    done = workplace.run(stage, *arguments)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert "ERROR: " in done.stderr
    assert list(workplace.folder.rglob("*.part")) == []
    return done.stderr


def test_no_raw(workplace):
    """Without raw/ the message says what belongs there and how to draw a sample."""
    assert "digits sample raw" in refused(workplace, "parse")


def test_empty_raw(workplace):
    """An empty raw/ is said to be empty."""
    workplace.raw.mkdir()
    assert "raw/ is empty: put photos and their XML there" in refused(workplace, "parse")


def test_photos_without_xml(workplace):
    """With photos alone the message points to the ledger, which lists each of them."""
    for name in ("a.jpg", "b.jpg"):
        write(workplace.raw / name, jpeg(draw_photo(display("12"))))
    assert "data/problems.csv says why" in refused(workplace, "parse")
    problems = pd.read_csv("data/problems.csv")
    assert problems[["file", "reason"]].to_numpy().tolist() == [
        ["a.jpg", "photo_without_xml"],
        ["b.jpg", "photo_without_xml"],
    ]


def test_one_photo_only(workplace):
    """One photo cannot be on both sides: the message says so, and what to do."""
    workplace.add("only.jpg", display("01234"))
    workplace.do("parse", "crop", "stats")
    assert "add photos, or set split.by: digit" in refused(workplace, "split")


def test_a_class_with_one_digit(workplace):
    """A digit that occurs once is named in a warning, and the split is made all the same."""
    for i in range(20):
        workplace.add(f"p{i}.jpg", display("0120"), seed=i)
    workplace.add("nine.jpg", display("0129"), seed=99)
    workplace.do("parse", "crop")
    done = workplace.run("split")
    assert done.returncode == 0
    assert "WARNING: no digit 9 in" in done.stderr


def test_a_class_with_one_digit_split_by_digit(workplace):
    """scikit-learn cannot stratify a class of one: the message names the file and the cause."""
    workplace.add("a.jpg", display("0120"))
    workplace.add("b.jpg", display("0129"), seed=1)
    workplace.set(split__by="digit")
    workplace.do("parse", "crop")
    assert "data/digits.csv cannot be split by digit" in refused(workplace, "split")


@pytest.mark.slow
def test_ten_thousand_boxes_on_one_photo(workplace):
    """Ten thousand boxes on one photo are all read, in order, and cut."""
    workplace.add_displays(4)
    boxes = [
        (str((x + y) % 10), (8 * x, 8 * y, 8 * x + 7, 8 * y + 7))
        for y in range(100)
        for x in range(100)
    ]
    noise = np.random.default_rng(0).integers(0, 256, (800, 800, 3), dtype=np.uint8)
    write(workplace.raw / "many.jpg", jpeg(Image.fromarray(noise)))
    write(workplace.raw / "many.xml", voc_xml(boxes, "many.jpg", (800, 800)))
    workplace.do("parse", "crop", "stats", "split")
    many = pd.read_csv("data/boxes.csv").query("photo == 'many.jpg'")
    assert len(many) == 10_000
    assert (many["row"] == many["ymin"] // 8).all()
    assert (many["column"] == many["xmin"] // 8).all()
    assert len(list(workplace.digits.rglob("many-*"))) == 10_000


def test_a_photo_of_one_pixel(workplace):
    """A photo of 1x1 holds no digit: it is listed with its XML and box, and others go on."""
    workplace.add("good.jpg", display("12"))
    write(workplace.raw / "dot.jpg", jpeg(draw_photo([], size=(1, 1))))
    write(workplace.raw / "dot.xml", voc_xml([("5", (0, 0, 1, 1))], "dot.jpg", (1, 1)))
    workplace.do("parse")
    assert pd.read_csv("data/boxes.csv")["photo"].tolist() == ["good.jpg"] * 2
    problems = pd.read_csv("data/problems.csv")
    assert problems[["file", "reason"]].to_numpy().tolist() == [
        ["dot.jpg", "all_rejected"],
        ["dot.xml", "all_rejected"],
        ["dot.xml", "box_empty"],
    ]


def test_a_photo_that_vanished_after_parse(workplace):
    """Crop names a photo that was deleted between parse and crop; then parse gives an account."""
    workplace.add("a.jpg", display("12"))
    workplace.add("b.jpg", display("34"))
    workplace.do("parse")
    (workplace.raw / "a.jpg").unlink()
    done = workplace.run("crop")
    assert done.returncode == 1
    assert "raw/a.jpg is not what parse read" in done.stderr
    workplace.do("parse", "crop")
    assert pd.read_csv("data/digits.csv")["photo"].unique().tolist() == ["b.jpg"]
    assert "no_photo" in set(pd.read_csv("data/problems.csv")["reason"])


@pytest.fixture
def small_disk(tmp_path: Path):
    """A folder on a disk of 64 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if os.name != "posix" or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root on Linux may mount a small disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk(workplace, small_disk):
    """A full disk stops crop with a message, half a file nowhere; with room the run is right."""
    workplace.add_displays(20)
    workplace.do("parse")
    workplace.digits.symlink_to(small_disk, target_is_directory=True)
    assert "the disk is full" in refused(workplace, "crop")
    assert list(small_disk.rglob("*.part")) == []
    workplace.digits.unlink()
    workplace.do("crop")
    assert len(list(workplace.digits.rglob("*.jpg"))) == 100


def test_no_permission_to_write(workplace):
    """A folder that cannot be written to is named, with what to do."""
    workplace.add("a.jpg", display("12"))
    (workplace.folder / "data").mkdir()
    locked = ["chattr", "+i", "data"] if os.geteuid() == 0 else ["chmod", "a-w", "data"]
    unlocked = ["chattr", "-i", "data"] if os.geteuid() == 0 else ["chmod", "u+w", "data"]
    if not shutil.which(locked[0]) or subprocess.run(locked, check=False).returncode:
        pytest.skip("this file system cannot lock a folder")
    try:
        assert "no permission: check who owns the file or folder" in refused(workplace, "parse")
    finally:
        subprocess.run(unlocked, check=True)
    assert list((workplace.folder / "data").iterdir()) == []
