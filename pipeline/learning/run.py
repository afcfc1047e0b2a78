"""What a training runs with."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.learning.hardware import Hardware
from pipeline.learning.team import ALONE, Team
from pipeline.params import TrainParams


@dataclass(frozen=True)
class Run:
    """How to train, on what, beside whom; `compiled`: by torch.compile."""

    params: TrainParams
    hardware: Hardware
    team: Team = ALONE
    compiled: bool = False
