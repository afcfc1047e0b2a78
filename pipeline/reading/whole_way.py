"""The whole way from a photo to its digits as one network, for programs without this code."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.images.digits import CLASSES
from pipeline.learning.digit_reader import DigitReader
from pipeline.reading.crops import COUNTED
from pipeline.reading.finding import (
    GREY,
    LEAST_CELL,
    LEAST_MERIT,
    MULTIPLE,
    SAME_CONTAINED,
    SAME_MIDDLES,
    SAME_OVERLAP,
    SIDES,
)
from pipeline.reading.judging import CLASSIFIER, LEAST_CHANCE
from pipeline.reading.marks import BEHIND, BELOW, MARKS, SPAN, MarkReader
from pipeline.reading.marks import SIDE as PATCH
from pipeline.reading.network import SIGNS, Locator, decode_boxes

# The photo's longer side, at most, where digits are cut out of it.
_LARGEST = 1024
# So many of the surest cells are looked at.
_CELLS = 128
# Each round settles the boxes one further down a chain in which each shares with the next.
_ROUNDS = 8
# A digit image's pixel is at least so many of those of the picture that it is cut out of.
_FINE = 0.84


class Digits(NamedTuple):
    """What is seen on a photo, the likeliest first.

    `boxes` (n, 4): edges in the photo's pixels; `digits` (n,): numbers in `SIGNS`; `confidences`
    and `points` (n,): how sure each is, and how sure a decimal point behind it.
    """

    boxes: Tensor
    digits: Tensor
    confidences: Tensor
    points: Tensor


class _Cells(NamedTuple):
    """Cells (n,): merit, 0 of what is none; box (n, 4), middle and size in the photo's pixels."""

    merits: Tensor
    boxes: Tensor
    scores: Tensor
    signs: Tensor

    def take(self, index: Tensor) -> _Cells:
        """Those of an index."""
        return _Cells(*(part[index] for part in self))


class WholeWay(nn.Module):
    """A photo in, its digits out, as `Reader` sees them at its first look.

    `classes` are what the digit classifier tells apart, on images of `side` pixels that show a
    `margin` around the box.
    """

    places: Tensor

    def __init__(
        self, locator: Locator, marks: MarkReader, digits: DigitReader, classes: list[str],
        side: int, margin: float,
    ) -> None:  # fmt: skip
        super().__init__()
        self.locator, self.marks, self.digits = locator, marks, digits
        self.side, self.margin = side, margin
        places = [[float(name == label) for label in CLASSES] for name in classes]
        self.register_buffer("places", torch.tensor(places))

    def forward(self, photo: Tensor) -> Digits:
        """Digits of an upright RGB photo, uint8 (height, width, 3), of any size."""
        whole = photo.permute(2, 0, 1)[None].float() / 255
        height, width = photo.shape[:2]
        size = torch.stack([torch.scalar_tensor(its, dtype=torch.int64) for its in (height, width)])
        pictures = [_resize(whole, _fit(size, size.amax(0).clamp(max=_LARGEST)))]
        found = []
        for side in SIDES:
            pictures.append(_resize(pictures[-1], _fit(size, side)))
            found.append(self._find(pictures[-1], size))
        cells = _Cells(*(torch.cat(parts) for parts in zip(*found, strict=True)))
        cells = cells.take(cells.merits.topk(_CELLS).indices)
        chosen = (cells.merits * _each_once(cells.boxes) > LEAST_MERIT).nonzero()[:, 0]
        # The first one twice: what is exported takes no empty batch.
        cells = cells.take(torch.cat([torch.zeros(1, dtype=torch.int64), chosen]))
        chances = _mix(cells.signs, self._classify(pictures, cells.boxes, size))
        chance, digits = chances.max(dim=1)
        points = self._read_points(pictures, cells.boxes, size)
        return Digits(_edges(cells.boxes)[1:], digits[1:], (chance * cells.scores)[1:], points[1:])

    def _find(self, picture: Tensor, size: Tensor) -> _Cells:
        """Every cell of a picture of a photo of `size`."""
        height, width = picture.shape[2:]
        seen = self.locator(_pad(picture))
        scores, signs = seen.digit[0].sigmoid(), seen.sign[0].softmax(0)
        merits = scores * signs.amax(0)
        boxes = decode_boxes(seen.box[0])
        x, y, _, down = boxes
        is_one = (merits == F.max_pool2d(merits[None], 3, 1, 1)[0]) & (merits > LEAST_CELL)
        is_one = is_one & (x > 0) & (y > 0) & (x < width) & (y < height)
        is_one = is_one & (down > 0.9 * COUNTED[0]) & (down < 1.1 * COUNTED[1])
        scale = size.flip(0) / torch.stack([torch.scalar_tensor(its) for its in (width, height)])
        return _Cells(
            (merits * is_one).flatten(), boxes.flatten(1).T * scale.repeat(2),
            scores.flatten(), signs.flatten(1).T,
        )  # fmt: skip

    def _classify(self, pictures: list[Tensor], boxes: Tensor, size: Tensor) -> Tensor:
        """The digit classifier's probabilities (n, 10) of boxes, cut off at the photo's edge."""
        beside = boxes[:, 2:] * (0.5 + self.margin)
        low = (boxes[:, :2] - beside).clamp(min=0)
        high = torch.minimum(boxes[:, :2] + beside, size.flip(0).float())
        images = _cut(pictures, low, high - low, size, self.side, "border")
        chances: Tensor = self.digits(images).softmax(1) @ self.places
        return chances

    def _read_points(self, pictures: list[Tensor], boxes: Tensor, size: Tensor) -> Tensor:
        """The probability (n,) of a decimal point behind each box."""
        x, y, width, height = boxes.unbind(1)
        span = (SPAN * height)[:, None].expand(-1, 2)
        middles = torch.stack([x + width / 2 + BEHIND * height, y + BELOW * height], dim=1)
        patches = _cut(pictures, middles - span / 2, span, size, PATCH, "zeros")
        chances: Tensor = self.marks(patches).softmax(1)
        return chances[:, MARKS.index(".")]


def _fit(size: Tensor, side: int | Tensor) -> Tensor:
    """Height and width (2,) where the longer of them is made `side` pixels."""
    longest = size.amax(0)
    return ((2 * size * side + longest) // (2 * longest)).clamp(min=1)


def _resize(whole: Tensor, size: Tensor) -> Tensor:
    """A photo (1, 3, height, width) at another size; where it shrinks, all of its pixels count."""
    height, width = size.tolist()
    for length in (height, width):
        torch._check(length >= 1)
        torch._check(length <= _LARGEST)
    return F.interpolate(whole, (height, width), mode="bilinear", antialias=True)


def _pad(picture: Tensor) -> Tensor:
    """A picture with grey beside and below it, its sides as the locator takes them."""
    height, width = picture.shape[2:]
    size = torch.stack([torch.scalar_tensor(its, dtype=torch.int64) for its in (height, width)])
    rows, columns = ((size + MULTIPLE - 1) // MULTIPLE).tolist()
    # Numbers of their own: that each level of the pyramid is twice the next is plain to see then.
    for count, length in ((rows, height), (columns, width)):
        torch._check(count >= 1)
        torch._check(count <= _LARGEST // MULTIPLE)
        torch._check(count * MULTIPLE - length >= 0)
    beyond = (0, columns * MULTIPLE - width, 0, rows * MULTIPLE - height)
    return F.pad(picture, beyond, value=GREY / 255)


def _edges(boxes: Tensor) -> Tensor:
    """Edges (n, 4) of boxes given by their middles and sizes."""
    middles, halves = boxes[:, :2], boxes[:, 2:] / 2
    return torch.cat([middles - halves, middles + halves], dim=1)


def _each_once(boxes: Tensor) -> Tensor:
    """1 for each box (n, 4) that shares its digit with no surer one that has a 1, else 0."""
    edges = _edges(boxes)
    low, high = edges[:, :2], edges[:, 2:]
    shared = torch.minimum(high[:, None], high) - torch.maximum(low[:, None], low)
    common = shared.clamp(min=0).prod(dim=2)
    areas, heights = boxes[:, 2:].prod(dim=1), boxes[:, 3]
    distance = (boxes[:, None, :2] - boxes[:, :2]).square().sum(dim=2).sqrt()
    same = (
        (common > SAME_OVERLAP * (areas[:, None] + areas - common))
        | (common > SAME_CONTAINED * torch.minimum(areas[:, None], areas))
        | (distance < SAME_MIDDLES * torch.minimum(heights[:, None], heights))
    )
    surer = same.float().tril(-1)
    kept = torch.ones(_CELLS)
    for _ in range(_ROUNDS):
        kept = (surer @ kept < 0.5).float()
    return kept


def _cut(
    pictures: list[Tensor], low: Tensor, extent: Tensor, size: Tensor, side: int, beyond: str
) -> Tensor:
    """Images (n, 3, side, side) of parts of a photo of `size`, each out of the fittest picture.

    `pictures` are the photo from the largest to the smallest; `low` and `extent` (n, 2) are the
    parts' corners and sizes in the photo's pixels.
    """
    steps = (torch.arange(side) + 0.5) / side
    # From -1 at one edge of the photo to 1 at the other; one image stands below the other.
    across, down = (
        2 * (low[:, axis : axis + 1] + extent[:, axis : axis + 1] * steps) / size[1 - axis] - 1
        for axis in (0, 1)
    )
    shape = (-1, side, side)
    grid = torch.stack([across[:, None, :].expand(shape), down[:, :, None].expand(shape)], dim=-1)
    images = None
    for picture in pictures:
        seen = F.grid_sample(
            picture, grid.flatten(0, 1)[None], "bilinear", beyond, align_corners=False
        )
        seen = seen.view(3, -1, side, side).transpose(0, 1)
        fine = extent[:, 1] * picture.shape[2] / size[0] >= _FINE * side
        images = seen if images is None else torch.where(fine[:, None, None, None], seen, images)
    assert images is not None
    return images


def _mix(located: Tensor, classified: Tensor) -> Tensor:
    """Each sign's probability (n, 11), of the locator's (n, 11) and the classifier's (n, 10).

    As `judging.mix`, but for the rows, which nobody knows here: what the locator takes for a minus
    sign is one.
    """
    ours, theirs = (its.clamp(min=LEAST_CHANCE).log() for its in (located, classified))
    digits = (1 - CLASSIFIER) * ours[:, :-1] + CLASSIFIER * theirs
    mixed = torch.cat([digits, ours[:, -1:]], dim=1).exp()
    is_minus = (located.argmax(dim=1) == len(SIGNS) - 1)[:, None]
    mixed = mixed * (is_minus == (torch.arange(len(SIGNS)) == len(SIGNS) - 1))
    chances: Tensor = mixed / mixed.sum(dim=1, keepdim=True)
    return chances
