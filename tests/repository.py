"""A real repository in which `dvc` runs this checkout's code."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import yaml
from helpers import ROOT, Workplace

STAGES = ["parse", "crop", "stats", "split", "train", "locate", "evaluate"]
QUICK = {"model": "resnet8", "input_size": 24, "epochs": 2, "lr": 0.002, "warmup_epochs": 2}


def environment(folder: Path) -> dict[str, str]:
    """Variables under which a command in `folder` runs that folder's code."""
    return os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(folder),
        **{f"GIT_{who}_{what}": "test@example.com"
           for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    }  # fmt: skip


def shell(folder: Path, *command: str, code: int = 0) -> str:
    """Run a command as a real process; returns what it printed, and asserts its exit code."""
    done = subprocess.run(
        command, cwd=folder, env=environment(folder), capture_output=True, text=True, check=False
    )
    printed = done.stdout + done.stderr
    assert done.returncode == code, printed
    assert "Traceback" not in printed
    return printed


def digits(folder: Path, *arguments: str, code: int = 0) -> str:
    """Run `digits` there with this checkout's code, as `shell` does the rest."""
    done = Workplace(folder).digits_command(*arguments)
    printed = done.stdout + done.stderr
    assert done.returncode == code, printed
    assert "Traceback" not in printed
    return printed


def copy_checkout(folder: Path) -> Path:
    """A repository of its own with this checkout's files, set to train in seconds."""
    files = shell(ROOT, "git", "ls-files", "--cached", "--others", "--exclude-standard")
    for file in files.splitlines():
        if (ROOT / file).is_file():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / file, folder / file)
    params = yaml.safe_load((folder / "params.yaml").read_text(encoding="utf-8"))
    params["machine"] |= {"device": "cpu"}
    params["train"] |= QUICK
    params["locate"] |= {"steps": 2, "batch_size": 4}
    params["audit"] |= {"folds": 2, "repeats": 1, "epochs": 1}
    (folder / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    shell(folder, "git", "init", "-q", "-b", "main")
    shell(folder, "git", "add", ".")
    shell(folder, "git", "commit", "-qm", "checkout")
    return folder


def stages_run(printed: str) -> list[str]:
    """The stages that a `dvc repro` ran, in order."""
    return [stage for stage in STAGES if f"Running stage '{stage}'" in printed]


def lock_hashes(folder: Path) -> dict[str, str]:
    """Hash of every output of the data stages, from dvc.lock."""
    lock = yaml.safe_load((folder / "dvc.lock").read_text(encoding="utf-8"))
    return {
        out["path"]: out["md5"]
        for stage in ("parse", "crop", "stats", "split")
        for out in lock["stages"][stage]["outs"]
    }
