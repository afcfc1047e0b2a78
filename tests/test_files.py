"""Files as the stages read and write them."""

from __future__ import annotations

import json

import pytest
from helpers import write

from pipeline.command import UserError
from pipeline.files import read_stats


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"mean": [1, 2, 3], "std": [1, 1, 1]}'])
def test_damaged_stats_are_told(tmp_path, content):
    """Also those of an older form."""
    with pytest.raises(UserError, match=r"stats\.json is damaged"):
        read_stats(write(tmp_path / "stats.json", content))


def test_stats_are_taken_by_name(tmp_path):
    """Red, green, blue, whatever their order in the file."""
    channels = {"blue": 0.3, "red": 0.1, "green": 0.2}
    content = json.dumps({"digits": 5, "mean": channels, "std": channels})
    assert read_stats(write(tmp_path / "stats.json", content)) == ([0.1, 0.2, 0.3],) * 2
