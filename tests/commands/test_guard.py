"""What would harm DVC is refused before DVC reads it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import write
from repository import environment


def test_a_folder_of_files_is_safe(workplace):
    """It writes nothing and says nothing, whatever is in the files."""
    write(workplace.raw / "x/a.jpg", b"7")
    write(workplace.raw / "b.xml", b"")
    done = workplace.digits_command("guard")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.skipif(os.name != "posix", reason="pipes and links are a matter of POSIX")
@pytest.mark.parametrize("kind", ["pipe", "link out", "broken link", "linked folder"])
def test_what_is_no_file_of_the_folder_is_refused_by_name(workplace, tmp_path, kind):
    """It says how many there are, and what to do."""
    write(workplace.raw / "a.jpg", b"7")
    odd = workplace.raw / "odd.jpg"
    match kind:
        case "pipe":
            os.mkfifo(odd)
        case "link out":
            odd.symlink_to(write(tmp_path / "secret", b"7"))
        case "broken link":
            odd.symlink_to(tmp_path / "nowhere")
        case "linked folder":
            odd.symlink_to(tmp_path)
    done = workplace.digits_command("guard")
    assert done.returncode == 1
    assert done.stderr.startswith("ERROR: raw/odd.jpg (1 such in all): ")


@pytest.mark.skipif(os.name != "posix", reason="links are a matter of POSIX")
@pytest.mark.parametrize("command", [("guard",), ("check", "raw")], ids=" ".join)
def test_a_systems_folder_is_looked_into_as_dvc_does(workplace, tmp_path, command):
    """DVC would put the link's target into its cache."""
    link = workplace.raw / ".stversions/x.txt"
    write(workplace.raw / ".stversions/a.jpg", b"7")
    link.symlink_to(write(tmp_path / "secret", b"7"))
    done = workplace.digits_command(*command)
    assert done.returncode == 1
    assert ".stversions/x.txt" in done.stderr + done.stdout
    assert "a.jpg" not in done.stderr + done.stdout


def test_a_clone_without_its_photos_says_dvc_pull(workplace):
    """A drawn sample would not be this version."""
    write(workplace.folder / "raw.dvc", "outs: []\n")
    done = workplace.digits_command("guard")
    assert done.returncode == 1
    assert "`dvc pull`" in done.stderr


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="pipes and links are a matter of POSIX")
def test_make_refuses_before_dvc_looks(clone):
    """DVC would read the pipe for ever, and put the link's target into the cache."""
    secret = write(clone.parent / "secret", b"nobody may see this")
    (clone / "raw/link.jpg").symlink_to(secret)
    os.mkfifo(clone / "raw/pipe.jpg")
    make = ["make", "run", f"VENV={Path(sys.executable).parents[1]}"]
    done = subprocess.run(
        make, cwd=clone, env=environment(clone), capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert "ERROR: raw/" in done.stderr
    cached = [path.read_bytes() for path in (clone / ".dvc/cache").rglob("*") if path.is_file()]
    assert secret.read_bytes() not in cached
