"""Where DVC keeps the files of this project."""

from __future__ import annotations

import configparser
from pathlib import Path

from dvc.dirs import global_config_dir, system_config_dir

_DVC = Path(".dvc")


def dvc_caches() -> list[Path]:
    """The folders of DVC's cache: the project's own, and those that its configurations name."""
    caches = [_DVC / "cache"]
    places = [Path(system_config_dir()) / "config", Path(global_config_dir()) / "config"]
    for place in (*places, _DVC / "config", _DVC / "config.local"):
        config = configparser.ConfigParser(interpolation=None)
        try:
            config.read(place, encoding="utf-8")
            caches.append(place.parent / config["cache"]["dir"].strip("'\""))
        except (configparser.Error, KeyError, ValueError):
            continue
    return caches
