"""A duration is said as people say it."""

from __future__ import annotations

import pytest

from pipeline.messages.duration import tell_duration


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (50.4, "50 s"),
        (119, "119 s"),
        (121, "2 min"),
        (3540, "59 min"),
        (3599, "1 h 0 min"),
        (7800, "2 h 10 min"),
    ],
)
def test_the_unit_fits_the_length(seconds, told):
    """Tenths of a second at most, and no seconds beside hours."""
    assert tell_duration(seconds) == told
