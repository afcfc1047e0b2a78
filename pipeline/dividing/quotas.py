"""Whole groups of photos chosen so that each label gets its share of validation digits."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

Counts = NDArray[np.int64]

# Kinds of photo (by their counts of each label) tried against each other for a swap of sides.
_MOST_KINDS = 1500
# Branches of the integer programme: a number and no time, so that the result is the same anywhere.
# Each takes longer the more kinds there are, so from so many kinds on, fewer are tried.
_MOST_NODES = 2000
_KINDS_FOR_ALL_NODES = 200


def quotas(totals: Counts, share: float) -> Counts:
    """Validation digits of each label: ceil(share * N) in all, dealt out by largest remainder."""
    # Rounded first: 0.2 * 5 in binary is a hair above 1, and its ceiling must not be 2.
    wanted = math.ceil(round(share * int(totals.sum()), 6))
    exact = totals * share
    quota: Counts = np.floor(exact).astype(np.int64)
    order = np.argsort(quota - exact, kind="stable")
    quota[order[: wanted - int(quota.sum())]] += 1
    return quota


def fill_quotas(counts: Counts, position: NDArray[np.float64], share: float) -> NDArray[np.bool_]:
    """Choose groups of photos whose digits fill each label's quota, or come nearest where none do.

    `counts` is (groups, labels); groups of a low `position` (0..1) are chosen first. A group that
    alone has a label stays in training, where it can be learnt. Returns which groups are
    validation; there is always one on either side.
    """
    wanted = Wanted.of(counts, share)
    start, margin = _fill_shares(counts, position, share, wanted.free)
    near = np.lexsort((position, margin))
    chosen = _mend(start, counts, wanted, near[wanted.free[near]])
    if _cost(wanted.quota - chosen @ counts, wanted.slack):
        chosen = _solve(start, counts, wanted, position)
    if chosen.all() or not chosen.any():
        # A share smaller than any group, or than all but one: one photo is more use than none.
        smallest = np.lexsort((position, counts.sum(axis=1)))[0]
        chosen[smallest] = not chosen[smallest]
    return chosen


@dataclass(frozen=True)
class Wanted:
    """The quotas, how far the whole may miss its own, and which groups may be validation."""

    quota: Counts
    slack: int
    free: NDArray[np.bool_]

    @classmethod
    def of(cls, counts: Counts, share: float) -> Wanted:
        """What is wanted of groups with so many digits of each label: (groups, labels)."""
        # Where every photo shows seven digits, only multiples of seven can be validation in all.
        slack = int(np.gcd.reduce(counts.sum(axis=1))) // 2
        alone = (counts > 0).sum(axis=0) == 1
        free = ~(counts[:, alone] > 0).any(axis=1)
        return cls(quotas(counts.sum(axis=0), share), slack, np.asarray(free))

    def misses(self, got: Counts) -> tuple[bool, NDArray[np.bool_]]:
        """Whether `got`, digits of each label, miss the whole's quota; and which miss their own."""
        whole, each = _misses(self.quota - got, self.slack)
        return bool(whole), each


def _fill_shares(
    counts: Counts, position: NDArray[np.float64], share: float, free: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Choose the lowest positions that give each label its share, but for rounding.

    A linear programme: its price of each label moves the border between the sides for each group,
    by what it shows. Positions count for each digit of a group: else those with many digits would
    be the cheapest way to fill a share, and validation would have more of them. Prices hardly
    change when data are added, so few groups change sides. Returns which groups are validation, and
    how far from its border each is.
    """
    if not free.any():
        return free.copy(), np.zeros(len(free))
    digits = np.maximum(counts.sum(axis=1), 1)
    lowest = linprog(
        (position * digits)[free],
        A_eq=counts[free].T,
        b_eq=share * counts[free].sum(axis=0),
        bounds=(0, 1),
        method="highs-ds",
    )
    margin = np.abs(position - counts @ lowest.eqlin.marginals / digits)
    chosen = np.zeros(len(free), dtype=bool)
    # As many groups as labels lie at the border itself: their last bits mean nothing.
    chosen[free] = np.round(lowest.x, 9) > 0.5
    return chosen, np.round(margin, 9)


def _solve(
    start: NDArray[np.bool_], counts: Counts, wanted: Wanted, position: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Choose the groups that come nearest to the quotas of all choices that there are.

    An integer programme over the number chosen of each kind of group, those that show the same
    digits: least, in this order, are what the whole and the labels miss beyond what is met, and the
    groups that change their side from `start`.
    """
    kinds, which, sizes = np.unique(
        counts[wanted.free], axis=0, return_inverse=True, return_counts=True
    )
    which = which.ravel()
    before = np.bincount(which, start[wanted.free], len(kinds))
    labels, number = counts.shape[1], len(kinds)
    # Unknowns: how many of each kind; how many of each change; what each label, and all, miss more.
    costs = np.r_[np.zeros(number), np.full(number, 1 / (2 * len(counts))), np.ones(labels), 10]
    most = np.r_[sizes, sizes, np.full(labels + 1, np.inf)]
    nodes = math.ceil(_MOST_NODES / max(1, number / _KINDS_FOR_ALL_NODES) ** 2)
    found = milp(
        costs, constraints=_constraints(kinds, before, wanted), bounds=Bounds(0, most),
        integrality=np.r_[np.ones(number), np.zeros(number + labels + 1)],
        options={"node_limit": nodes},
    )  # fmt: skip
    if found.x is None:
        return start
    return _lowest_of_each(which, np.round(found.x[:number]).astype(int), wanted.free, position)


def _constraints(kinds: Counts, before: Counts, wanted: Wanted) -> LinearConstraint:
    """What ties the changes to the numbers chosen, and the misses to the quotas.

    `kinds` are the digits that each shows of each label, `before` how many of it were chosen.
    """
    number, labels = kinds.shape
    # Sparse: of thousands of kinds, nearly all of the coefficients are 0.
    one, missed = sparse.eye_array(number), sparse.eye_array(labels + 1)
    sums = np.vstack([kinds.T, kinds.sum(axis=1)])
    target, allowed = np.r_[wanted.quota, wanted.quota.sum()], np.r_[np.ones(labels), wanted.slack]
    rows = sparse.block_array(
        [[one, -one, None], [-one, -one, None], [sums, None, -missed], [-sums, None, -missed]],
        format="csc",
    )
    limits = np.r_[before, -before, target + allowed, allowed - target]
    return LinearConstraint(rows, -np.inf, limits)


def _lowest_of_each(
    which: NDArray[np.intp], numbers: Counts, free: NDArray[np.bool_], position: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Choose so many of each kind, those of the lowest positions; `which` kind is each free one."""
    chosen = np.zeros(len(free), dtype=bool)
    for kind, number in enumerate(numbers):
        members = np.flatnonzero(free)[which == kind]
        members = members[np.argsort(position[members], kind="stable")]
        chosen[members[:number]] = True
    return chosen


def _mend(
    chosen: NDArray[np.bool_], counts: Counts, wanted: Wanted, near: NDArray[np.intp]
) -> NDArray[np.bool_]:
    """Change the side of the group, or pair of groups, that mends most, until none does."""
    chosen = chosen.copy()
    while len(near):
        # What changing a group's side adds to validation, those nearest to the border first.
        change = np.where(chosen[near], -1, 1)[:, None] * counts[near]
        mended = _best_change(change, wanted.quota - chosen @ counts, wanted.slack)
        if not mended:
            break
        chosen[near[mended]] ^= True
    return chosen


def _best_change(change: Counts, missing: Counts, slack: int) -> list[int]:
    """The rows (one or two) of `change` that mend `missing` most; none where none do."""
    kinds, first = np.unique(change, axis=0, return_index=True)
    order = np.argsort(first)[:_MOST_KINDS]
    kinds, first = kinds[order], first[order]
    best = int(_cost(missing, slack))
    rows: list[int] = []
    single = _cost(missing - kinds, slack)
    if single.min() < best:
        best = int(single.min())
        rows = [int(first[np.argmin(single)])]
    for i in range(1, len(kinds)):
        if best == 0:
            break
        both = _cost(missing - kinds[i] - kinds[:i], slack)
        if both.min() < best:
            best = int(both.min())
            rows = [int(first[i]), int(first[np.argmin(both)])]
    return rows


def _cost(missing: Counts, slack: int) -> Counts:
    """How far from the quotas, by row: each label's miss squared, and the whole's weighed most.

    0 where each label is within one of its quota, and the whole within `slack`.
    """
    whole_missed, missed = _misses(missing, slack)
    far = (missing**2).sum(axis=-1) + 10 * np.abs(missing.sum(axis=-1))
    return np.where(whole_missed | missed.any(axis=-1), far, 0)


def _misses(missing: Counts, slack: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether the whole misses its quota, by row, and which labels miss theirs."""
    return np.asarray(np.abs(missing.sum(axis=-1)) > slack), np.abs(missing) > 1
