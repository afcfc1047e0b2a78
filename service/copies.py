"""Which photos of the database, or of a folder, are copies of one another, as `split` tells it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.dividing.copies import find_copies

_NOTHING = np.empty(0)


@dataclass(frozen=True)
class Looks:
    """What tells a photo's copies: its content's name, its looks, its digits, when and where.

    `places` has middle and height of each digit as shares of the photo's size, one behind the
    other; nothing where that is not known.
    """

    content: str
    perceptual_hash: str
    digits: str
    taken: datetime | None = None
    places: NDArray[np.float64] = field(default_factory=lambda: _NOTHING)


def group_copies(photos: Sequence[Looks], others: pd.DataFrame | None = None) -> list[int]:
    """The number of each photo's group: photos first, then `others`, rows as the pipeline's."""
    columns: dict[str, list[Any]] = {
        # No name of one is that of another.
        "photo": [f"{number}/" for number in range(len(photos))],
        "md5": [its.content for its in photos],
        "perceptual_hash": [its.perceptual_hash for its in photos],
        "reading": [its.digits for its in photos],
        "taken": [f"{its.taken:%Y:%m:%d %H:%M:%S}" if its.taken else "" for its in photos],
        "places": [its.places for its in photos],
        "colours": [_NOTHING] * len(photos),
    }
    ours = pd.DataFrame(columns)
    if others is not None and len(others):
        nothing: list[Any] = [_NOTHING] * len(others)
        known = others[[*ours.columns]].assign(colours=nothing)
        ours = pd.concat([ours, known], ignore_index=True)
    return [int(group) for group in find_copies(ours).groups] if len(ours) else []
