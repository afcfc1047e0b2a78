"""A confidence is a probability, and from the threshold on few readings are wrong."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.reading.confidence import RAW, Calibration, Trial, calibrate, find_threshold
from pipeline.runtime.errors import UserError

readings = st.lists(st.tuples(st.sampled_from([0.5, 0.8, 0.9, 0.95, 0.999]), st.booleans()),
                    max_size=30)  # fmt: skip


@given(readings, st.sampled_from([0.0, 0.01, 0.1, 0.3]))
def test_from_the_threshold_on_few_are_wrong(given_readings, wrong):
    """Counted anew: neither more than asked, nor more than the confidences let expect."""
    threshold = find_threshold(given_readings, wrong)
    accepted = [its for its in given_readings if its[0] >= threshold]
    assert sum(not right for _, right in accepted) <= wrong * len(accepted)
    assert sum(1 - confidence for confidence, _ in accepted) <= wrong * len(accepted) + 1e-9


@given(readings, st.sampled_from([0.01, 0.1, 0.3]))
def test_no_lower_threshold_would_do(given_readings, wrong):
    """As many are accepted as can be: each lower confidence was tried here."""
    threshold = find_threshold(given_readings, wrong)
    for lower in {confidence for confidence, _ in given_readings if confidence < threshold}:
        accepted = [its for its in given_readings if its[0] >= lower]
        errors = sum(not right for _, right in accepted)
        expected = sum(1 - confidence for confidence, _ in accepted)
        assert max(errors, expected) > wrong * len(accepted) - 1e-9


def world(count, seed, slope=1.3, shift=-0.8):
    """Readings of which the truth follows from the score as a logistic law has it."""
    rng = np.random.default_rng(seed)
    scores = rng.beta(2, 0.6, count).clip(1e-4, 1 - 1e-4)
    law = Calibration(slope, shift, 0.0)
    right = [rng.random() < law.confidence(float(score)) for score in scores]
    return [Trial(float(score), bool(its), True) for score, its in zip(scores, right, strict=True)]


def test_with_many_readings_the_law_is_found():
    """Confidences are within two hundredths of the probabilities that the world is made of."""
    fitted, law = calibrate(world(6000, 1), RAW, 0.01), Calibration(1.3, -0.8, 0)
    for score in (0.3, 0.6, 0.9, 0.98):
        assert abs(fitted.confidence(score) - law.confidence(score)) < 0.02


def test_with_few_readings_what_was_known_before_stays():
    """Three right readings are no proof."""
    prior = Calibration(1.0, -1.0, 0.9)
    fitted = calibrate([Trial(0.9, True, True)] * 3, prior, 0.01)
    assert abs(fitted.confidence(0.9) - prior.confidence(0.9)) < 0.15


def test_the_accepted_keep_their_promise_on_average():
    """In 60 worlds, new readings that the threshold accepts are wrong no more often than asked."""
    wrong = accepted = 0
    for seed in range(60):
        calibration = calibrate(world(150, seed), RAW, 0.05)
        for trial in world(400, 1000 + seed):
            if calibration.confidence(trial.score) >= calibration.threshold:
                accepted += 1
                wrong += not trial.right
    assert accepted > 1000
    assert wrong / accepted < 0.05


def test_it_is_written_and_read_back(tmp_path):
    """As it was."""
    Calibration(1.25, -0.5, 0.93).save(tmp_path / "reading.json")
    assert Calibration.load(tmp_path / "reading.json") == Calibration(1.25, -0.5, 0.93)


@pytest.mark.parametrize("content", ["", "{}", '{"slope": 1, "shift": "x", "threshold": 1}',
                                     '{"slope": NaN, "shift": 0, "threshold": 1}'])  # fmt: skip
def test_a_damaged_one_is_told(tmp_path, content):
    """By its name."""
    (tmp_path / "reading.json").write_text(content)
    with pytest.raises(UserError, match=r"reading\.json is damaged"):
        Calibration.load(tmp_path / "reading.json")
