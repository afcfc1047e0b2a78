"""A display's cells are evenly spaced: faint digits that fit are taken in, odd ones are let go."""

from __future__ import annotations

import numpy as np

from pipeline.reading.finding import Found
from pipeline.reading.geometry import Floats
from pipeline.reading.rows import Row

# Every digit lights a bar on its cell's right side, so that right edges are a pitch apart, which is
# so many heights.
_NARROWEST, _WIDEST = 0.42, 1.5
# So near to its cell, in pitches, is a digit that fits; one at an end that is so far from it, and
# less sure, does not belong.
_FITS, _ODD, _SURE = 0.2, 0.3, 0.75
# What fits counts from this merit on, between others and at an end.
_WITHIN, _AT_END = 0.1, 0.2
# How much higher or lower than the row, and how far beside its line, in heights, a digit may be.
_LIKE_HEIGHT, _LEVEL = 0.75, 0.22


def fit_to_pitch(row: Row, found: Found) -> Row:
    """The level row with all digits of `found` that fit between its own or at its ends.

    A row whose digits are too few to tell the pitch is left as it is.
    """
    pitch = _pitch(row)
    if pitch is None:
        return row
    digits = _trim(row.digits, pitch)
    for index in np.argsort(-found.merits, kind="stable"):
        digits = _take_in(digits, found.take([int(index)]), pitch, row.height)
    return Row(digits, row.angle)


def _pitch(row: Row) -> float | None:
    steps = np.diff(_rights(row.digits))
    cells = steps[(steps > _NARROWEST * row.height) & (steps < _WIDEST * row.height)]
    return float(np.median(cells)) if len(cells) >= 2 else None


def _rights(digits: Found) -> Floats:
    return np.asarray(digits.boxes[:, 0] + digits.boxes[:, 2] / 2)


def _trim(digits: Found, pitch: float) -> Found:
    """Without the unsure digits at either end that are not a pitch from the next."""
    for end, neighbour in ((0, 1), (-1, -2)):
        while len(digits) > 2:
            rights = _rights(digits)
            odd = abs(abs(rights[end] - rights[neighbour]) / pitch - 1) > _ODD
            if not odd or digits.merits[end] > _SURE:
                break
            digits = digits.take(
                np.arange(len(digits))[1:] if end == 0 else np.arange(len(digits) - 1)
            )
    return digits


def _take_in(digits: Found, one: Found, pitch: float, height: float) -> Found:
    """The digits and one more, if it stands in a free cell."""
    rights, right = _rights(digits), float(_rights(one)[0])
    steps = (right - rights) / pitch
    nearest = float(steps[np.abs(steps).argmin()])
    inside = rights[0] < right < rights[-1]
    least = _WITHIN if inside else _AT_END
    line = np.interp(one.boxes[0, 0], digits.boxes[:, 0], digits.boxes[:, 1])
    tall = one.boxes[0, 3] / height
    fits = (
        one.merits[0] >= least
        and abs(nearest) > 1 - _FITS
        and abs(abs(nearest) - 1) < _FITS
        and abs(one.boxes[0, 1] - line) < _LEVEL * height
        and _LIKE_HEIGHT < tall < 1 / _LIKE_HEIGHT
    )
    if not fits:
        return digits
    place = int((rights < right).sum())
    both = [digits.take(np.arange(place)), one, digits.take(np.arange(place, len(digits)))]
    return Found(
        *(
            np.concatenate(parts)
            for parts in zip(*((f.boxes, f.scores, f.signs) for f in both), strict=True)
        )
    )
