"""Whole groups of photos chosen so that each label gets its share of validation digits."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

Counts = NDArray[np.int64]

# Kinds of photo (by their counts of each label) tried against each other for a swap of sides.
_MOST_KINDS = 1500


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
    """Choose groups of photos whose digits fill each label's quota, or come near where none do.

    `counts` is (groups, labels); groups of a low `position` (0..1) are chosen first. Returns which
    groups are validation; there is always one on either side.
    """
    quota = quotas(counts.sum(axis=0), share)
    # Where every photo shows seven digits, only multiples of seven can be validation in all.
    slack = int(np.gcd.reduce(counts.sum(axis=1))) // 2
    start, margin = _fill_shares(counts, position, share)
    chosen = _mend(start, counts, quota, np.lexsort((position, margin)), slack)
    if chosen.all() or not chosen.any():
        # A quota smaller than any group: one photo to test on is more use than none.
        smallest = np.lexsort((position, counts.sum(axis=1)))[0]
        chosen = np.arange(len(counts)) == smallest
    return chosen


def _fill_shares(
    counts: Counts, position: NDArray[np.float64], share: float
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Choose the lowest positions that give each label its share, but for rounding.

    A linear programme: its price of each label moves the border between the sides for each group,
    by what it shows. Prices hardly change when data are added, so few groups change sides. Returns
    which groups are validation, and how far from its border each is.
    """
    lowest = linprog(
        position,
        A_eq=counts.T,
        b_eq=share * counts.sum(axis=0),
        bounds=(0, 1),
        method="highs-ds",
    )
    margin = np.abs(position - counts @ lowest.eqlin.marginals)
    # As many groups as labels lie at the border itself: their last bits mean nothing.
    return np.round(lowest.x, 9) > 0.5, np.round(margin, 9)


def _mend(
    chosen: NDArray[np.bool_], counts: Counts, quota: Counts, near: NDArray[np.intp], slack: int
) -> NDArray[np.bool_]:
    """Change the side of the group, or pair of groups, that mends most, until none does."""
    chosen = chosen.copy()
    while True:
        # What changing a group's side adds to validation, those nearest to the border first.
        change = np.where(chosen[near], -1, 1)[:, None] * counts[near]
        mended = _best_change(change, quota - chosen @ counts, slack)
        if not mended:
            return chosen
        chosen[near[mended]] ^= True


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
    whole = np.abs(missing.sum(axis=-1))
    met = (whole <= slack) & (np.abs(missing).max(axis=-1) <= 1)
    return np.where(met, 0, (missing**2).sum(axis=-1) + 10 * whole)
