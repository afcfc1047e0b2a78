"""Which photos to label next: those that a reader would learn most from, and some at random."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import Literal

from pipeline.messages import mark
from pipeline.reading.reading import Reading
from service.copies import Looks, group_copies
from service.recording.rules import is_rule

Why = Literal["random", "rule", "rare", "unsure"]

WHY = {
    "random": mark("drawn at random"),
    "rule": mark("it breaks a rule"),
    "rare": mark("it shows a rare digit"),
    "unsure": mark("the reader is not sure"),
}
# Shares of what is chosen; the rest are those that the reader is least sure of.
_RANDOM, _RULE_OR_RARE = 0.2, 0.2


@dataclass(frozen=True)
class Candidate:
    """A photo that could be labelled: its place, and what the reader makes of it."""

    path: str
    station: str
    day: str
    sha256: str
    perceptual_hash: str
    readings: Sequence[Reading]
    reasons: frozenset[str]

    @property
    def confidence(self) -> float:
        """That of its least sure display; of a photo without any, above all: it may show none."""
        return min((its.confidence for its in self.readings if its.text), default=2.0)

    @property
    def text(self) -> str:
        """What its displays show."""
        return " ".join(its.text for its in self.readings)


@dataclass(frozen=True)
class Choice:
    """A photo to label, and why."""

    candidate: Candidate
    why: Why


def choose(
    candidates: Sequence[Candidate], count: int, labelled: Mapping[str, int]
) -> list[Choice]:
    """So many photos, or all; `labelled` has how many of each digit training has already.

    A fifth is drawn at random, of all. Of the others, which show nothing that is chosen already, a
    fifth of all breaks rules or shows rare digits, and the rest is what the reader is least sure
    of, spread over days and stations.
    """
    by_chance = sorted(candidates, key=lambda its: _lot(its.sha256))
    looks = [Looks(its.sha256, its.perceptual_hash, its.text) for its in candidates]
    groups = dict(zip((its.path for its in candidates), group_copies(looks), strict=True))
    chosen: list[Choice] = []
    taken: set[int] = set()

    def take(ordered: Iterable[tuple[Candidate, Why]], limit: int) -> None:
        for candidate, why in ordered:
            if len(chosen) >= limit:
                return
            if groups[candidate.path] not in taken:
                taken.add(groups[candidate.path])
                chosen.append(Choice(candidate, why))

    take(((its, "random") for its in by_chance), round(_RANDOM * count))
    take(_rules_and_rare(candidates, labelled), round((_RANDOM + _RULE_OR_RARE) * count))
    rest = [its for its in candidates if groups[its.path] not in taken]
    take(((its, "unsure") for its in _spread(rest)), count)
    return chosen


def _spread(candidates: Sequence[Candidate]) -> Iterator[Candidate]:
    """The least sure first, of each station and day in turn."""
    lanes: dict[tuple[str, str], list[Candidate]] = defaultdict(list)
    for its in sorted(candidates, key=lambda its: (its.confidence, its.path)):
        lanes[its.station, its.day].append(its)
    ordered = sorted(lanes.values(), key=lambda lane: (lane[0].confidence, lane[0].path))
    return filter(None, chain.from_iterable(zip_longest(*ordered)))


def _rules_and_rare(
    candidates: Sequence[Candidate], labelled: Mapping[str, int]
) -> Iterator[tuple[Candidate, Why]]:
    """Photos that break rules, and those with the rarest digit, in turn."""
    seen = Counter(chain.from_iterable(set(its.text) for its in candidates))
    counts = {digit: labelled.get(digit, 0) or seen[digit] for digit in "0123456789"}
    broken = (its for its in _spread(candidates) if any(map(is_rule, its.reasons)))
    having = [its for its in candidates if any(map(str.isdigit, its.text))]
    rarest = sorted(
        having,
        key=lambda its: (min(counts[sign] for sign in its.text if sign in counts), its.confidence),
    )
    for rule, rare in zip_longest(broken, rarest):
        if rule:
            yield rule, "rule"
        if rare:
            yield rare, "rare"


def _lot(sha256: str) -> str:
    """By chance, but the same again."""
    return hashlib.sha256(f"to label {sha256}".encode()).hexdigest()
