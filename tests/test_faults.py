"""A stage that was killed, or met a full or a read-only disk, is run again to the same bytes."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from helpers import Workplace, contents, furnish
from processes import Process, prepare

# `make fuzz` kills each stage twenty times.
KILLS = int(os.environ.get("KILLS", "2"))

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="copies processes, mounts disks"),
]


OUTPUTS = {
    "parse": ("data/boxes.csv", "data/problems.csv", "data/annotations.json"),
    "crop": ("data/digits", "data/digits.csv", "data/photos.csv"),
    "stats": ("data/stats.json",),
    "split": ("data/train_data.txt", "data/valid_data.txt"),
    "train": ("models/digits.pt", "reports/history.csv"),
    "locate": ("models/locator.pt",),
    "evaluate": (
        "models/reading.json",
        "reports/metrics.json",
        "reports/predictions.csv",
        "reports/misread.png",
    ),
}


def run_all(folder: Path) -> tuple[Workplace, dict[str, float]]:
    """A workplace in which every stage has run, and how many seconds each took."""
    furnish(folder)
    workplace = Workplace(folder)
    workplace.add_displays(20)
    workplace.set(
        train__model="resnet8", train__input_size=16, train__epochs=3, machine__device="cpu",
        locate__steps=60, locate__batch_size=2,
    )  # fmt: skip
    seconds = {}
    for stage in OUTPUTS:
        prepare(stage)
        start = time.perf_counter()
        done = workplace.run(stage)
        assert done.returncode == 0, done.stderr
        seconds[stage] = time.perf_counter() - start
    return workplace, seconds


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A workplace in which every stage has run, and how many seconds each took."""
    return run_all(tmp_path_factory.mktemp("kill"))


@pytest.fixture(scope="module")
def on_small_disk(finished, tmp_path_factory):
    """A copy of it, on a disk of 16 MiB of its own."""
    folder = tmp_path_factory.mktemp("disk")
    mount = ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root on Linux may mount a small disk")
    yield Workplace(shutil.copytree(finished[0].folder, folder, dirs_exist_ok=True))
    subprocess.run(["umount", str(folder)], check=True)


def outputs(workplace: Workplace) -> dict[str, bytes]:
    """Every output, byte for byte; of history.csv all but the seconds it took."""
    found = {
        f"{top}/{path}": content
        for top in ("data", "models", "reports")
        for path, content in contents(workplace.folder / top).items()
    }
    history = pd.read_csv(workplace.folder / "reports/history.csv").drop(columns="seconds")
    return found | {"reports/history.csv": history.to_csv().encode()}


@pytest.mark.parametrize("stage", OUTPUTS)
def test_a_killed_stage_is_run_again_to_the_same_bytes(finished, stage):
    """It is killed at random moments from its start to its end."""
    workplace, seconds = finished
    expected = outputs(workplace)
    moments = random.Random(stage)
    for _ in range(KILLS):
        if stage == "crop":
            # As DVC leaves it after a kill: the images there, some of them not.
            for path in list(workplace.digits.rglob("*.jpg"))[::2]:
                path.unlink()
        running = Process(workplace.folder, stage)
        time.sleep(moments.uniform(0, seconds[stage]))
        running.kill()
        again = workplace.run(stage)
        assert again.returncode == 0, again.stderr
        assert outputs(workplace) == expected


def remove(workplace: Workplace, stage: str) -> None:
    """Delete a stage's outputs, as DVC does before it runs the stage."""
    for name in OUTPUTS[stage]:
        path = workplace.folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()


@pytest.mark.parametrize("stage", OUTPUTS)
def test_a_full_disk_is_told_and_survived(on_small_disk, stage):
    """The message says what to do, and with room again the bytes are the same."""
    workplace = on_small_disk
    expected = outputs(workplace)
    remove(workplace, stage)
    filler = workplace.folder / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(bytes(4096)):
            pass
    done = workplace.run(stage)
    assert done.returncode == 1
    assert "the disk is full. What can go without loss: " in done.stderr
    assert "Traceback" not in done.stderr
    assert list(workplace.folder.rglob("*.part")) == []
    filler.unlink()
    assert workplace.run(stage).returncode == 0
    assert outputs(workplace) == expected


@pytest.mark.parametrize("stage", OUTPUTS)
def test_a_read_only_folder_is_told_and_survived(on_small_disk, stage):
    """The message says what to do, and once it is writable the bytes are the same."""
    workplace = on_small_disk
    expected = outputs(workplace)
    remove(workplace, stage)
    remount = ["mount", "-o", "remount,{}", str(workplace.folder)]
    subprocess.run([part.format("ro") for part in remount], check=True)
    try:
        done = workplace.run(stage)
    finally:
        subprocess.run([part.format("rw") for part in remount], check=True)
    assert done.returncode == 1
    assert "the folder is read-only: run on a disk that can be written to" in done.stderr
    assert "Traceback" not in done.stderr
    assert workplace.run(stage).returncode == 0
    assert outputs(workplace) == expected
