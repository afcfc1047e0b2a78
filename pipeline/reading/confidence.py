"""How sure a reading is, and from where on it is accepted."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.contracts import CALIBRATION
from pipeline.messages import mark
from pipeline.reading.geometry import Floats
from pipeline.runtime.files import write_json
from pipeline.runtime.table import damaged, read_file

_EDGE = 1e-6
# No reading is so sure.
_NONE = 1.01
NONE_ACCEPTED = mark(
    "No reading is accepted yet, so a person must look at each: the validation photos do not show "
    "from which confidence on few enough are wrong (read.wrong). More labelled photos may."
)
_FLATTEST = 0.05
# How far a plant's calibration may leave the first day's: a normal prior's width for each number.
_PRIOR_WIDTH, _NO_PRIOR_WIDTH = np.array([0.5, 1.0]), np.array([10.0, 10.0])


@dataclass(frozen=True)
class Calibration:
    """What makes a raw score, 0 to 1, a probability of being right, and the least that is accepted.

    Platt's scaling (1999): the probability is the logistic function of `slope` * logit + `shift`.
    """

    slope: float
    shift: float
    threshold: float

    def confidence(self, score: float) -> float:
        """The probability that a reading of this score is right, 0 to 1, to six decimals."""
        return round(1 / (1 + math.exp(-(self.slope * _logit(score) + self.shift))), 6)

    @property
    def accepts_any(self) -> bool:
        """Whether there is a confidence that is enough."""
        return self.threshold <= 1

    def save(self, path: Path = CALIBRATION) -> None:
        """Write it as JSON."""
        write_json(path, vars(self))

    @classmethod
    def load(cls, path: Path) -> Calibration:
        """Read it; raises `UserError` where the file is missing or damaged."""
        try:
            values = json.loads(read_file(path))
            its = cls(*(float(values[name]) for name in ("slope", "shift", "threshold")))
        except (ValueError, KeyError, TypeError) as error:
            raise damaged(path, error) from None
        if not all(map(math.isfinite, vars(its).values())):
            raise damaged(path, ValueError("not a number"))
        return its


# A reading's confidence is its score as it is, and each is accepted.
RAW = Calibration(1.0, 0.0, 0.0)


@dataclass(frozen=True)
class Trial:
    """A reading whose truth is known: its raw score, whether it is right, and `clear`.

    That is, that nothing but its score could speak against it.
    """

    score: float
    right: bool
    clear: bool


def calibrate(trials: Sequence[Trial], prior: Calibration | None, wrong: float) -> Calibration:
    """Fit a calibration to readings, near to a `prior` where there are few, if one is known.

    Only clear ones count: no other can be accepted, and what is halved for a reason is no measure
    of the rest. The threshold is for at most a share `wrong` of what is accepted to be wrong.
    """
    from scipy.optimize import minimize  # noqa: PLC0415 - whoever only reads needs none of it

    clear = [trial for trial in trials if trial.clear]
    logits = np.array([_logit(trial.score) for trial in clear])
    signs = np.array([1 if trial.right else -1 for trial in clear])
    start = np.array([prior.slope, prior.shift]) if prior else np.array([1.0, 0.0])
    width = _PRIOR_WIDTH if prior else _NO_PRIOR_WIDTH

    def loss(values: Floats) -> float:
        margins = signs * (values[0] * logits + values[1])
        apart = (values - start) / width
        return float(np.logaddexp(0, -margins).sum() + (apart**2).sum() / 2)

    slope, shift = minimize(loss, start, method="Nelder-Mead").x
    fitted = Calibration(round(max(float(slope), _FLATTEST), 6), round(float(shift), 6), 1.0)
    readings = [(fitted.confidence(trial.score), trial.right) for trial in clear]
    return Calibration(fitted.slope, fitted.shift, find_threshold(readings, wrong))


def find_threshold(readings: Sequence[tuple[float, bool]], wrong: float) -> float:
    """The lowest confidence from which on at most a share `wrong` of the readings is wrong.

    Of those with a confidence (first) and whether they are right (second), no more are wrong, and
    no more are to be expected to be by their confidences. Above 1, which nothing reaches, where
    that is so of none.
    """
    ordered = sorted(readings, key=lambda its: -its[0])
    threshold, errors, expected = _NONE, 0, 0.0
    for count, (confidence, right) in enumerate(ordered, 1):
        errors += not right
        expected += 1 - confidence
        following = ordered[count][0] if count < len(ordered) else 0.0
        # Of equal confidences all are accepted, or none.
        if max(errors, expected) <= wrong * count and following < confidence:
            threshold = confidence
    return threshold


def _logit(score: float) -> float:
    inside = min(max(score, _EDGE), 1 - _EDGE)
    return math.log(inside / (1 - inside))
