"""Digits found on a picture: the locator's cells at several sizes, each digit once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn.functional import max_pool2d

from pipeline.reading.crops import COUNTED
from pipeline.reading.geometry import Floats
from pipeline.reading.network import SIGNS, Locator, decode_boxes

# The photo's longer side, in pixels, as it is looked at: so digits of 12 to 300 of 640 are found.
SIDES = (512, 256, 128, 64)
# A digit that is less sure than this is in no row.
LEAST_MERIT = 0.25
# A picture's sides as the network takes them, and what stands beyond its edge.
MULTIPLE, GREY = 16, 114
# A cell whose digit is less sure than this is none; of more cells, the surest count.
LEAST_CELL, _MOST_CELLS = 0.08, 300
# Two boxes are of one digit where they share so much, or where their middles are so near.
SAME_OVERLAP, SAME_CONTAINED, SAME_MIDDLES = 0.4, 0.65, 0.25


@dataclass(frozen=True)
class Found:
    """Digits found: `boxes` (n, 4), middle and size in the picture's pixels.

    `scores` (n,): how sure it is that there is a digit; `signs` (n, 11): what it is, of `SIGNS`.
    """

    boxes: Floats
    scores: Floats
    signs: Floats

    def __len__(self) -> int:
        return len(self.scores)

    def take(self, index: Sequence[int] | NDArray[np.int64] | NDArray[np.bool_]) -> Found:
        """Those of an index."""
        chosen = np.asarray(index, None if len(index) else np.int64)
        return Found(self.boxes[chosen], self.scores[chosen], self.signs[chosen])

    @property
    def merits(self) -> Floats:
        """The probability of being a digit times that of the likeliest sign (n,)."""
        return np.asarray(self.scores * self.signs.max(axis=1, initial=0))

    @property
    def text(self) -> str:
        """The likeliest signs."""
        return "".join(SIGNS[number] for number in self.signs.argmax(axis=1))


def join(found: Sequence[Found]) -> Found:
    """All of several."""
    return Found(
        np.concatenate([np.empty((0, 4)), *(its.boxes for its in found)]),
        np.concatenate([np.empty(0), *(its.scores for its in found)]),
        np.concatenate([np.empty((0, len(SIGNS))), *(its.signs for its in found)]),
    )


def find(network: Locator, sizes: Sequence[Image.Image], sides: Sequence[int] = SIDES) -> Found:
    """Digits on an upright RGB photo that is looked at from several distances, each digit once."""
    return suppress(join([find_at_side(network, sizes, side) for side in sides]))


def find_at_side(network: Locator, sizes: Sequence[Image.Image], side: int) -> Found:
    """Digits on an upright RGB photo whose longer side is made `side` pixels long.

    `sizes` are the photo and its halves; boxes are in the pixels of the first.
    """
    photo = sizes[0]
    larger = (its for its in sizes if max(its.size) >= side)
    source = min(larger, key=lambda its: its.width, default=photo)
    factor = side / max(photo.size)
    width, height = (max(1, round(length * factor)) for length in photo.size)
    seen = find_at_one_size(network, source.resize((width, height), Image.Resampling.BILINEAR))
    scale = np.array([photo.width / width, photo.height / height] * 2)
    return Found(seen.boxes * scale, seen.scores, seen.signs)


@torch.inference_mode()
def find_at_one_size(network: Locator, picture: Image.Image) -> Found:
    """Digits on a picture that are as high as the network knows them, some of them twice."""
    cells = network(_to_batch(picture, next(network.parameters()).device))
    score = cells.digit[0].sigmoid() * cells.sign[0].softmax(0).amax(0)
    highest = max_pool2d(score[None], 3, 1, 1)[0]
    chosen = ((score == highest) & (score > LEAST_CELL)).nonzero()
    if len(chosen) > _MOST_CELLS:
        chosen = chosen[score[chosen[:, 0], chosen[:, 1]].topk(_MOST_CELLS).indices]
    row, column = chosen.unbind(1)
    boxes = decode_boxes(cells.box[0])[:, row, column].T
    digit, signs = cells.digit[0][row, column].sigmoid(), cells.sign[0][:, row, column].softmax(0).T
    found = Found(*(part.double().cpu().numpy() for part in (boxes, digit, signs)))
    x, y, _, height = found.boxes.T
    inside = (x > 0) & (y > 0) & (x < picture.width) & (y < picture.height)
    known = (height > 0.9 * COUNTED[0]) & (height < 1.1 * COUNTED[1])
    return found.take(inside & known)


def _to_batch(picture: Image.Image, device: torch.device) -> Tensor:
    width, height = (-(-length // MULTIPLE) * MULTIPLE for length in picture.size)
    padded = np.full((height, width, 3), GREY, np.uint8)
    padded[: picture.height, : picture.width] = np.asarray(picture)
    batch = torch.from_numpy(padded).to(device).permute(2, 0, 1)[None].float().div_(255)
    return batch.contiguous(memory_format=torch.channels_last)


def suppress(found: Found) -> Found:
    """Each digit once, the surest box of it."""
    low = found.boxes[:, :2] - found.boxes[:, 2:] / 2
    high = low + found.boxes[:, 2:]
    areas, merits = found.boxes[:, 2:].prod(axis=1), found.merits
    kept: list[int] = []
    for index in np.argsort(-merits, kind="stable").tolist():
        shared = np.minimum(high[kept], high[index]) - np.maximum(low[kept], low[index])
        common = shared.clip(0).prod(axis=1)
        distance = np.linalg.norm(found.boxes[kept, :2] - found.boxes[index, :2], axis=1)
        lower = np.minimum(found.boxes[kept, 3], found.boxes[index, 3])
        same = (
            (common > SAME_OVERLAP * (areas[kept] + areas[index] - common))
            | (common > SAME_CONTAINED * np.minimum(areas[kept], areas[index]))
            | (distance < SAME_MIDDLES * lower)
        )
        if not same.any():
            kept.append(index)
    return found.take(kept)
