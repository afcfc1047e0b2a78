"""What a model and its data are, what they were found to do, and what that does not say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.learning.checkpoint import Checkpoint
from pipeline.params import SplitParams
from pipeline.reporting.caveats import Caveat
from pipeline.reporting.metrics import Figures
from pipeline.reporting.page.report import Photos, Report, Training
from pipeline.reporting.score import Score
from pipeline.reporting.whole import LEFT_OUT
from pipeline.runtime.files import md5


@dataclass(frozen=True)
class Side:
    """Training or validation: its photos, its digits of each label, the MD5 of its list."""

    photos: int
    digits: Mapping[str, int]
    list_md5: str


@dataclass(frozen=True)
class Problem:
    """How many files or boxes had one problem, as problems.csv names it."""

    verdict: str
    reason: str
    count: int


@dataclass(frozen=True)
class Facts:
    """All that a model card says; `parameters` are nested, `mean` and `std` are [r, g, b]."""

    model: str
    model_md5: str
    weights: int
    parameters: Mapping[str, Any]
    caveats: tuple[Caveat, ...]
    figures: Figures
    training: Side
    validation: Side
    problems: tuple[Problem, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]

    @property
    def labels(self) -> list[str]:
        """All that either side has a digit of."""
        return sorted({*self.training.digits, *self.validation.digits})


def gather_facts(
    path: Path,
    checkpoint: Checkpoint,
    split: SplitParams,
    report: Report,
    training: Training,
    figures: Figures,
) -> Facts:
    """What is to be said of the checkpoint at `path`, which was measured and found to do `figures`.

    It was trained as `training` tells, on digits of the photos of `report`, divided by `split`.
    """
    photos = report.photos
    return Facts(
        model=checkpoint.model,
        model_md5=md5(path.read_bytes()),
        weights=sum(weight.numel() for weight in checkpoint.reader().parameters()),
        parameters=checkpoint.params | {"split": split.model_dump()},
        caveats=tuple(report.caveats),
        figures=figures,
        training=_side("train", checkpoint, photos, training),
        validation=_side("valid", checkpoint, photos, training),
        problems=tuple(
            Problem(str(verdict), str(reason), len(rows))
            for (verdict, reason), rows in photos.problems.groupby(["verdict", "reason"])
        ),
        mean=tuple(checkpoint.mean),
        std=tuple(checkpoint.std),
    )


def _side(side: str, checkpoint: Checkpoint, photos: Photos, training: Training) -> Side:
    its = photos.digits[photos.digits["file"].isin(training.sides[side])]
    counts = {str(label): int(count) for label, count in its["label"].value_counts().items()}
    return Side(its["photo"].nunique(), counts, checkpoint.lists_md5[side])


def model_card(facts: Facts) -> str:
    """A model card and a data card as Markdown; the same facts give the same text.

    After Mitchell et al. 2019, arXiv 1810.03993, and Gebru et al. 2021, arXiv 1803.09010.
    """
    sections = [_model(facts), _figures(facts), _limits(facts), _data(facts), _parameters(facts)]
    return "\n".join(sections)


def _model(facts: Facts) -> str:
    training = facts.training
    return f"""# Model card

{facts.model}, {facts.weights:,} weights, reads one digit, 0 to 9, cut out of a photo of a display.
It was trained on {sum(training.digits.values()):,} digits of {training.photos:,} photos.

| file | MD5 |
|---|---|
| models/digits.pt | {facts.model_md5} |
| data/train_data.txt | {training.list_md5} |
| data/valid_data.txt | {facts.validation.list_md5} |
"""


def _figures(facts: Facts) -> str:
    figures = facts.figures
    scores = {"digits": figures.digits, "readings": figures.readings}
    if figures.unboxed:
        its = figures.unboxed
        scores |= {"whole photos, without boxes": its.photos, "of these accepted": its.accepted}
    scores |= {f"digit {label}": score for label, score in sorted(figures.classes.items())}
    rows = [(name, *_shares(score)) for name, score in scores.items()]
    seen = any(caveat.denies_unseen for caveat in facts.caveats)
    caveats = "".join(f"- **{caveat.english}**\n" for caveat in facts.caveats)
    left_out = f"\n\n{LEFT_OUT.format(count=figures.left_out)}" if figures.left_out else ""
    return f"""## Figures

On the validation digits{"" if seen else ", which the model was not trained on"}.

{caveats}{caveats and chr(10)}{_table(("", "n", "photos", "wrong", "right", "interval"), rows)}
A reading is a photo whose every digit is in validation; it is right when all of them are. The
interval, of 95 %, is by photo (empirical likelihood, with a part of an unseen photo added): digits
of one photo are not independent, and copies of a photo count as one.{left_out}
"""


def _shares(score: Score) -> tuple[str, ...]:
    if not score.count:
        return "0", "0", "0", "", ""
    low, high = (_percent(share) for share in score.interval)
    share = _percent(score.share)
    counts = (f"{score.count:,}", f"{score.photos:,}", str(score.errors))
    return *counts, f"{share} %", f"{low} to {high} %"


def _percent(share: float) -> str:
    return f"{100 * share:.2f}"


def _limits(facts: Facts) -> str:
    limits = [
        "All photos are from this `raw/`: the figures say nothing of another site, display, camera "
        "or season. `digits measure FOLDER` measures one.",
        "Labels are taken as right: a wrong one counts as an error, or hides one. "
        "`dvc repro audit/dvc.yaml` lists those that are likely wrong.",
        "Parameters that were chosen by these figures make them look better than they are.",
        "Digits and readings are read where people drew boxes; whole photos, without.",
    ]
    fewest = min(facts.labels, key=lambda label: facts.validation.digits.get(label, 0))
    limits.append(
        f"The rarest label of validation is {fewest}, with "
        f"{facts.validation.digits.get(fewest, 0)} digits: its figure is the least sure."
    )
    return "## Limits\n\n" + "".join(f"- {limit}\n" for limit in limits)


def _data(facts: Facts) -> str:
    sides = {"training": facts.training, "validation": facts.validation}
    counts = [
        (f"digit {label}", *(f"{side.digits.get(label, 0):,}" for side in sides.values()))
        for label in facts.labels
    ]
    photos = ("photos", *(f"{side.photos:,}" for side in sides.values()))
    digits = ("digits", *(f"{sum(side.digits.values()):,}" for side in sides.values()))
    problems = [
        (problem.verdict, f"`{problem.reason}`", f"{problem.count:,}") for problem in facts.problems
    ]
    found = _table(("verdict", "reason", "files or boxes"), problems) if problems else "None.\n"
    colours = [
        (name, *(f"{value:.8f}" for value in values))
        for name, values in (("mean", facts.mean), ("std", facts.std))
    ]
    return f"""## Data

{_table(("", *sides), [photos, digits, *counts])}
A photo of which both sides have digits counts on both. Colours of all digits, in 0 to 1:

{_table(("", "red", "green", "blue"), colours)}
Problems in `data/problems.csv`, explained in `docs/problems.md`:

{found}"""


def _parameters(facts: Facts) -> str:
    rows = [(f"`{name}`", f"`{value}`") for name, value in _flat(facts.parameters)]
    return f"## Parameters\n\n{_table(('parameter', 'value'), rows)}"


def _flat(tree: Mapping[str, Any], before: str = "") -> Iterable[tuple[str, Any]]:
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", value


def _table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [header, ("---",) * len(header), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
