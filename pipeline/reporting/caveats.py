"""What makes figures say less than they seem to: it stands beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.messages import mark
from pipeline.reporting.sentence import Sentence


@dataclass(frozen=True)
class Caveat(Sentence):
    """A reservation.

    Where it `denies_unseen`, nobody can say that the model was trained on none of the photos; where
    it `flatters`, the figures are too good for another reason; where the photos are
    `not_the_plant`, the figures are not of a plant alone.
    """

    denies_unseen: bool = False
    flatters: bool = False
    not_the_plant: bool = False

    @property
    def english(self) -> str:
        """The text with its values."""
        return self.text.format(**self.values)


UNKNOWN = Caveat(
    mark(
        "data/ is not what the model was trained on, so nobody knows whether it was trained on "
        "these photos."
    ),
    denies_unseen=True,
)
_STARTED = Caveat(
    mark(
        "The model started from another one (train.init), which may have been trained on some of "
        "these photos. If it was, the figures are too good."
    ),
    denies_unseen=True,
)
_SHARED = Caveat(
    mark(
        "Other digits of these same photos were trained on (split.by: digit), which makes the "
        "figures too good."
    ),
    denies_unseen=True,
)
_CHOSEN = Caveat(
    mark(
        "The epoch was chosen by these very photos (train.keep: best, or train.patience), which "
        "makes the figures somewhat too good."
    ),
    flatters=True,
)
_DRAWN = mark("The photos are drawn by `digits sample`: the figures say nothing of real photos.")
_SOME_DRAWN = mark(
    "{drawn} of {count} XML describe photos drawn by `digits sample`: the figures are not of real "
    "photos alone."
)


def doubt_drawn(dialects: Mapping[str, int]) -> list[Caveat]:
    """That photos are drawn, by how many XML each tool wrote; `digits sample` writes `sample`."""
    drawn, count = dialects.get("sample", 0), sum(dialects.values())
    if not drawn:
        return []
    if drawn == count:
        return [Caveat(_DRAWN, not_the_plant=True)]
    return [Caveat(_SOME_DRAWN, not_the_plant=True, values={"drawn": drawn, "count": count})]


def doubt_start(train: Mapping[str, Any]) -> list[Caveat]:
    """That a model may know more than it was trained on, by its parameters in `train`."""
    # What learnt from drawn photos alone has seen none of these.
    return [_STARTED] if train["init"] not in (None, "base") else []


def doubt_choice(train: Mapping[str, Any]) -> list[Caveat]:
    """That its epoch was chosen on validation, by its parameters in `train`."""
    return [_CHOSEN] if train["keep"] == "best" or train["patience"] else []


def doubt_split(training: set[str], validation: set[str]) -> list[Caveat]:
    """That some photos have digits in training and in validation."""
    return [_SHARED] if training & validation else []
