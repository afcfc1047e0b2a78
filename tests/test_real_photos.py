"""An accuracy floor on real photos: the whole pipeline, on two published sets, in a minute each."""

from __future__ import annotations

import json

import pytest
from helpers import REAL_DATA

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not REAL_DATA.is_dir(), reason="the real photos are not here"),
]


@pytest.mark.parametrize(
    ("name", "digits_right", "photos_right"), [("quad_led", 0.97, 0.92), ("lcd_kwh", 0.93, 0.55)]
)
def test_real_photos_are_read(workplace, name, digits_right, photos_right):
    """So large a share of the validation digits, and of whole photos, after a short training."""
    workplace.set(
        train__precision="fp32", train__epochs=3, locate__precision="fp32", locate__steps=60,
        machine__device="cpu", machine__threads=1,
    )  # fmt: skip
    workplace.raw.symlink_to(REAL_DATA / name)
    for stage in ("parse", "crop", "stats", "split", "train", "locate", "evaluate"):
        done = workplace.run(stage)
        assert done.returncode == 0, done.stderr
    figures = json.loads((workplace.folder / "reports/metrics.json").read_text(encoding="utf-8"))
    digits = figures["digits"]
    assert digits["count"] > 200
    assert 1 - digits["errors"] / digits["count"] >= digits_right
    photos = figures["unboxed"]["photos"]
    assert photos["count"] > 30
    assert 1 - photos["errors"] / photos["count"] >= photos_right
