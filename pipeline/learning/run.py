"""What a training runs with."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.learning.hardware import Hardware
from pipeline.learning.resume import Unfinished
from pipeline.learning.team import ALONE, Team
from pipeline.params import TrainParams


@dataclass(frozen=True)
class Run:
    """How to train, on what, beside whom; `compiled`: by torch.compile.

    `unfinished` keeps each epoch's state, so that the run can go on after it was stopped.
    """

    params: TrainParams
    hardware: Hardware
    team: Team = ALONE
    compiled: bool = False
    unfinished: Unfinished | None = None
