"""Two readers of the same digits: which is better, and how sure that is."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds import TIMES, World

from pipeline.reporting.pairing import Pairing, sign_flip_p_value

# A few photos are hard, the others are read well.
HARD = World([0.08, 0.92], [0.5, 0.005])
# Nothing is, and each digit is for itself.
EVEN = World([1], [0.05])


def told_apart(old_rates, new_rates, generator):
    """In how many of the worlds (n, photos) two readers of such rates are told apart, at 5 %."""
    values = generator.binomial(7, old_rates) - generator.binomial(7, new_rates)
    return sum(sign_flip_p_value(world) < 0.05 for world in values) / len(values)


@pytest.mark.slow
@pytest.mark.parametrize("photos", [8, 20, 60, 150])
@pytest.mark.parametrize("world", [HARD, EVEN], ids=["hard photos", "no hard photos"])
@pytest.mark.parametrize("own", [False, True], ids=["same for both", "each has its own"])
def test_equal_readers_are_seldom_told_apart(photos, world, own):
    """In 6 % of worlds at most, whether both fail on the same photos or each on its own."""
    generator = np.random.default_rng(photos)
    shape = (2000 * TIMES, photos)
    old = world.draw_rates(generator, shape)
    new = world.draw_rates(generator, shape) if own else old
    assert told_apart(old, new, generator) <= 0.06


def test_a_better_reader_is_found():
    """On 60 photos, of which each is read with a third of the errors, in 9 of 10 worlds."""
    generator = np.random.default_rng(0)
    old = World([0.2, 0.8], [0.4, 0.1]).draw_rates(generator, (200, 60))
    assert told_apart(old, old / 3, generator) > 0.9


@given(st.lists(st.integers(-4, 4), max_size=9))
def test_the_p_value_counts_every_toss(values):
    """Of all signs that the photos could have, the share whose sum is as far from 0."""
    sums = [
        abs(sum(sign * value for sign, value in zip(signs, values, strict=True)))
        for signs in product((-1, 1), repeat=len(values))
    ]
    expected = np.mean([its >= abs(sum(values)) for its in sums])
    assert sign_flip_p_value(np.array(values, dtype=int)) == pytest.approx(expected)


def test_digits_of_one_photo_are_no_more_than_one_photo():
    """Nine digits gained on nine photos tell two readers apart, on one photo they do not."""
    old, new = np.array([False] * 9 + [True] * 40), np.array([True] * 49)
    apart = Pairing.of(old, new, pd.Series(range(49)))
    together = Pairing.of(old, new, pd.Series([0] * 9 + list(range(1, 41))))
    assert (apart.uneven, together.uneven) == (9, 1)
    assert apart.p_value == pytest.approx(2 / 2**9)
    assert together.p_value == 1
    assert apart.interval[0] > 0 > together.interval[0]


def test_everything_is_counted():
    """Of six digits on three photos one is gained and two are lost, both of these on one photo."""
    old = np.array([True, True, False, True, True, False])
    new = np.array([False, False, True, True, True, False])
    found = Pairing.of(old, new, pd.Series(list("aabbcc")))
    assert (found.count, found.photos, found.uneven) == (6, 3, 2)
    assert (found.old_right, found.new_right, found.gained, found.lost) == (4, 3, 1, 2)
    assert found.difference == pytest.approx(-1 / 6)


@pytest.mark.parametrize(
    ("photos", "ahead", "verdict"),
    [
        (5, 5, "No difference can be told: 35 more are read right and 0 fewer, and 5 photos are"),
        (6, 6, "Better: 42 more are read right, 0 fewer."),
        (6, 0, "Worse: 42 fewer are read right, 0 more."),
        (8, 4, "No difference can be told from chance: 28 more are read right, 28 fewer."),
    ],
)
def test_it_ends_in_one_sentence(photos, ahead, verdict):
    """Under six photos nothing can be told, even if one reader is ahead on all of them."""
    group = pd.Series([photo for photo in range(photos) for _ in range(7)])
    new = (group < ahead).to_numpy()
    found = Pairing.of(~new, new, group)
    assert str(found.verdict).startswith(verdict)
    assert (found.p_value < 0.05) == verdict.startswith(("Better", "Worse"))
