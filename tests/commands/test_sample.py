"""The drawn sample: counts, boxes, formats, repeatability and safety of the target folder."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import numpy.typing as npt
import pytest
from helpers import ROOT
from PIL import Image, ImageOps

from pipeline.commands.sample import main, sample

GUIDEBOOK_MEAN = (0.800, 0.447, 0.501)
GUIDEBOOK_STD = (0.223, 0.295, 0.246)
ORIENTATION_TAG = 0x0112

Pixels = npt.NDArray[np.float64]
Edges = tuple[int, int, int, int]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty photos, drawn once for all tests that only look at them."""
    folder = tmp_path_factory.mktemp("sample") / "raw"
    sample(folder, photos=60, seed=5)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def boxes(annotation: Path) -> list[tuple[str, Edges]]:
    found = []
    for item in ElementTree.parse(annotation).getroot().findall("object"):
        edges = [int(item.findtext(f"bndbox/{name}", "")) for name in ("xmin", "ymin")]
        edges += [int(item.findtext(f"bndbox/{name}", "")) for name in ("xmax", "ymax")]
        found.append((item.findtext("name", ""), (edges[0], edges[1], edges[2], edges[3])))
    return found


def upright(photo: Path) -> Pixels:
    with Image.open(photo) as picture:
        return np.asarray(ImageOps.exif_transpose(picture).convert("RGB")) / 255


def orientation(photo: Path) -> int:
    with Image.open(photo) as picture:
        return int(picture.getexif().get(ORIENTATION_TAG, 1))


def thumbnails(folder: Path, turned: bool) -> dict[str, list[Pixels]]:
    """The digits of turned or unturned photos, by label: 16 x 24, of mean 0 and length 1."""
    found: dict[str, list[Pixels]] = {digit: [] for digit in "0123456789"}
    for photo in sorted(folder.glob("*.jpg")):
        if (orientation(photo) != 1) != turned:
            continue
        green = Image.fromarray((upright(photo)[..., 1] * 255).astype(np.uint8))
        for label, edges in boxes(photo.with_suffix(".xml")):
            crop = np.asarray(green.crop(edges).resize((16, 24)), dtype=float)
            crop -= crop.mean()
            found[label].append(crop / (np.linalg.norm(crop) + 1e-9))
    return found


def crops(folder: Path) -> Iterator[Pixels]:
    for photo in sorted(folder.glob("*.jpg")):
        pixels = upright(photo)
        for _, (xmin, ymin, xmax, ymax) in boxes(photo.with_suffix(".xml")):
            yield pixels[ymin:ymax, xmin:xmax]


@pytest.mark.slow
def test_same_arguments_give_the_same_bytes_on_any_number_of_cores(tmp_path: Path) -> None:
    """One worker and two write the same files, byte for byte."""
    sample(tmp_path / "one", photos=6, seed=3, jobs=1)
    sample(tmp_path / "two", photos=6, seed=3, jobs=2)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_another_seed_gives_other_bytes(tmp_path: Path) -> None:
    """No photo of one seed turns up under another."""
    sample(tmp_path / "a", photos=4, seed=0, jobs=1)
    sample(tmp_path / "b", photos=4, seed=1, jobs=1)
    assert not set(contents(tmp_path / "a").values()) & set(contents(tmp_path / "b").values())


@pytest.mark.parametrize("digits", [5, 33, 60])
def test_exactly_so_many_digits(tmp_path: Path, digits: int) -> None:
    """--digits is the number of boxes over all photos, from one a photo to full displays."""
    sample(tmp_path / "raw", photos=5, digits=digits, jobs=1)
    counts = [len(boxes(path)) for path in (tmp_path / "raw").glob("*.xml")]
    assert (len(counts), sum(counts)) == (5, digits)


@pytest.mark.slow
def test_every_photo_has_its_annotation_and_nothing_else_lies_there(drawn: Path) -> None:
    """The folder is flat: so many .jpg, so many .xml, with the same stems."""
    photos = {path.stem for path in drawn.glob("*.jpg")}
    assert len(photos) == 60
    assert photos == {path.stem for path in drawn.glob("*.xml")}
    assert len(list(drawn.iterdir())) == 120


@pytest.mark.slow
def test_a_box_lies_in_its_upright_photo_and_names_a_digit(drawn: Path) -> None:
    """Edges follow labelImg: whole, half-open, from 1 to the upright width and height."""
    for path in drawn.glob("*.xml"):
        height, width, _ = upright(path.with_suffix(".jpg")).shape
        for label, (xmin, ymin, xmax, ymax) in boxes(path):
            assert label in set("0123456789")
            assert 1 <= xmin < xmax <= width
            assert 1 <= ymin < ymax <= height


@pytest.mark.slow
def test_the_annotation_has_labelimgs_tells(drawn: Path) -> None:
    """It has the database, path, pose and size that labelImg writes."""
    for path in drawn.glob("*.xml"):
        root = ElementTree.parse(path).getroot()
        height, width, _ = upright(path.with_suffix(".jpg")).shape
        assert root.findtext("source/database") == "digits sample"
        assert root.findtext("filename") == f"{path.stem}.jpg"
        assert root.findtext("path") == f"{path.stem}.jpg"
        assert root.findtext("segmented") == "0"
        assert root.findtext("size/width") == str(width)
        assert root.findtext("size/height") == str(height)
        assert {item.findtext("pose") for item in root.findall("object")} == {"Unspecified"}


@pytest.mark.slow
def test_boxes_of_turned_photos_are_drawn_on_them_upright(drawn: Path) -> None:
    """Crops of turned photos look like their label's mean crop in photos that are not turned."""
    means = {label: np.mean(same, axis=0) for label, same in thumbnails(drawn, False).items()}
    turned = [(label, crop) for label, found in thumbnails(drawn, True).items() for crop in found]
    assert len(turned) > 20
    nearest = [max(means, key=lambda name: float((means[name] * crop).sum())) for _, crop in turned]
    right = [label == name for (label, _), name in zip(turned, nearest, strict=True)]
    assert np.mean(right) > 0.6


@pytest.mark.slow
def test_all_ten_digits_are_well_represented(drawn: Path) -> None:
    """No class falls under five per cent."""
    labels = [label for path in drawn.glob("*.xml") for label, _ in boxes(path)]
    assert min(labels.count(digit) / len(labels) for digit in "0123456789") > 0.05


@pytest.mark.slow
def test_colours_are_near_the_guidebooks(drawn: Path) -> None:
    """Mean and standard deviation over all crops, each weighing the same, as published."""
    pixels = [crop.reshape(-1, 3) for crop in crops(drawn)]
    mean = np.mean([crop.mean(axis=0) for crop in pixels], axis=0)
    square = np.mean([(crop**2).mean(axis=0) for crop in pixels], axis=0)
    assert mean == pytest.approx(GUIDEBOOK_MEAN, abs=0.08)
    assert np.sqrt(square - mean**2) == pytest.approx(GUIDEBOOK_STD, abs=0.08)


def test_a_filled_folder_is_refused_and_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Someone's photos are never overwritten or mixed with drawn ones."""
    (tmp_path / "mine.jpg").write_bytes(b"photo")
    with pytest.raises(SystemExit, match="2"):
        main([str(tmp_path), "--photos", "2"])
    assert "already holds files" in capsys.readouterr().err
    assert contents(tmp_path) == {"mine.jpg": b"photo"}


@pytest.mark.parametrize(
    "arguments", [["--digits", "9"], ["--digits", "121"], ["--photos", "0"], ["--seed", "-1"]]
)
def test_impossible_numbers_exit_with_2_and_a_message(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    """Ten photos show 10 to 120 digits; nothing is written for any other number."""
    with pytest.raises(SystemExit, match="2"):
        main([str(tmp_path / "raw"), "--photos", "10", *arguments])
    assert arguments[1] in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_a_killed_run_leaves_no_target_and_the_next_run_succeeds(tmp_path: Path) -> None:
    """Files appear all at once; what a killed run left aside is removed by the next."""
    command = [
        sys.executable,
        "-m",
        "pipeline.commands",
        "sample",
        str(tmp_path / "raw"),
        "--jobs",
        "1",
    ]
    killed = subprocess.Popen([*command, "--photos", "500"], cwd=ROOT, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob(".raw.partial/*.xml")) and time.monotonic() < deadline:
        time.sleep(0.05)
    killed.kill()
    killed.wait()
    assert [path.name for path in tmp_path.iterdir()] == [".raw.partial"]
    subprocess.run([*command, "--photos", "2"], cwd=ROOT, check=True, capture_output=True)
    assert [path.name for path in tmp_path.iterdir()] == ["raw"]
    assert len(contents(tmp_path / "raw")) == 4
