"""Quotas, and the groups of photos that fill them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from pipeline.dividing.quotas import fill_quotas, quotas


@given(totals=st.lists(st.integers(0, 500), min_size=1, max_size=10), share=st.floats(0.01, 0.99))
def test_quotas_add_up_and_each_is_its_share(totals, share):
    """The whole is rounded up, and each label up or down."""
    quota = quotas(np.array(totals), share)
    assert 0 <= round(quota.sum() - share * sum(totals), 6) < 1
    assert (np.abs(quota - np.array(totals) * share) <= 1).all()
    assert (quota <= totals).all()


@pytest.mark.parametrize(
    ("total", "validation"), [(27_237, 5_448), (5, 1), (10, 2), (11, 3), (1, 1), (0, 0)]
)
def test_a_fifth_is_rounded_up(total, validation):
    """Of 27,237 digits it is 5,448; of 5 it is 1, whatever binary fractions say."""
    assert quotas(np.array([total]), 0.2).sum() == validation


def test_of_photos_that_read_the_same_the_lowest_positions_are_validation():
    """A photo's side follows from its own position and one border."""
    position = np.array([0.9, 0.35, 0.05, 0.3, 0.6])
    chosen = fill_quotas(np.ones((5, 1), dtype=np.int64), position, 0.6)
    assert chosen.tolist() == [False, True, True, True, False]


def missed(chosen, counts, quota):
    """By how many digits choices (one a row) miss the quotas: in all, and at most in one label."""
    missing = quota - chosen @ counts
    return np.abs(missing.sum(axis=-1)) + np.maximum(np.abs(missing).max(axis=-1) - 1, 0)


def test_a_dozen_photos_come_as_near_as_any_choice_of_them():
    """They nearly always do; so few can often not meet the quotas at all."""
    every = (np.arange(1, 2**12 - 1)[:, None] >> np.arange(12)) & 1
    best = 0
    for seed in range(40):
        draw = np.random.default_rng(seed)
        counts = draw.integers(0, 4, (12, 3)).astype(np.int64)
        quota = quotas(counts.sum(axis=0), 0.4)
        chosen = fill_quotas(counts, draw.random(12), 0.4)
        best += int(missed(chosen, counts, quota) == missed(every, counts, quota).min())
    assert best >= 38


def least_excess(counts, share):
    """The least that any choice of groups misses the quotas by, beyond what is met.

    An integer programme of its own: a yes or no for each group, and for each label and for all what
    the choice is over one, or over half of the groups' common divisor, away from the quota. A group
    that alone has a label stays in training.
    """
    groups, labels = counts.shape
    wanted = quotas(counts.sum(axis=0), share)
    slack = int(np.gcd.reduce(counts.sum(axis=1))) // 2
    sums = np.vstack([counts.T, counts.sum(axis=1)])
    target = np.r_[wanted, wanted.sum()]
    allowed = np.r_[np.ones(labels), slack]
    rows = np.vstack([np.hstack([sign * sums, -np.eye(labels + 1)]) for sign in (1, -1)])
    alone = (counts[:, (counts > 0).sum(axis=0) == 1] > 0).any(axis=1)
    found = milp(
        np.r_[np.zeros(groups), np.ones(labels), 10],
        constraints=LinearConstraint(rows, -np.inf, np.r_[target + allowed, allowed - target]),
        bounds=Bounds(0, np.r_[1.0 - alone, np.full(labels + 1, np.inf)]),
        integrality=np.r_[np.ones(groups), np.zeros(labels + 1)],
    )
    return found.fun


@settings(max_examples=40)
@given(seed=st.integers(0, 2**32 - 1), groups=st.integers(6, 25))
def test_no_choice_of_groups_comes_nearer(seed, groups):
    """Small sets of photos with three to eight digits, where swaps alone would end too early."""
    rng = np.random.default_rng(seed)
    counts = np.zeros((groups, 10), dtype=np.int64)
    for row in counts:
        np.add.at(row, rng.integers(0, 10, rng.integers(3, 9)), 1)
    counts = counts[:, counts.sum(axis=0) > 0]
    chosen = fill_quotas(counts, rng.random(groups), 0.2)
    wanted = quotas(counts.sum(axis=0), 0.2)
    slack = int(np.gcd.reduce(counts.sum(axis=1))) // 2
    missed = np.abs(wanted - chosen @ counts)
    whole = abs(int(wanted.sum()) - int((chosen @ counts).sum()))
    excess = np.maximum(missed - 1, 0).sum() + 10 * max(whole - slack, 0)
    assert excess <= least_excess(counts, 0.2) + 1e-6
