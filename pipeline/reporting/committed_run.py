"""The last committed run's figures, to stand beside this one's."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from typing import Any

_METRICS = "reports/metrics.json"


@dataclass(frozen=True)
class CommittedRun:
    """The tracked figures at git's HEAD, and the commit that they came with.

    `metrics`, `stats` and `annotations` are the contents of the files of these names, empty where
    HEAD has none.
    """

    commit: str
    date: str
    metrics: dict[str, Any]
    stats: dict[str, Any]
    annotations: dict[str, Any]

    def number(self, file: str, *keys: str) -> float | None:
        """A figure of `metrics`, `stats` or `annotations`, or None where it has no such number.

        The commit may be of another version of this code, with other figures.
        """
        value: Any = getattr(self, file)
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        return value if isinstance(value, int | float) else None


def load_committed_run() -> CommittedRun | None:
    """Read the figures at HEAD; None outside of git, and where HEAD has no figures.

    Depends on nothing but HEAD: the same commit and the same run give the same page.
    """
    metrics = _read_at_head(_METRICS)
    told = _git("log", "-1", "--no-show-signature", "--format=%H %cs", "--", _METRICS)
    if not metrics or not told:
        return None
    commit, date = told.split()
    return CommittedRun(
        commit[:7], date, metrics,
        _read_at_head("data/stats.json"), _read_at_head("data/annotations.json"),
    )  # fmt: skip


def _read_at_head(path: str) -> dict[str, Any]:
    try:
        content = json.loads(_git("show", f"HEAD:./{path}"))
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _git(*arguments: str) -> str:
    """What git prints, and nothing where there is no git, no repository or no such file."""
    try:
        done = subprocess.run(
            ["git", *arguments], capture_output=True, check=True, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.decode("utf-8", "replace")
