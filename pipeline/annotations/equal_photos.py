"""Photos with the same bytes: used once, where their boxes agree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from pipeline.images.box import Box, LabelledBox, shared_pixels
from pipeline.images.reading_order import reading_order
from pipeline.runtime.files import md5


def same_bytes(folder: Path, photos: Iterable[str]) -> list[list[str]]:
    """Groups of two and more photos (paths in `folder`) with the same bytes.

    The shortest path is a group's first: `a.jpg` before `a (1).jpg`. Only files of one length are
    read.
    """
    by_length = _grouped((photo, (folder / photo).stat().st_size) for photo in photos)
    same_length = [photo for group in by_length for photo in group]
    return _grouped((photo, md5((folder / photo).read_bytes())) for photo in same_length)


def same_boxes(boxes: Iterable[LabelledBox], others: Iterable[LabelledBox]) -> bool:
    """Whether two photos have the same labels in reading order, in boxes that overlap.

    Two people draw the same digit's box a few pixels apart.
    """
    ones, twos = _as_read(boxes), _as_read(others)
    return [label for _, label in ones] == [label for _, label in twos] and all(
        _share_half(one, other) for (one, _), (other, _) in zip(ones, twos, strict=True)
    )


def _share_half(one: Box, other: Box) -> bool:
    """Whether what two boxes share is half of the smaller one, or more."""
    smaller = min(one.width * one.height, other.width * other.height)
    return 2 * shared_pixels(one, other) >= smaller


def _as_read(boxes: Iterable[LabelledBox]) -> list[LabelledBox]:
    boxes = list(boxes)
    places = reading_order([box for box, _ in boxes])
    return [boxes[index] for index in sorted(range(len(boxes)), key=places.__getitem__)]


def _grouped(keys: Iterable[tuple[str, object]]) -> list[list[str]]:
    groups: dict[object, list[str]] = defaultdict(list)
    for photo, key in keys:
        groups[key].append(photo)
    return [
        sorted(group, key=lambda photo: (len(photo), photo))
        for group in groups.values()
        if len(group) > 1
    ]
