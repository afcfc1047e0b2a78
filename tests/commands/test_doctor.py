"""What stops a run, or would harm DVC when it reads raw/, is told before, with what to type."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import ROOT, command_environment, draw_photo, jpeg, venv, write
from repository import environment


@pytest.fixture
def project(workplace):
    """A workplace that looks like a clone: dvc.yaml, params.yaml, pyproject.toml, .git, raw/."""
    for name in ("dvc.yaml", "pyproject.toml"):
        shutil.copy(ROOT / name, workplace.folder)
    (workplace.folder / ".git").mkdir()
    write(workplace.raw / "first.jpg", b"7")
    return workplace


def test_where_nothing_stops_a_run_nothing_is_said(project):
    """Briefly asked, as `make` does; whatever is in the files."""
    write(project.raw / "x/a.jpg", b"7")
    write(project.raw / "b.xml", b"")
    done = project.digits_command("doctor", "--brief")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.slow
def test_everything_is_looked_at(project):
    """Each in a line that begins with its verdict; what is worth a look stops nothing."""
    photo = draw_photo([("7", (20, 30, 44, 70))])
    write(project.raw / "a.jpg", jpeg(photo, orientation=6))
    done = project.digits_command("doctor")
    assert done.returncode == 0
    lines = done.stderr.splitlines()
    assert {line[:6].strip() for line in lines} == {"ok", "look"}
    for told in ("Python 3.", "params.yaml", "GiB", "locale", "EXIF", "GPU", str(project.folder)):
        assert any(told in line for line in lines), told


@pytest.mark.parametrize(
    ("break_it", "told"),
    [
        (lambda at: (at / "params.yaml").write_text("train:\n  lr: 1\n model: x\n"), "line 3"),
        (lambda at: (at / "dvc.yaml").write_text("stages:\n\tparse: 1\n"), "line 2"),
        (lambda at: (at / "dvc.yaml").unlink(), "cd there"),
        (lambda at: (at / ".git").rmdir(), "git clone"),
        (lambda at: shutil.rmtree(at / "raw"), "digits sample raw"),
        (lambda at: (at / "raw/first.jpg").unlink(), "digits sample raw"),
        (lambda at: write(at / ".dvc/tmp/rwlock", "{"), "rm .dvc/tmp/rwlock"),
        (lambda at: write(at / ".dvc/tmp/rwlock", held_by(os.getpid())), str(os.getpid())),
    ],
    ids=["indented", "tab", "elsewhere", "no git", "no raw", "no photos", "half a lock", "running"],
)
def test_what_stops_a_run_is_one_line_that_says_what_to_do(project, break_it, told):
    """Never the library's own words alone, over many lines."""
    break_it(project.folder)
    done = project.digits_command("doctor", "--brief")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("STOP")
    assert told in line


def test_a_lock_of_a_run_that_is_gone_stops_nothing(project):
    """DVC takes it away by itself."""
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    write(project.folder / ".dvc/tmp/rwlock", held_by(gone.pid))
    assert project.digits_command("doctor", "--brief").returncode == 0


def held_by(number: int) -> str:
    """DVC's lock as a process writes it that reads raw/ for a stage."""
    holder = {"pid": number, "cmd": "dvc repro"}
    return json.dumps({"write": {"/x/data/boxes.csv": holder}, "read": {"/x/raw": [holder]}})


def test_without_the_packages_it_says_what_to_type(project):
    """A Python that has none of them runs it."""
    bare = venv(project.folder / "bare")
    command = [bare, "-m", "pipeline.commands.doctor"]
    done = subprocess.run(
        command, cwd=project.folder, env=command_environment(), capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "make setup" in done.stderr.splitlines()[0]
    (project.folder / ".venv").mkdir()
    done = subprocess.run(
        command, cwd=project.folder, env=command_environment(), capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert "activate" in done.stderr.splitlines()[0].lower()


@pytest.mark.skipif(os.name != "posix", reason="pipes and links are a matter of POSIX")
@pytest.mark.parametrize("kind", ["pipe", "link out", "broken link", "linked folder"])
def test_what_is_no_file_of_the_folder_is_refused_by_name(project, tmp_path, kind):
    """It says how many there are, and what to do."""
    write(project.raw / "a.jpg", b"7")
    odd = project.raw / "odd.jpg"
    match kind:
        case "pipe":
            os.mkfifo(odd)
        case "link out":
            odd.symlink_to(write(tmp_path / "secret", b"7"))
        case "broken link":
            odd.symlink_to(tmp_path / "nowhere")
        case "linked folder":
            odd.symlink_to(tmp_path)
    done = project.digits_command("doctor", "--brief")
    assert done.returncode == 1
    assert done.stderr.startswith("STOP  raw/odd.jpg (1 such in all): ")


@pytest.mark.skipif(os.name != "posix", reason="links are a matter of POSIX")
@pytest.mark.parametrize("command", [("doctor", "--brief"), ("check", "raw")], ids=" ".join)
def test_a_systems_folder_is_looked_into_as_dvc_does(project, tmp_path, command):
    """DVC would put the link's target into its cache."""
    link = project.raw / ".stversions/x.txt"
    write(project.raw / ".stversions/a.jpg", b"7")
    link.symlink_to(write(tmp_path / "secret", b"7"))
    done = project.digits_command(*command)
    assert done.returncode == 1
    assert ".stversions/x.txt" in done.stderr + done.stdout
    assert "a.jpg" not in done.stderr + done.stdout


def test_a_clone_without_its_photos_says_dvc_pull(project):
    """A drawn sample would not be this version."""
    shutil.rmtree(project.raw)
    write(project.folder / "raw.dvc", "outs: []\n")
    (project.folder / ".dvc/cache/files").mkdir(parents=True)
    done = project.digits_command("doctor", "--brief")
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
    assert "STOP  raw/" in done.stderr
    cached = [path.read_bytes() for path in (clone / ".dvc/cache").rglob("*") if path.is_file()]
    assert secret.read_bytes() not in cached
