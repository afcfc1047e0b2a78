"""Is it good enough, and what is to be done next: the page's first words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from pipeline.annotations.reasons import EXPECTED
from pipeline.images.digits import CLASSES, labels_of
from pipeline.messages import mark
from pipeline.reporting.acceptance import Acceptance, Outcome, Promise
from pipeline.reporting.metrics import delivery_of
from pipeline.reporting.misread import find_misread
from pipeline.reporting.page.report import Report, Training
from pipeline.reporting.sentence import Sentence

# A misread digit of this confidence is as likely a wrong label as a wrong reading.
_SURE = 0.9
# A digit that training has fewer of than this share of the others' mean is rare.
_RARE = 0.3
# A person looks at this share of the readings, the least sure.
_LOOKED_AT = 0.05

_FIT = {
    "all": mark(
        "Fit to run unattended, for photos like these: at 95 % confidence, at most 1 reading in "
        "{limit} is wrong."
    ),
    "surest": mark(
        "Fit to run if a person looks at the least sure {rest} of the readings: of the others, at "
        "95 % confidence, at most 1 in {limit} is wrong. They have a confidence of {threshold} or "
        "more."
    ),
    "unknown": mark(
        "Nobody can say yet whether it is fit to run unattended. To promise 1 wrong in {limit}, "
        "{needed} readings without an error are needed; here are {count}, {errors} of them wrong."
    ),
    "unproven": mark(
        "Nobody can say whether it is fit to run unattended: 1 wrong in {limit} cannot be shown, "
        "since of the {count} surest readings {errors} are wrong."
    ),
    "unfit": mark(
        "Not fit to run unattended: at most 1 wrong in {limit} is asked, and of all {all} readings "
        "{all_errors} are wrong. A person must look at them, at the least sure first."
    ),
    "drawn": mark(
        "These photos are drawn, all or some, so nothing here says whether it is fit for your "
        "plant: measure photos of yours."
    ),
    "seen": mark(
        "Nobody can say whether it is fit to run unattended: the figures may be too good, for the "
        "reason below."
    ),
    "none": mark("No photo is read whole, so nobody can say whether it is fit to run unattended."),
}
_WRONG = mark(
    "Of 100 readings, {wrong} are wrong ({errors} of {count}; 95 % interval {low} to {high}, "
    "copies counted once)."
)
_SPARED = mark(
    "If a person looks at the least sure 5 %, {wrong} of 100 of the others are wrong ({errors} of "
    "{count})."
)
_TRAINED = mark("It was trained on {digits} digits of {photos} photos ({deliveries}).")
_TAKEN = mark("The photos were taken from {first} to {last}.")
_LABELS = mark(
    "Look at {count} labels, which may be wrong: the reader is sure of another digit. They come "
    'first under "Misread digits"; `digits audit` looks for more.'
)
_REJECTED = mark(
    "Correct what was left out: {count} files or boxes. `digits check {folder}` says what is wrong."
)
_RARE_DIGITS = mark("Add photos that show {digits}: training has few of them ({counts}).")
_MORE_PHOTOS = mark(
    "Label about {photos} more photos: if then none of {needed} readings is wrong, 1 in {limit} "
    "can be promised. One photo in {every} is kept for measuring."
)
_TWICE = mark(
    "Twice as many photos can be expected to leave {share} of 100 readings wrong, as the learning "
    "curve shows."
)
_CURVE = mark("`digits learning-curve` says how much better more photos would make it.")
_OWN = mark("Label photos of your own, and put them into raw/ in place of the drawn ones.")


Kind = Literal["all", "surest", "unknown", "unproven", "unfit", "drawn", "seen", "none"]


@dataclass(frozen=True)
class Verdict:
    """Whether a reader is fit to run unattended, how often it is wrong, what it learnt, what to do.

    `kind` is a key of the answers; `steps` are in the order in which they help.
    """

    kind: Kind
    answer: Sentence
    facts: Sequence[Sentence]
    steps: Sequence[Sentence]


def judge(report: Report) -> Verdict:
    """The verdict on a report, against its limit."""
    outcome = Outcome.of(report.predictions, report.photos.whole.photos, report.limit)
    kind = _kind(report, outcome)
    facts = list(_tell_errors(outcome.rows)) if outcome else []
    if report.training:
        facts.append(_tell_training(report.photos.digits, report.training))
    if report.photos.taken:
        first, last = (day[:10].replace(":", "-") for day in report.photos.taken)
        facts.append(Sentence(_TAKEN, {"first": first, "last": last}))
    steps = [Sentence(_OWN)] if kind == "drawn" else list(_tell_steps(report, outcome, kind))
    return Verdict(kind, _answer(kind, report.one_in, outcome), facts, steps)


def _kind(report: Report, outcome: Outcome | None) -> Kind:
    if any(caveat.not_the_plant for caveat in report.caveats):
        return "drawn"
    if outcome is None:
        return "none"
    if any(caveat.denies_unseen or caveat.flatters for caveat in report.caveats):
        return "seen"
    promise = outcome.promise
    if promise.verdict == "kept":
        return "all" if promise.at.share == 1 else "surest"
    # A test that does not show it to be fit shows nothing; the low end of the interval can.
    if outcome.rows[0].interval[0] > report.limit:
        return "unfit"
    return "unknown" if promise.verdict == "too_few" else "unproven"


def _answer(kind: Kind, one_in: int, outcome: Outcome | None) -> Sentence:
    values: dict[str, object] = {"limit": f"{one_in:,}"}
    if outcome:
        promise, every = outcome.promise, outcome.rows[0]
        values |= {
            "needed": f"{promise.needed:,}", "count": f"{promise.at.accepted:,}",
            "errors": f"{promise.at.errors:,}", "rest": f"{100 * (1 - promise.at.share):.1f} %",
            "threshold": tell_threshold(promise.at.threshold),
            "all": f"{every.accepted:,}", "all_errors": f"{every.errors:,}",
        }  # fmt: skip
    return Sentence(_FIT[kind], values)


def _tell_errors(rows: Sequence[Acceptance]) -> Iterator[Sentence]:
    """How many of 100 readings are wrong, of all and of the surest."""
    every = rows[0]
    low, high = every.interval
    yield Sentence(
        _WRONG,
        {"wrong": _of_100(every), "errors": every.errors, "count": f"{every.accepted:,}",
         "low": f"{100 * low:.1f}", "high": f"{100 * high:.1f}"},
    )  # fmt: skip
    spared = [row for row in rows if 1 - _LOOKED_AT <= row.share < 1]
    if spared and every.errors:
        yield Sentence(
            _SPARED,
            {"wrong": _of_100(spared[-1]), "errors": spared[-1].errors,
             "count": f"{spared[-1].accepted:,}"},
        )  # fmt: skip


def _of_100(its: Acceptance) -> str:
    return f"{100 * its.error:.1f}"


def _tell_training(digits: pd.DataFrame, training: Training) -> Sentence:
    learnt = digits[digits["file"].isin(training.sides["train"])]
    deliveries = sorted(set(learnt["photo"].map(delivery_of)))
    shown = ", ".join(deliveries[-3:])
    return Sentence(
        _TRAINED,
        {"digits": f"{len(learnt):,}", "photos": f"{learnt['photo'].nunique():,}",
         "deliveries": f"… {shown}" if len(deliveries) > 3 else shown},
    )  # fmt: skip


def _tell_steps(report: Report, outcome: Outcome | None, kind: Kind) -> Iterator[Sentence]:
    """What helps most, first: right labels, nothing left out, rare digits, more photos."""
    problems = report.photos.problems
    doubted = find_misread(report.predictions)
    if report.training and (count := int((doubted["confidence"] >= _SURE).sum())):
        yield Sentence(_LABELS, {"count": count})
    lost = problems[(problems["verdict"] == "rejected") & ~problems["reason"].isin(EXPECTED)]
    if len(lost):
        folder = report.photos.folder.as_posix()
        yield Sentence(_REJECTED, {"count": len(lost), "folder": folder})
    if report.training:
        counts = np.bincount(labels_of(report.training.sides["train"]), minlength=len(CLASSES))
        rare = {CLASSES[i]: counts[i] for i in np.flatnonzero(counts < _RARE * counts.mean())}
        if rare:
            told = ", ".join(f"{label}: {count}" for label, count in rare.items())
            yield Sentence(_RARE_DIGITS, {"digits": " ".join(rare), "counts": told})
    if outcome and kind == "unknown" and not outcome.promise.at.errors and report.training:
        yield _tell_missing(report, outcome.promise)
    twice = report.curve.with_twice_the_photos() if report.curve else None
    if twice is not None:
        yield Sentence(_TWICE, {"share": f"{100 * twice:.1f}"})
    elif report.training and not report.curve:
        yield Sentence(_CURVE)


def _tell_missing(report: Report, promise: Promise) -> Sentence:
    """How many photos to label until the limit can be promised, if none is misread."""
    every = max(1, report.photos.digits["photo"].nunique() / promise.at.accepted)
    photos = math.ceil((promise.needed - promise.at.accepted) * every)
    # To two figures: it is a guess.
    step = 10 ** max(0, len(str(photos)) - 2)
    return Sentence(
        _MORE_PHOTOS,
        {"photos": f"{math.ceil(photos / step) * step:,}", "needed": f"{promise.needed:,}",
         "every": f"{every:.0f}", "limit": f"{report.one_in:,}"},
    )  # fmt: skip


def tell_confidence(share: float) -> str:
    """A confidence as a percentage, rounded down, with one figure behind its nines: 99.97 %."""
    digits = min(_figures(share), 4)
    return f"{math.floor(share * 100 * 10**digits) / 10**digits:.{digits}f} %"


def tell_threshold(share: float) -> str:
    """The same, rounded up: whoever accepts from there on accepts nothing that was not tested."""
    digits = min(_figures(share) + 1, 6)
    return f"{math.ceil(share * 100 * 10**digits) / 10**digits:.{digits}f} %"


def _figures(share: float) -> int:
    """How many figures behind the point show one that is not 9."""
    return max(0, math.ceil(-math.log10(max(1 - share, 1e-9))) - 2)
