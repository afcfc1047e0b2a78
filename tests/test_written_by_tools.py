"""XML as the annotation tools' own code writes it, from known boxes: they come back exact.

`written_by_tools/` holds what each tool wrote; where a tool is installed, it writes again.
`python tests/test_written_by_tools.py` renews the files of those that are installed.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree

import pytest
from helpers import ROOT, SIZE, draw_photo, jpeg, write

from pipeline.annotations.folder import read_folder
from pipeline.params import load_params

WRITTEN = Path(__file__).parent / "written_by_tools"
PHOTO = "scale 7.jpg"
# In a corner, at both far edges, and between.
KNOWN = [
    ("7", (0, 0, 24, 40)),
    ("0", (36, 30, 61, 70)),
    ("3", (67, 31, 91, 72)),
    ("9", (130, 80, 160, 120)),
]


def by_labelimg(folder: Path) -> str:
    """labelImg's writer, with its window's own rewriting of 0 to 1."""
    pascal_voc_io = pytest.importorskip("libs.pascal_voc_io")
    writer = pascal_voc_io.PascalVocWriter(
        "raw", PHOTO, (SIZE[1], SIZE[0], 3), local_img_path=f"C:\\Users\\kim\\raw\\{PHOTO}"
    )
    for label, (xmin, ymin, xmax, ymax) in KNOWN:
        writer.add_bnd_box(max(xmin, 1), max(ymin, 1), xmax, ymax, label, 0)
    writer.save(str(folder / "a.xml"))
    return (folder / "a.xml").read_text(encoding="utf-8")


def by_supervision(folder: Path) -> str:
    """supervision's export of detections."""
    supervision = pytest.importorskip("supervision")
    pascal_voc = pytest.importorskip("supervision.dataset.formats.pascal_voc")
    import numpy as np

    detections = supervision.Detections(
        xyxy=np.array([box for _, box in KNOWN], dtype=float),
        class_id=np.array([int(label) for label, _ in KNOWN]),
    )
    return pascal_voc.detections_to_pascal_voc(
        detections, list("0123456789"), PHOTO, (SIZE[1], SIZE[0], 3)
    )


def by_datumaro(folder: Path, **options: str) -> str:
    """Datumaro's export of a data set, which is CVAT's too."""
    datumaro = pytest.importorskip("datumaro")
    import numpy as np

    boxes = [
        datumaro.Bbox(x1, y1, x2 - x1, y2 - y1, label=int(label))
        for label, (x1, y1, x2, y2) in KNOWN
    ]
    item = datumaro.DatasetItem(
        Path(PHOTO).stem,
        media=datumaro.Image.from_numpy(np.zeros((SIZE[1], SIZE[0], 3), np.uint8)),
        annotations=boxes,
    )
    dataset = datumaro.Dataset.from_iterable([item], categories=list("0123456789"))
    dataset.export(str(folder / "out"), "voc_detection", save_media=False, **options)
    [written] = (folder / "out").rglob("*.xml")
    return written.read_text(encoding="utf-8")


def by_datumaro_one_based(folder: Path) -> str:
    """The same with the specification's pixels."""
    return by_datumaro(folder, coordinate_mode="voc-one-based")


def by_label_studio(folder: Path) -> str:
    """Label Studio's converter, from its percentages."""
    converter = pytest.importorskip("label_studio_sdk.converter")
    labels = "".join(f'<Label value="{digit}"/>' for digit in range(10))
    config = (
        '<View><Image name="image" value="$image"/><RectangleLabels name="label" toName="image">'
        f"{labels}</RectangleLabels></View>"
    )
    photo = write(folder / PHOTO, jpeg(draw_photo([])))
    results = [
        {
            "type": "rectanglelabels", "from_name": "label", "to_name": "image", "id": label,
            "original_width": SIZE[0], "original_height": SIZE[1], "image_rotation": 0,
            "value": {
                "x": 100 * x1 / SIZE[0], "y": 100 * y1 / SIZE[1],
                "width": 100 * (x2 - x1) / SIZE[0], "height": 100 * (y2 - y1) / SIZE[1],
                "rotation": 0, "rectanglelabels": [label],
            },
        }
        for label, (x1, y1, x2, y2) in KNOWN
    ]  # fmt: skip
    task = {"id": 1, "data": {"image": str(photo)}, "annotations": [{"id": 1, "result": results}]}
    tasks = write(folder / "tasks.json", json.dumps([task]))
    converter.Converter(config, str(folder), download_resources=False).convert_to_voc(
        str(tasks), str(folder / "out"), is_dir=False
    )
    [written] = (folder / "out").rglob("*.xml")
    return written.read_text(encoding="utf-8")


def by_globox(folder: Path) -> str:
    """globox, which leaves no mark of its own."""
    globox = pytest.importorskip("globox")
    boxes = [globox.BoundingBox(label=label, xmin=b[0], ymin=b[1], xmax=b[2], ymax=b[3])
             for label, b in KNOWN]  # fmt: skip
    annotation = globox.Annotation(PHOTO, SIZE, boxes)
    return ElementTree.tostring(annotation.to_pascal_voc(), encoding="unicode")


# Who writes, as whom it is recognised, and by how many pixels it loses a box.
TOOLS = {
    "labelimg": (by_labelimg, "labelimg", 1),
    "supervision": (by_supervision, "supervision", 0),
    "datumaro": (by_datumaro, "datumaro", 0),
    "datumaro_one_based": (by_datumaro_one_based, "datumaro", 0),
    # It cuts off the left edge and the width each on its own, so that the right edge loses two.
    "label_studio": (by_label_studio, "label_studio", 2),
    "globox": (by_globox, "unknown", 0),
}


def assert_known_boxes_come_back(folder: Path, xml: str, name: str, lost: int) -> None:
    write(folder / "raw" / PHOTO, jpeg(draw_photo([])))
    write(folder / "raw" / PHOTO.replace(".jpg", ".xml"), xml)
    ledger = read_folder(folder / "raw", load_params(ROOT / "params.yaml").parse)
    assert dict(ledger.dialects) == {name: 1}
    assert ledger.problems == []
    boxes = sorted(ledger.boxes, key=lambda row: row.object)
    assert [row.label for row in boxes] == [label for label, _ in KNOWN]
    for row, (_, known) in zip(boxes, KNOWN, strict=True):
        assert max(abs(a - b) for a, b in zip(row.box, known, strict=True)) <= lost
    # Whatever a tool may lose, it is not in the box between the others.
    if name != "label_studio":
        assert [row.box for row in boxes[1:]] == [box for _, box in KNOWN[1:]]


@pytest.mark.parametrize("tool", TOOLS)
def test_what_a_tool_wrote_comes_back(tmp_path, tool):
    """It does to the pixel where the tool keeps it: labelImg loses a 0, Label Studio cuts off."""
    _, name, lost = TOOLS[tool]
    xml = (WRITTEN / f"{tool}.xml").read_text(encoding="utf-8")
    assert_known_boxes_come_back(tmp_path, xml, name, lost)


@pytest.mark.parametrize("tool", TOOLS)
def test_what_a_tool_writes_today_comes_back(tmp_path, tool):
    """It does where the tool is installed."""
    writer, name, lost = TOOLS[tool]
    folder = tmp_path / "tool"
    folder.mkdir()
    assert_known_boxes_come_back(tmp_path, writer(folder), name, lost)


if __name__ == "__main__":
    for tool, (writer, _, _) in TOOLS.items():
        try:
            with TemporaryDirectory() as name:
                write(WRITTEN / f"{tool}.xml", writer(Path(name)))
        except pytest.skip.Exception as skipped:
            sys.stderr.write(f"{tool}: {skipped}\n")
