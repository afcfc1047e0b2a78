"""What a stranger may put into raw/: refused at little cost, within 200 MB, and the run goes on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers import ROOT, display, draw_photo, jpeg, voc_xml, work, write
from PIL import Image

# Each reads a folder in a process of its own.
pytestmark = pytest.mark.slow

MEASURED = """
import json, resource, sys, time
from pathlib import Path
from pipeline.annotations.folder import read_folder
from pipeline.params import load_params
params = load_params(Path(sys.argv[2])).parse
before = resource.getrusage(resource.RUSAGE_SELF)
# On one core, so that what other processes cost need not be added.
ledger = read_folder(Path(sys.argv[1]), params, cores=1)
after = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({
    "seconds": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
    "megabytes": (after.ru_maxrss - before.ru_maxrss) / 1024,
    "photos": sorted({box.photo for box in ledger.boxes}),
    "boxes": len(ledger.boxes),
    "problems": [[row.file, row.reason, row.detail] for row in ledger.problems],
}))
"""


def read_in_a_process(folder: Path) -> dict:
    """What reading a folder gave, and what it cost, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, str(folder), str(ROOT / "params.yaml")],
        env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(done.stdout)


@pytest.fixture
def raw(tmp_path):
    """A folder with one good photo, and one whose XML a stranger writes."""
    for name in ("good", "odd"):
        write(tmp_path / f"raw/{name}.jpg", jpeg(draw_photo(display(name[:1].replace("g", "7")))))
    write(tmp_path / "raw/good.xml", voc_xml(display("7"), "good.jpg"))
    write(tmp_path / "secret.txt", "classified")
    return tmp_path / "raw"


BOMB = (
    "<!DOCTYPE annotation [<!ENTITY e0 '7777777777'>"
    + "".join(f"<!ENTITY e{i + 1} '{f'&e{i};' * 10}'>" for i in range(12))
    + "]><annotation><object><name>&e12;</name></object></annotation>"
)
EXTERNAL = (
    "<!DOCTYPE annotation [<!ENTITY x SYSTEM '../secret.txt'>]>"
    "<annotation><object><name>&x;</name></object></annotation>"
)
REFUSED = {
    "entity bomb": (BOMB, "DTD"),
    "entity bomb in UTF-16": (BOMB.encode("utf-16"), "DTD"),
    "external entity": (EXTERNAL, "DTD"),
    "100 MB": (b"<annotation>" + bytes(100 * 2**20), "larger than 8 MiB"),
    "100 MB of text": (
        b"<annotation><filename>" + b"a" * (100 * 2**20) + b"</filename></annotation>", "8 MiB"
    ),
    "100,000 objects": (voc_xml([("7", (1, 2, 30, 40))] * 100_000, "odd.jpg"), "larger than 8 MiB"),
    "100,000 small objects": (
        "<annotation>" + "<object><name>7</name></object>" * 100_000 + "</annotation>",
        "100000 objects, more than 20000",
    ),
    "10,000 nested": ("<annotation>" + "<object>" * 10_000, "."),
    "a million tags": ("<annotation>" + "<a/>" * 1_000_000 + "</annotation>", "500000 tags"),
    "a million attributes": (
        "<annotation " + " ".join(f"a{i}=''" for i in range(600_000)) + "/>", "500000 tags"
    ),
}  # fmt: skip


@pytest.mark.parametrize(("content", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_hostile_xml_is_refused_at_little_cost(raw, content, reason):
    """Its reason is in the ledger, the good photo is used, and no other file is read."""
    write(raw / "odd.xml", content)
    done = read_in_a_process(raw)
    assert work(done["seconds"]) < 5
    assert done["megabytes"] < 200
    assert done["photos"] == ["good.jpg"]
    assert "classified" not in str(done)
    details = {file: detail for file, code, detail in done["problems"] if code == "unreadable_xml"}
    assert list(details) == ["odd.xml"]
    assert reason == "." or reason in details["odd.xml"]


def grid(columns: int, rows: int, step: int) -> list:
    return [
        (str((x + y) % 10), (step * x, step * y, step * x + 4, step * y + 4))
        for y in range(rows)
        for x in range(columns)
    ]


LONG = "9" * 8_000_000
READ = {
    "a filename that leads out": (voc_xml(display("7"), "../../secret.txt", (600, 600)), 1),
    "an absolute filename": (voc_xml(display("7"), "/etc/passwd", (600, 600)), 1),
    "a filename of eight million slashes": (
        f"<annotation><filename>{'/' * 8_000_000}</filename></annotation>", 0
    ),
    "a label of eight million letters": (
        f"<annotation><object><name>{LONG}</name></object></annotation>", 0
    ),
    "a number of eight million digits": (
        f"<annotation><object><name>7</name><bndbox><xmin>{LONG}</xmin></bndbox></object>"
        "</annotation>", 0
    ),
    "ten thousand boxes in a grid": (voc_xml(grid(100, 100, 5), "odd.jpg", (600, 600)), 10_000),
    "ten thousand boxes, each a row": (
        voc_xml([("7", (i % 590, i / 20, i % 590 + 4, i / 20 + 3)) for i in range(10_000)],
                "odd.jpg", (600, 600)), None
    ),
    "ten thousand boxes on one place": (
        voc_xml([("7", (1, 2, 30, 40))] * 10_000, "odd.jpg", (600, 600)), 1
    ),
}  # fmt: skip


@pytest.mark.parametrize(("content", "boxes"), READ.values(), ids=READ)
def test_a_strange_xml_is_read_at_little_cost(raw, content, boxes):
    """Whatever it holds is judged; no path in it is followed."""
    noise = np.random.default_rng(0).integers(0, 256, (600, 600, 3), dtype=np.uint8)
    write(raw / "odd.jpg", jpeg(Image.fromarray(noise)))
    write(raw / "odd.xml", content)
    done = read_in_a_process(raw)
    # What grows with the square of the boxes would take minutes.
    assert work(done["seconds"]) < 35
    assert done["megabytes"] < 200
    assert "classified" not in str(done)
    assert set(done["photos"]) <= {"good.jpg", "odd.jpg"}
    assert boxes is None or done["boxes"] == 1 + boxes


def test_thousands_of_photos_of_one_name_are_told_apart_quickly(tmp_path):
    """Each folder's XML finds its own photo, without a look at all the others."""
    photo, xml = jpeg(draw_photo([])), voc_xml([], "1.jpg")
    for i in range(2000):
        write(tmp_path / f"raw/{i}/1.jpg", photo)
        write(tmp_path / f"raw/{i}/1.xml", xml)
        write(tmp_path / f"raw/more/{i}.xml", xml)
    done = read_in_a_process(tmp_path / "raw")
    assert work(done["seconds"]) < 45
    reasons = [code for _, code, _ in done["problems"]]
    assert reasons.count("no_object") == 2 * 2000
    assert reasons.count("no_photo") == 2000
