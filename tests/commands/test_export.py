"""The model as ONNX: it reads as torch does, says what it is, or is not written at all."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from helpers import ROOT, write
from PIL import ExifTags, Image
from repository import digits, shell

from pipeline.commands.export import OPSET, check_agreement, to_onnx
from pipeline.contracts import LISTS, read_list
from pipeline.drawing.workplace import draw_workplace
from pipeline.images.digits import load_digits
from pipeline.learning.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from pipeline.learning.networks import build
from pipeline.reading.whole_way import Digits, WholeWay
from pipeline.reading.whole_way_file import check_whole_way, load_whole_way, see
from pipeline.runtime.errors import UserError
from pipeline.runtime.files import md5

pytestmark = pytest.mark.slow

ONNX = Path("models/digits.onnx")
READER = Path("models/reader.onnx")
EXAMPLE = ROOT / "docs/read_onnx.py"


@pytest.fixture(scope="module")
def exported(repo, tmp_path_factory):
    """A copy of the repository in which the model was exported."""
    folder = Path(shutil.copytree(repo, tmp_path_factory.mktemp("exported") / "x", symlinks=True))
    command = (sys.executable, "-m", "pipeline.commands", "export")
    assert "opset 18" in shell(folder, *command)
    return folder


@pytest.fixture
def here(exported, monkeypatch):
    """That copy as the current folder; for reading only."""
    monkeypatch.chdir(exported)


def export(folder: Path, *arguments: str, code: int = 0) -> str:
    return digits(folder, "export", *arguments, code=code)


def validation(checkpoint: Checkpoint) -> np.ndarray:
    return load_digits(Path("data/digits"), read_list(LISTS["valid"]), checkpoint.input_size)


def in_torch(checkpoint: Checkpoint, images: np.ndarray) -> np.ndarray:
    """Logits in fp32, computed as the guidebook says: 0 to 1, less the mean, by the std."""
    values = (images / 255 - np.array(checkpoint.mean)) / np.array(checkpoint.std)
    network = checkpoint.reader().network.eval()
    with torch.inference_mode():
        return network(torch.from_numpy(values).permute(0, 3, 1, 2).float()).numpy()


def other_checkpoint(model: str, seed: int = 1) -> Checkpoint:
    """A network whose every weight and running figure is drawn at random."""
    network = build(model, 10, seed)
    for name, value in network.state_dict().items():
        if name.endswith("running_mean"):
            value.normal_(0, 0.1)
        if name.endswith("running_var"):
            value.uniform_(0.5, 1.5)
    return Checkpoint(
        model=model, classes=list("0123456789"), input_size=16, mean=[0.8, 0.4, 0.5],
        std=[0.2, 0.3, 0.2], params={"crop": {"margin": 0.1}},
        lists_md5={"train": "a", "valid": "b"}, state=network.state_dict(),
    )  # fmt: skip


@pytest.mark.parametrize("batch", [1, 7, 1000])
def test_onnxruntime_reads_as_torch(here, batch):
    """The file that the command left does on every validation digit, whatever the batch."""
    checkpoint = load_checkpoint()
    images = validation(checkpoint)
    assert len(images) > 14
    session = onnxruntime.InferenceSession(ONNX)
    parts = [images[i : i + batch] for i in range(0, len(images), batch)]
    found = [session.run(["logits", "probabilities"], {"images": part}) for part in parts]
    logits, probabilities = (np.concatenate(part) for part in zip(*found, strict=True))
    expected = in_torch(checkpoint, images)
    assert np.abs(logits - expected).max() < 1e-3
    assert (logits.argmax(1) == expected.argmax(1)).all()
    assert probabilities.sum(1) == pytest.approx(np.ones(len(images)), abs=1e-5)
    assert (probabilities.argmax(1) == expected.argmax(1)).all()


@pytest.mark.parametrize("model", ["resnet8x4", "resnet50"])
def test_other_networks_are_exported_too(model):
    """There is one of each kind of block and shortcut."""
    checkpoint = other_checkpoint(model)
    images = np.random.default_rng(0).integers(0, 256, (9, 16, 16, 3), dtype=np.uint8)
    assert check_agreement(to_onnx(checkpoint), checkpoint, images) < 1e-3


def test_the_file_says_what_it_is(here):
    """It has classes, input size, margin, opset, and the lists that the model was trained on."""
    model = onnx.load(ONNX)
    assert {entry.key: entry.value for entry in model.metadata_props} == {
        "classes": "0,1,2,3,4,5,6,7,8,9",
        "input_size": "24",
        "margin": "0.1",
        "model": "resnet8",
        "train_list_md5": md5(LISTS["train"].read_bytes()),
        "valid_list_md5": md5(LISTS["valid"].read_bytes()),
    }
    assert [(entry.domain, entry.version) for entry in model.opset_import] == [("", OPSET)]


def test_the_input_is_bytes_of_one_size(here):
    """There may be any number of digits; another type or shape is refused, not misread."""
    session = onnxruntime.InferenceSession(ONNX)
    (images,) = session.get_inputs()
    assert (images.name, images.type, images.shape) == (
        "images", "tensor(uint8)", ["batch", 24, 24, 3],
    )  # fmt: skip
    for wrong in (
        np.zeros((1, 24, 24, 3), dtype=np.float32),
        np.zeros((1, 3, 24, 24), dtype=np.uint8),
        np.zeros((1, 32, 32, 3), dtype=np.uint8),
    ):
        with pytest.raises(Exception, match=r"(?i)invalid_?argument"):
            session.run(None, {"images": wrong})


def test_the_same_model_is_the_same_bytes(exported, tmp_path):
    """They are in another folder and process, too, and nothing in them tells of either."""
    folder = Path(shutil.copytree(exported, tmp_path / "elsewhere", symlinks=True))
    before = {file: (folder / file).read_bytes() for file in (ONNX, READER)}
    export(folder)
    for file, content in before.items():
        assert (folder / file).read_bytes() == content
        assert str(exported).encode() not in content
        assert b"pipeline" not in content


def test_another_models_weights_are_refused():
    """The message says how far what onnxruntime reads is from what torch reads."""
    checkpoint = other_checkpoint("resnet8")
    images = np.random.default_rng(0).integers(0, 256, (9, 16, 16, 3), dtype=np.uint8)
    check_agreement(to_onnx(checkpoint), checkpoint, images)
    for other in (other_checkpoint("resnet8", seed=2), replace(checkpoint, mean=[0.5, 0.4, 0.8])):
        with pytest.raises(UserError, match=r"of 9 digits otherwise .* apart in batches of 1"):
            check_agreement(to_onnx(other), checkpoint, images)


def test_a_refused_model_leaves_no_file(exported, tmp_path):
    """Weights are so large that no two programs round alike, and the last file is gone."""
    folder = Path(shutil.copytree(exported, tmp_path / "large", symlinks=True))
    checkpoint = load_checkpoint(folder / "models/digits.pt")
    checkpoint.state["head.weight"] *= 1e6
    save_checkpoint(folder / "models/large.pt", checkpoint)
    assert "nothing was written" in export(folder, "--model", "models/large.pt", code=1)
    left = {path.name for path in (folder / "models").iterdir()}
    assert not left & {ONNX.name, READER.name}


def test_without_validation_digits_there_is_no_export(exported, tmp_path):
    """A missing or empty list, or a missing digit, is named, with what to do."""
    folder = Path(shutil.copytree(exported, tmp_path / "without", symlinks=True))
    digit = folder / "data/digits" / read_list(folder / LISTS["valid"])[0]
    digit.unlink()
    assert f"{digit.name} cannot be read" in export(folder, code=1)
    (folder / LISTS["valid"]).write_text("")
    assert "data/valid_data.txt is empty: add photos" in export(folder, code=1)
    (folder / LISTS["valid"]).unlink()
    assert "data/valid_data.txt is missing: run `dvc repro`" in export(folder, code=1)


@pytest.mark.parametrize("package", ["onnx", "onnxruntime", "onnxscript"])
def test_a_missing_package_is_named(exported, tmp_path, monkeypatch, package):
    """The message has the command that installs it."""
    # This folder comes first in Python's path: there is no such package there.
    source = f"raise ModuleNotFoundError(\"No module named '{package}'\")"
    write(tmp_path / f"{package}.py", source)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, package, raising=False)
    printed = export(exported, code=1)
    assert f"No module named '{package}'" in printed
    assert "digits install --extra export" in printed


def photo_of(index: int, size: tuple[int, int]) -> np.ndarray:
    """A drawn photo of some width and height."""
    return np.array(draw_workplace(5, index).picture.convert("RGB").resize(size))


@pytest.fixture
def whole(here) -> WholeWay:
    """The whole way in torch."""
    return load_whole_way(load_checkpoint())[0]


@pytest.mark.parametrize("size", [(481, 333), (360, 480), (1201, 900)])
def test_onnxruntime_sees_as_torch(whole, size):
    """It gives the same digits in the same places, whatever the photo's size and shape."""
    session = onnxruntime.InferenceSession(READER)
    count = 0
    for index in range(3):
        photo = photo_of(index, size)
        found = Digits(*session.run(list(Digits._fields), {"photo": photo}))
        expected = see(whole, photo)
        assert found.digits.tolist() == expected.digits.tolist()
        assert found.boxes == pytest.approx(expected.boxes, abs=0.1)
        assert found.confidences == pytest.approx(expected.confidences, abs=1e-3)
        assert found.points == pytest.approx(expected.points, abs=1e-3)
        count += len(found.digits)
    assert count > 5


def test_the_reader_says_what_it_is(here):
    """It has its version, the signs, how many displays there are, and the threshold."""
    model = onnx.load(READER)
    about = {entry.key: entry.value for entry in model.metadata_props}
    assert about["signs"] == "0,1,2,3,4,5,6,7,8,9,-"
    assert about["digits_train_list_md5"] == md5(LISTS["train"].read_bytes())
    assert {"version", "displays", "threshold", "slope", "shift"} <= about.keys()
    assert float(about["threshold"]) > 0
    assert [(entry.domain, entry.version) for entry in model.opset_import] == [("", OPSET)]


def test_a_reader_that_was_tampered_with_is_refused(whole):
    """So is one in which a bias differs, as of boxes that lie beside the digits."""
    photos = [photo_of(index, (480, 360)) for index in range(3)]
    assert check_whole_way(READER.read_bytes(), whole, photos).digits > 2
    model = onnx.load(READER)
    (bias,) = (its for its in model.graph.initializer if its.name == "locator.head.bias")
    values = onnx.numpy_helper.to_array(bias).copy()
    values[1] += 0.5  # to the right, by half a cell
    bias.CopyFrom(onnx.numpy_helper.from_array(values, bias.name))
    with pytest.raises(UserError, match="otherwise than torch: nothing was written"):
        check_whole_way(model.SerializeToString(), whole, photos)


def test_a_missing_photo_is_named(exported, tmp_path):
    """Without it there is no export."""
    folder = Path(shutil.copytree(exported, tmp_path / "without", symlinks=True))
    for photo in (folder / "raw").glob("*.jpg"):
        photo.unlink()
    assert "cannot be read (the file is gone)" in export(folder, code=1)
    assert not (folder / READER).exists()


def example():
    """The example program's own functions."""
    spec = importlib.util.spec_from_file_location("read_onnx", EXAMPLE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_example_reads_a_photo(whole, tmp_path):
    """It prints the text of what the reader sees, of a photo that is stored on its side."""
    photo = photo_of(1, (480, 360))
    sure = see(whole, photo)
    sure = [part[sure.confidences >= 0.5] for part in sure]
    expected = example().text_of(*sure)
    assert expected
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    path = tmp_path / "photo.png"
    Image.fromarray(photo).transpose(Image.Transpose.ROTATE_90).save(path, exif=exif)
    printed = shell(Path.cwd(), sys.executable, str(EXAMPLE), str(READER), str(path))
    assert printed == f"{expected}\n"


def test_the_example_takes_the_row_that_is_meant():
    """Of two tilted rows the surer one, from the left to the right, with its point and its sign."""
    lefts = [140, 100, 20, 60, 0, 40, 300]
    tops = [28, 20, 4, 12, 200, 210, 100]
    boxes = np.array([(x, y, x + 25, y + 50) for x, y in zip(lefts, tops, strict=True)], float)
    texts = np.array([7, 4, 10, 2, 8, 8, 5])
    points = np.array([0.1, 0.2, 0.0, 0.9, 0.9, 0.9, 0.9])
    read = example().text_of
    assert read(boxes, texts, np.full(7, 0.8), points) == "-2.47"
    assert read(boxes[:0], texts[:0], points[:0], points[:0]) == ""
