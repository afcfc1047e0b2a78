"""What more photos would bring: how well readers read that were trained on some of the photos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.contracts import CurveRow


@dataclass(frozen=True)
class CurvePoint:
    """Readers that were trained on so many photos: the share of readings that each gets wrong."""

    photos: int
    wrong: tuple[float, ...]

    @property
    def mean(self) -> float:
        """The mean of the readers."""
        return sum(self.wrong) / len(self.wrong)


@dataclass(frozen=True)
class LearningCurve:
    """The points of a learning curve, from the fewest photos to all."""

    points: tuple[CurvePoint, ...]

    @classmethod
    def of(cls, rows: Sequence[CurveRow]) -> LearningCurve | None:
        """The curve of some results; None where there are not two points."""
        by_photos: dict[int, list[float]] = {}
        for row in sorted(rows, key=lambda its: (its.photos, its.seed)):
            if row.readings:
                wrong = 1 - row.readings_right / row.readings
                by_photos.setdefault(row.photos, []).append(wrong)
        points = tuple(CurvePoint(photos, tuple(wrong)) for photos, wrong in by_photos.items())
        return cls(points) if len(points) > 1 else None

    def with_twice_the_photos(self) -> float | None:
        """The share of readings wrong to expect from twice as many photos.

        Errors fall as a power of the number of photos (Hestness et al. 2017, arXiv 1712.00409); the
        power is fitted to the points by least squares. None where it cannot be told: a point
        without an error, or errors that do not fall.
        """
        means = [point.mean for point in self.points]
        if min(means) == 0:
            return None
        photos = np.log([point.photos for point in self.points])
        slope = float(np.polyfit(photos, np.log(means), 1)[0])
        return float(means[-1] * 2**slope) if slope < 0 else None
