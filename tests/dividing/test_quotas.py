"""Quotas, and the groups of photos that fill them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

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
