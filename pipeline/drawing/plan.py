"""Which photos a run draws: how many digits each shows, its name and its time."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from pipeline.drawing.display import MOST_DIGITS
from pipeline.drawing.photo import Order
from pipeline.messages import say

Counts = npt.NDArray[np.int64]

_COUNTS = (3, 4, 5, 6, 7, 8, 10, 12)
_COUNT_SHARES = (0.02, 0.10, 0.08, 0.12, 0.10, 0.54, 0.03, 0.01)
_FIRST_MORNING = datetime(2024, 3, 4, 8, 0, 0)


def plan(photos: int, digits: int | None, seed: int) -> list[Order]:
    """Order `photos` photos with `digits` digits in all, or about seven a photo.

    Raises ValueError where so many photos cannot show so many digits.
    """
    rng = np.random.default_rng(np.random.SeedSequence(seed))
    counts = rng.choice(_COUNTS, size=photos, p=_COUNT_SHARES).astype(np.int64)
    if digits is not None:
        _check(photos, digits)
        counts = _settled(counts, digits, rng)
    times = _working_hours(photos, rng)
    return [
        Order(f"IMG_{time:%Y%m%d_%H%M%S}", time, int(count), seed, index)
        for index, (time, count) in enumerate(zip(times, counts, strict=True))
    ]


def _check(photos: int, digits: int) -> None:
    if not photos <= digits <= photos * MOST_DIGITS:
        raise ValueError(
            say(
                "{photos} photos show {photos} to {most} digits (1 to {each} each), not {digits}",
                photos=photos, most=photos * MOST_DIGITS, each=MOST_DIGITS, digits=digits,
            )
        )  # fmt: skip


def _settled(counts: Counts, total: int, rng: np.random.Generator) -> Counts:
    """Add or take single digits, spread over the photos, until they sum to `total`."""
    while missing := total - int(counts.sum()):
        step = 1 if missing > 0 else -1
        able = np.flatnonzero((counts + step >= 1) & (counts + step <= MOST_DIGITS))
        chosen = rng.permutation(able)[: abs(missing)]
        counts[chosen] += step
    return counts


def _working_hours(photos: int, rng: np.random.Generator) -> list[datetime]:
    """Draw rising times between eight and half past five, a few minutes apart, day after day."""
    times, now = [], _FIRST_MORNING
    for gap in rng.integers(25, 2400, photos):
        now += timedelta(seconds=int(gap))
        if now.hour * 60 + now.minute > 17 * 60 + 30:
            now = datetime(now.year, now.month, now.day, 8) + timedelta(days=1, seconds=int(gap))
        times.append(now)
    return times
