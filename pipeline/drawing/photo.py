"""One photo and its annotation, from its own stream of random numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from pipeline.annotations.dialects import DRAWN
from pipeline.annotations.voc_writer import write_voc
from pipeline.drawing.boxes import draw_boxes
from pipeline.drawing.camera import encode, expose, random_shot
from pipeline.drawing.canvas import Size, project, random_view
from pipeline.drawing.dirt import soil
from pipeline.drawing.display import cell_outline, random_display
from pipeline.drawing.look import random_look
from pipeline.drawing.scene import draw_scene

_SIZES: tuple[Size, ...] = ((640, 480), (480, 640), (640, 360), (720, 540), (600, 600))
_SIZE_SHARES = (0.74, 0.10, 0.06, 0.06, 0.04)


@dataclass(frozen=True)
class Order:
    """A photo to draw: its file's stem, when it was taken, and how many digits it shows."""

    name: str
    taken: datetime
    digits: int
    seed: int
    index: int


def draw_photo(order: Order) -> tuple[bytes, bytes]:
    """Draw a photo; returns its JPEG and its XML. The same order gives the same bytes."""
    rng = np.random.default_rng(np.random.SeedSequence(order.seed, spawn_key=(order.index,)))
    size = _SIZES[rng.choice(len(_SIZES), p=_SIZE_SHARES)]
    display, look, shot = random_display(order.digits, rng), random_look(rng), random_shot(rng)
    view = random_view(display.width, display.height, size, rng)
    scene = draw_scene(display, look, view, size, rng)
    corners = np.vstack([cell_outline(display, cell, lit_only=False) for cell in display.cells])
    scene = soil(scene, project(view, corners), rng)
    photo = expose(scene, look, shot, rng)
    boxes = draw_boxes(display, look, view, size, rng)
    return encode(photo, shot, order.taken), write_voc(f"{order.name}.jpg", size, boxes, DRAWN)
