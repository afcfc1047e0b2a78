"""The whole way as one network: it sees what `Reader` sees at its first look."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from helpers import ROOT
from PIL import Image

from pipeline.drawing.workplace import draw_workplace
from pipeline.images.cutting import cut
from pipeline.learning.checkpoint import load_checkpoint
from pipeline.reading.finding import Found, find
from pipeline.reading.judging import SeenRow, mix
from pipeline.reading.locator_file import load_locator
from pipeline.reading.marks import read_marks
from pipeline.reading.reader import SIDES, edges
from pipeline.reading.rows import Row
from pipeline.reading.scenes import halves
from pipeline.reading.whole_way import WholeWay
from pipeline.reading.whole_way_file import see

BASE = ROOT / "models/base"
SIDE, MARGIN = 32, 0.1


@pytest.fixture(scope="module")
def whole():
    """The first day's networks."""
    locator, marks = load_locator(BASE / "locator.pt").networks()
    checkpoint = load_checkpoint(BASE / "digits.pt")
    assert checkpoint.input_size == SIDE
    return WholeWay(locator, marks, checkpoint.reader(), checkpoint.classes, SIDE, MARGIN).eval()


def drawn(index: int, size: tuple[int, int] | None = None) -> Image.Image:
    """A drawn photo, as it is or at another size."""
    photo = draw_workplace(5, index).picture.convert("RGB")
    return photo.resize(size) if size else photo


def found_by_reader(whole: WholeWay, photo: Image.Image) -> Found:
    found = find(whole.locator, halves(photo), SIDES)
    return found.take(found.merits > 0.3)


def sure_boxes(found: Found) -> list[tuple[np.ndarray, float]]:
    """The edges and heights of those that are surer than not."""
    sure = found.take(found.merits > 0.5)
    return list(zip(edges_of(sure), sure.boxes[:, 3], strict=True))


def edges_of(found: Found) -> np.ndarray:
    half = found.boxes[:, 2:] / 2
    return np.hstack([found.boxes[:, :2] - half, found.boxes[:, :2] + half])


@pytest.mark.parametrize("size", [None, (333, 217), (360, 481), (1501, 1000), (161, 120)])
def test_it_finds_what_the_reader_finds(whole, size):
    """The same digits, each once, in the same places, on photos of any size and either way up."""
    count = 0
    for index in range(4):
        photo = drawn(index, size)
        found = find(whole.locator, halves(photo), SIDES)
        seen = see(whole, np.array(photo))
        for box, height in sure_boxes(found):
            apart = np.abs(seen.boxes - box).max(axis=1)
            assert apart.min(initial=np.inf) < 0.25 * height
            assert (apart < 0.3 * height).sum() == 1
            count += 1
        for box in seen.boxes[seen.confidences > 0.5]:
            assert np.abs(edges_of(found) - box).max(axis=1).min() < 0.25 * (box[3] - box[1])
    assert count > 5


def test_it_tells_digits_and_points_as_the_reader_does(whole):
    """Its confidences are the mixed probabilities, though its images are cut by other means."""
    apart, points_apart = [], []
    for index in range(6):
        photo = drawn(index)
        found, seen = found_by_reader(whole, photo), see(whole, np.array(photo))
        for number, box in enumerate(edges_of(found)):
            one = found.take([number])
            place = np.abs(seen.boxes - box).max(axis=1).argmin()
            image = cut(photo, edges(one.boxes[0]), MARGIN).resize((SIDE, SIDE))
            with torch.inference_mode():
                chances = whole.digits(torch.from_numpy(np.array(image))[None]).softmax(1).numpy()
            marks = read_marks(whole.marks, halves(photo), one.boxes, 0.0)
            mixed = mix(SeenRow(Row(one, 0.0), "", None, chances, marks))[0]
            assert seen.digits[place] == mixed.argmax() or mixed.max() < 0.8
            apart.append(abs(seen.confidences[place] - mixed.max() * one.scores[0]))
            points_apart.append(abs(seen.points[place] - marks[0, 1]))
    assert len(apart) > 15
    assert np.median(apart) < 0.02
    assert np.median(points_apart) < 0.02


def test_where_nothing_is_there_is_no_digit(whole):
    """The outputs are empty, and of the same kinds."""
    seen = see(whole, np.full((121, 75, 3), 90, np.uint8))
    assert [part.shape for part in seen] == [(0, 4), (0,), (0,), (0,)]
    assert [part.dtype for part in seen] == [np.float32, np.int64, np.float32, np.float32]


@pytest.mark.parametrize("size", [(1, 1), (3, 700), (700, 3)])
def test_a_photo_of_any_shape_is_taken(whole, size):
    """One pixel, or a strip."""
    photo = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    assert see(whole, photo).boxes.shape[1] == 4
