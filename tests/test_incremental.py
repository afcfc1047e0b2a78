"""Whatever happens to raw/ or to data/, `dvc repro` does the work that is new and ends as clean."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from helpers import Workplace, contents, furnish
from repository import environment, lock_hashes, shell, stages_run

from pipeline.commands.sample import sample
from pipeline.runtime.files import md5

pytestmark = pytest.mark.slow


def photos_of(folder: Path) -> list[Path]:
    return sorted((folder / "raw").glob("*.jpg"))


def add_photos(folder: Path) -> int:
    before = len(photos_of(folder))
    sample(folder / "new", photos=3, seed=9)
    for file in (folder / "new").iterdir():
        file.rename(folder / "raw" / file.name)
    (folder / "new").rmdir()
    assert len(photos_of(folder)) == before + 3
    return sum(path.read_text().count("<object>") for path in (folder / "raw").glob("*.xml"))


def edit_a_box(folder: Path) -> None:
    xml = photos_of(folder)[0].with_suffix(".xml")
    text = xml.read_text(encoding="utf-8")
    edited = re.sub(r"<xmin>(\d+)<", lambda found: f"<xmin>{int(found[1]) + 2}<", text, count=1)
    assert edited != text
    xml.write_text(edited, encoding="utf-8")


def replace_a_photo(folder: Path) -> int:
    photo, other = photos_of(folder)[:2]
    shutil.copy(other, photo)
    shutil.copy(other.with_suffix(".xml"), photo.with_suffix(".xml"))
    return photo.with_suffix(".xml").read_text(encoding="utf-8").count("<object>")


def remove_a_photo(folder: Path) -> None:
    photo = photos_of(folder)[0]
    photo.unlink()
    photo.with_suffix(".xml").unlink()


def change_the_margin(folder: Path) -> int:
    params = yaml.safe_load((folder / "params.yaml").read_text(encoding="utf-8"))
    params["crop"]["margin"] = 0.05
    (folder / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    return len(list((folder / "data/digits").rglob("*.jpg")))


def damage_a_digit(folder: Path) -> None:
    digit = next((folder / "data/digits").rglob("*.jpg"))
    digit.chmod(0o644)
    digit.write_bytes(b"\xff\xd8 not what was written")


def add_a_stray_file(folder: Path) -> None:
    (folder / "data/digits/7/notes.txt").write_text("a note", encoding="utf-8")


def written(printed: str) -> int:
    return int(re.findall(r"digits: (\d+) written", printed)[0])


def dvc_hash(path: Path) -> str:
    """What DVC calls a file or folder by: its MD5, or that of the list of the files below."""
    if path.is_file():
        return md5(path.read_bytes())
    files = [{"md5": md5(its), "relpath": name} for name, its in sorted(contents(path).items())]
    return f"{md5(json.dumps(files).encode())}.dir"


@pytest.fixture
def assert_as_clean(
    clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], None]:
    """Asserts that dvc.lock has the hashes of what a run from scratch makes of raw/."""

    def check() -> None:
        clean = Workplace(tmp_path / "clean")
        shutil.copytree(clone / "raw", clean.raw)
        furnish(clean.folder)
        shutil.copy(clone / "params.yaml", clean.folder)
        with monkeypatch.context() as patch:
            patch.chdir(clean.folder)
            clean.do("parse", "crop", "stats", "split")
        hashes = lock_hashes(clone)
        assert hashes == {path: dvc_hash(clean.folder / path) for path in hashes}

    return check


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (edit_a_box, 1),
        (replace_a_photo, None),
        (remove_a_photo, 0),
        (change_the_margin, None),
        (damage_a_digit, 1),
        (add_a_stray_file, 0),
    ],
)
def test_only_the_new_work_is_done(
    clone: Path,
    assert_as_clean: Callable[[], None],
    change: Callable[[Path], int | None],
    expected: int | None,
) -> None:
    """As many digits are cut as had to be, and the end is that of a clean run."""
    needed = change(clone)
    printed = shell(clone, "dvc", "repro", "stats", "split")
    assert written(printed) == (needed if expected is None else expected)
    assert_as_clean()


def test_photos_added(clone: Path, assert_as_clean: Callable[[], None]) -> None:
    """New photos alone are cut, raw.dvc follows by itself, and the end is that of a clean run."""
    before = len(list((clone / "data/digits").rglob("*.jpg")))
    tracked = (clone / "raw.dvc").read_text(encoding="utf-8")
    total = add_photos(clone)
    printed = shell(clone, "dvc", "repro", "stats", "split")
    assert written(printed) == total - before
    assert (clone / "raw.dvc").read_text(encoding="utf-8") != tracked
    assert_as_clean()


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is a matter of POSIX")
def test_killed_half_way(clone: Path, assert_as_clean: Callable[[], None]) -> None:
    """`dvc repro` killed amid cropping leaves no half file, and the next run goes on from there."""
    change_the_margin(clone)
    digits = clone / "data/digits"
    stamp = {path: path.stat().st_mtime_ns for path in digits.rglob("*.jpg")}
    run = subprocess.Popen(
        ["dvc", "repro", "stats", "split"], cwd=clone, env=environment(clone),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        while run.poll() is None and not any(
            path.stat().st_mtime_ns != before for path, before in stamp.items()
        ):
            time.sleep(0.001)
    finally:
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
    shell(clone, "dvc", "repro", "stats", "split")
    assert list(clone.glob("data/**/*.part")) == []
    assert_as_clean()


def test_there_and_back(clone: Path) -> None:
    """An older version checked out needs no run, and neither does the newer one afterwards."""
    add_photos(clone)
    shell(clone, "dvc", "repro", "stats", "split")
    shell(clone, "git", "add", ".")
    shell(clone, "git", "commit", "-qm", "23 photos")
    newer = lock_hashes(clone)
    for revision, photos in (("HEAD~1", 20), ("main", 23)):
        shell(clone, "git", "checkout", "-q", revision)
        shell(clone, "dvc", "checkout")
        assert len(photos_of(clone)) == photos
        assert stages_run(shell(clone, "dvc", "repro", "stats", "split")) == []
    assert lock_hashes(clone) == newer


def test_a_docstring_in_figures_recuts_nothing(clone: Path) -> None:
    """A changed line in figures.py makes evaluate stale and no stage before it."""
    figures = clone / "pipeline/reporting/figures.py"
    text = figures.read_text(encoding="utf-8")
    figures.write_text(text.replace('"""', '"""Changed. ', 1), encoding="utf-8")
    assert stages_run(shell(clone, "dvc", "repro", "--dry")) == ["evaluate"]


def test_the_commands_are_this_checkouts(clone: Path) -> None:
    """The stages run the copy's code, not the code beside this test."""
    where = shell(clone, sys.executable, "-c", "import pipeline; print(pipeline.__file__)")
    assert str(clone) in where
