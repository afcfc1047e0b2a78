"""Digits to measure on: photos drawn or given, put through the data stages in an own folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from bench.machine import ROOT
from pipeline.commands.sample import sample


def environment(threads: int) -> dict[str, str]:
    """Variables under which a process runs this checkout's code, on so many threads."""
    return os.environ | {
        "PYTHONPATH": str(ROOT),
        "OMP_NUM_THREADS": str(threads),
        "LOKY_MAX_CPU_COUNT": str(threads),  # joblib's cpu_count, by which digits are decoded
    }


def make_workplace(
    folder: Path, photos: Path | None, margin: float | None = None, seed: int = 0
) -> Path:
    """Cut and split the digits of a folder of photos and XML, or of 390 drawn photos, in `folder`.

    `margin` is `crop.margin`, if it is not to be that of params.yaml; `seed` is the split's. A
    workplace that is there already is only split anew. Returns `folder`.
    """
    stages = ["split"]
    if not (folder / "data/stats.json").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        if photos is None:
            sample(folder / "raw", photos=390, digits=2727)
        else:
            shutil.copytree(photos, folder / "raw")
        stages = ["parse", "crop", "stats", "split"]
    shutil.copytree(ROOT / "models/base", folder / "models/base", dirs_exist_ok=True)
    set_params(folder, split={"seed": seed}, crop={} if margin is None else {"margin": margin})
    for stage in stages:
        command = [sys.executable, "-m", f"pipeline.{stage}"]
        subprocess.run(command, cwd=folder, env=environment(1), check=True, capture_output=True)
    return folder


def set_params(folder: Path, **sections: dict[str, Any]) -> None:
    """Write the project's params.yaml into `folder`, some values changed."""
    tree = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    for section, values in sections.items():
        tree[section] |= values
    (folder / "params.yaml").write_text(yaml.safe_dump(tree), encoding="utf-8")
