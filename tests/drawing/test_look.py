"""A display's colours as a phone's sensor sees them."""

from __future__ import annotations

from collections import Counter

import numpy as np

from pipeline.drawing.look import exposed, random_look, shaded


def test_a_sensor_saturates():
    """More light is never darker, none is black, and very much is white."""
    values = [exposed(np.full(3, radiance)) for radiance in (0, 0.1, 0.5, 1, 3, 50)]
    assert values[0] == (0, 0, 0)
    assert values[-1] == (255, 255, 255)
    assert values == sorted(values)


def test_a_colour_is_shaded_within_its_range():
    """It is darkened or lightened, and clipped at white."""
    assert shaded((100, 200, 0), 0.5) == (50, 100, 0)
    assert shaded((100, 200, 0), 2) == (200, 255, 0)


def test_most_displays_are_red_and_all_can_be_read():
    """An LED's light is added, an LCD's segments take light away."""
    looks = [random_look(np.random.default_rng(seed)) for seed in range(300)]
    kinds = Counter(look.kind for look in looks)
    assert kinds["red"] > 200
    assert len(kinds) > 3
    for look in looks:
        assert look.darkens == (look.kind == "lcd")
        assert max(look.lit) > 0.5
        assert all(0 <= value <= 255 for value in (*look.panel, *look.unlit))
