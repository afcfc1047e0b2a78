"""Where an instrument stands before the camera: how large, how far turned, where in the photo."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.drawing.canvas import Homography, Size, project, rotation
from pipeline.drawing.instruments import Instrument
from pipeline.drawing.segments import Points
from pipeline.drawing.sheet import corners_of

LEAST_PIXELS = 11  # a digit's height from which a person reads it


@dataclass(frozen=True)
class Stand:
    """An instrument and how it is seen: `scale` is about the pixels per unit of its plane."""

    instrument: Instrument
    view: Homography
    scale: float


def random_stand(instrument: Instrument, size: Size, rng: np.random.Generator) -> Stand:
    """Aim the camera at an instrument's displays; one time in ten the photo's edge cuts them."""
    digits = _extent(instrument)
    low, high = digits.min(axis=0), digits.max(axis=0)
    share = _share(rng)
    smallest = min(row.height for row in instrument.rows)
    front = instrument.bounds.right - instrument.bounds.left
    least = rng.uniform(0.25, 0.9) * size[0] / front if rng.random() < 0.65 else 0.0
    if instrument.kind == "module" and rng.random() < 0.4:
        least = size[1]  # as large as the photo lets it be
    scale = max(min(max(share, least / size[1]), 0.72) * size[1], LEAST_PIXELS / smallest)
    cut = rng.random() < 0.1
    tilted = instrument.kind == "energy_meter"
    turn = _turn(tilted, rng)
    span = float(np.hypot(*(corners_of(instrument.bounds)[2] - corners_of(instrument.bounds)[0])))
    distance = span * rng.uniform(1.3, 5)
    view = _aim((low + high) / 2, turn, distance)
    seen = project(view, digits)
    room = np.array(size) * rng.uniform(0.9, 0.99) / np.ptp(seen, axis=0)
    scale = min(scale, float(room.min()) * (rng.uniform(1.0, 1.6) if cut else 1.0))
    seen = seen * scale
    slack = np.array(size) - np.ptp(seen, axis=0)
    place = rng.uniform(0, 1, 2) if rng.random() < 0.5 else rng.normal(0.5, 0.15, 2).clip(0, 1)
    if cut:
        place = rng.uniform(-0.15, 1.15, 2)
        slack = np.where(slack < 0, slack, np.maximum(slack, 0.3 * np.array(size)))
    offset = slack * place - seen.min(axis=0)
    placed = np.array([[scale, 0, offset[0]], [0, scale, offset[1]], [0, 0, 1]]) @ view
    return Stand(instrument, placed / placed[2, 2], scale)


def stands_clear(front: Stand, behind: Stand) -> bool:
    """Tell whether an instrument leaves all displays of another behind it in full view."""
    hiding = project(front.view, corners_of(front.instrument.bounds))
    for panel in behind.instrument.panels:
        seen = project(behind.view, corners_of(panel.window))
        apart = (seen.min(axis=0) > hiding.max(axis=0)) | (seen.max(axis=0) < hiding.min(axis=0))
        if not apart.any():
            return False
    return True


def _extent(instrument: Instrument) -> Points:
    """Corners of all rows on the instrument's plane."""
    rows = instrument.rows
    return np.array(
        [(r.x + i * r.width, r.y + j * r.height) for r in rows for i in (0, 1) for j in (0, 1)]
    )


def _share(rng: np.random.Generator) -> float:
    """The largest digits' height in photo heights: 3 to 70 %, mostly 5 to 30 %."""
    low, high = (0.06, 0.35) if rng.random() < 0.75 else (0.03, 0.7)
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _turn(tilted: bool, rng: np.random.Generator) -> Homography:
    roll = rng.normal(0, 3) if rng.random() < 0.75 else rng.uniform(-15, 15)
    if tilted and rng.random() < 0.3:
        roll = rng.uniform(-30, 30)
    yaw, pitch = np.radians(rng.normal(0, (14, 11)).clip(-38, 38) * (rng.random() < 0.8))
    return rotation(2, np.radians(roll)) @ rotation(1, yaw) @ rotation(0, pitch)


def _aim(centre: Points, turn: Homography, distance: float) -> Homography:
    """See the plane so that a unit at `centre` is one pixel, and the centre the origin."""
    seen = np.column_stack([turn[:, 0], turn[:, 1], [0, 0, distance]])
    lens = np.diag([distance, distance, 1.0])
    move = np.array([[1, 0, -centre[0]], [0, 1, -centre[1]], [0, 0, 1]])
    return np.asarray(lens @ seen @ move)
