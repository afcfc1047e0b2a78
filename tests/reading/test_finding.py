"""Each digit is found once."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from torchvision.ops import box_iou

from pipeline.reading.finding import Found, find, find_at_one_size, suppress
from pipeline.reading.network import SIGNS, CellLogits

boxes = st.tuples(
    st.floats(0, 200), st.floats(0, 200), st.floats(4, 60), st.floats(8, 80), st.floats(0.1, 1)
)


def make(rows):
    """Found digits of (x, y, width, height, score), each surely a 0."""
    table = np.array(rows, float).reshape(-1, 5)
    signs = np.zeros((len(table), len(SIGNS)))
    signs[:, 0] = 1
    return Found(table[:, :4], table[:, 4], signs)


def corners(found):
    """As torchvision has boxes."""
    low = found.boxes[:, :2] - found.boxes[:, 2:] / 2
    return torch.from_numpy(np.hstack([low, low + found.boxes[:, 2:]]))


@given(st.lists(boxes, max_size=12))
def test_of_boxes_on_one_digit_the_surest_is_left(rows):
    """Of what is left no two overlap much, by torchvision's measure, and the surest is there."""
    kept = suppress(make(rows))
    overlap = box_iou(corners(kept), corners(kept)).fill_diagonal_(0)
    assert not (overlap > 0.4).any()
    if rows:
        assert kept.scores.max() == max(row[4] for row in rows)
    assert len(suppress(kept)) == len(kept)


def test_digits_side_by_side_are_all_left():
    """Though their boxes touch."""
    assert len(suppress(make([(20 * i, 50, 20, 36, 0.9) for i in range(8)]))) == 8


class OneDigit(torch.nn.Module):
    """A network that sees a 7, of 24 by 40 pixels, wherever a picture is brightest."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))

    def forward(self, pictures):
        """Logits as the locator's."""
        light = torch.nn.functional.avg_pool2d(pictures.mean(1, keepdim=True), 4)
        digit = torch.where(light == light.amax(), 6.0, -9.0)[:, 0]
        box = torch.zeros((1, 4, *digit.shape[1:]))
        box[:, 2], box[:, 3] = np.log(24 / 4), np.log(40 / 4)
        sign = torch.zeros((1, len(SIGNS), *digit.shape[1:]))
        sign[:, 7] = 9.0
        return CellLogits(digit, box, sign)


@pytest.mark.parametrize("size", [(160, 96), (161, 97), (96, 160)])
def test_a_cell_is_a_place_on_the_picture(size):
    """The digit's middle is where the network saw it, also on sides that are no round number."""
    picture = Image.new("RGB", size)
    picture.paste((255, 255, 255), (60, 40, 64, 44))
    seen = suppress(find_at_one_size(OneDigit(), picture))
    assert seen.text == "7"
    assert np.allclose(seen.boxes, [[62, 42, 24, 40]], atol=0.1)


def test_sizes_are_those_on_the_photo():
    """A photo that is looked at at half its size has digits of twice the pixels."""
    picture = Image.new("RGB", (512, 256))
    picture.paste((255, 255, 255), (200, 96, 208, 104))
    sizes = [picture, picture.reduce(2)]
    seen = find(OneDigit(), sizes, [256])
    assert np.allclose(seen.boxes, [[204, 100, 48, 80]], atol=1)
