"""Where DVC keeps the files of this project."""

from __future__ import annotations

import configparser
from pathlib import Path

_DVC = Path(".dvc")


def dvc_caches() -> list[Path]:
    """The folders of DVC's cache: the project's own, and one that its configuration names."""
    caches = [_DVC / "cache"]
    for name in ("config", "config.local"):
        config = configparser.ConfigParser(interpolation=None)
        try:
            config.read(_DVC / name, encoding="utf-8")
            caches.append(_DVC / config["cache"]["dir"].strip("'\""))
        except (configparser.Error, KeyError, ValueError):
            continue
    return caches
