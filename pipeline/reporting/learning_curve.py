"""What more photos would bring: how well readers read that were trained on some of the photos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.contracts import CurveRow, lists_md5, read_stats
from pipeline.params import Params
from pipeline.runtime.files import md5

# From fewer errors at a point, chance alone can make the curve fall or rise.
_FEWEST_ERRORS = 10


def name_of(params: Params) -> str:
    """What a curve is of: the lists, the digits' colours, how they are cut, how they are learnt."""
    how = params.model_dump_json(include={"crop", "train"})
    return md5("\n".join([*lists_md5().values(), repr(read_stats()), how]).encode("utf-8"))


@dataclass(frozen=True)
class CurvePoint:
    """Readers that were trained on so many photos: the share of readings that each gets wrong.

    `errors` are all of theirs together; `photos` is the mean, as copies are learnt together.
    """

    photos: int
    wrong: tuple[float, ...]
    errors: int

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
        by_share: dict[float, list[CurveRow]] = {}
        for row in sorted(rows, key=lambda its: (its.share, its.seed)):
            if row.readings:
                by_share.setdefault(row.share, []).append(row)
        points = tuple(
            CurvePoint(
                photos=round(sum(its.photos for its in its_rows) / len(its_rows)),
                wrong=tuple(1 - its.readings_right / its.readings for its in its_rows),
                errors=sum(its.readings - its.readings_right for its in its_rows),
            )
            for its_rows in by_share.values()
        )
        return cls(points) if len(points) > 1 else None

    def with_twice_the_photos(self) -> float | None:
        """The share of readings wrong to expect from twice as many photos.

        Errors fall as a power of the number of photos (Hestness et al. 2017, arXiv 1712.00409); the
        power is fitted to the points by least squares. None where it cannot be told: few errors at
        a point, or errors that do not fall.
        """
        means = [point.mean for point in self.points]
        if min(point.errors for point in self.points) < _FEWEST_ERRORS:
            return None
        photos = np.log([point.photos for point in self.points])
        slope = float(np.polyfit(photos, np.log(means), 1)[0])
        return float(means[-1] * 2**slope) if slope < 0 else None
