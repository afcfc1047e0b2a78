"""A stage whose inputs change while it runs fails: DVC would note the new ones for the old."""

from __future__ import annotations

import os
import re
import shutil
import subprocess

import pytest
import yaml
from helpers import ROOT, Workplace, display, epochs, write
from repository import environment, shell

from pipeline.runtime.command import run
from pipeline.runtime.errors import UserError


@pytest.fixture
def parsing(workplace, monkeypatch):
    """A workplace with photos and the pipeline's dvc.yaml files, in which DVC runs parse."""
    shutil.copy(ROOT / "dvc.yaml", workplace.folder)
    write(workplace.folder / "audit/dvc.yaml", (ROOT / "audit/dvc.yaml").read_bytes())
    workplace.add_displays(3)
    monkeypatch.setenv("DVC_STAGE", "parse")
    return workplace


def add_a_photo(workplace):
    workplace.add("new.jpg", display("123"))


def replace_a_photo(workplace):
    workplace.add("p01.jpg", display("01234"), seed=77)


def remove_a_photo(workplace):
    (workplace.raw / "p01.jpg").unlink()


def add_a_photo_in_a_folder(workplace):
    workplace.add("line 2/new.jpg", display("123"))


@pytest.mark.parametrize(
    ("change", "named", "count"),
    [
        (add_a_photo, "raw/new.jpg", 2),
        (replace_a_photo, "raw/p01.jpg", "[12]"),
        (remove_a_photo, "raw/p01.jpg", 1),
        (add_a_photo_in_a_folder, "raw/line 2/new.jpg", 2),
    ],
)
def test_photos_that_change_meanwhile_fail_the_stage(parsing, change, named, count):
    """The message names the first file, counts them, and says what to do."""

    def main():
        parsing.do("parse")
        change(parsing)

    with pytest.raises(SystemExit) as end:
        run(main)
    told = rf"ERROR: {named} changed while this ran \({count} in all\).*run the same command again"
    assert re.fullmatch(told, str(end.value))


PARSE_MEANWHILE = {"parse__max_rejected": 0.25, "parse__labels": {"seven": "7"}}


@pytest.mark.parametrize("key", PARSE_MEANWHILE)
def test_a_parameter_that_changes_meanwhile_fails_the_stage(parsing, key):
    """The message names the whole key."""
    with pytest.raises(SystemExit, match=key.replace("__", ".")):
        run(lambda: parsing.set(**{key: PARSE_MEANWHILE[key]}))


def touch_what_no_stage_reads(workplace):
    write(workplace.raw / "Thumbs.db", b"a look into the folder")
    write(workplace.folder / "notes.txt", "not an input")


def change_another_stages_parameter(workplace):
    workplace.set(train__lr=0.3)


@pytest.mark.parametrize("change", [touch_what_no_stage_reads, change_another_stages_parameter])
def test_what_the_stage_does_not_depend_on_may_change(parsing, change):
    """It ends as if nothing had happened."""

    def main():
        parsing.do("parse")
        change(parsing)

    run(main)
    assert (parsing.folder / "data/boxes.csv").exists()


@pytest.mark.parametrize("name", (ROOT / ".dvcignore").read_text(encoding="utf-8").split())
def test_what_dvc_ignores_may_change(parsing, name):
    """Neither DVC nor the stage sees a change in a file or a folder of such a name."""
    write(parsing.raw / "line 1" / name, "a look into the folder")
    run(lambda: write(parsing.raw / name / "within", "another"))
    assert (parsing.raw / name / "within").exists()


def test_params_that_cannot_be_read_are_not_called_changed(parsing):
    """An editor that writes the file empties it first; DVC itself stops at a broken one."""
    run(lambda: write(parsing.folder / "params.yaml", "parse: ["))
    with pytest.raises(UserError, match="not valid YAML"):
        parsing.do("parse")


def test_another_dvc_yaml_may_hold_anything(parsing, monkeypatch):
    """A file that is none of ours is passed over, whatever is in it."""
    write(parsing.folder / "aaa/dvc.yaml", "")
    write(parsing.folder / "aab/dvc.yaml", "stages: [")
    monkeypatch.setenv("DVC_STAGE", "audit/dvc.yaml:audit")
    with pytest.raises(SystemExit, match=r"audit\.folds"):
        run(lambda: parsing.set(audit__folds=3))


@pytest.mark.parametrize("name", ["new.jpg", "line 2/new.xml"])
def test_what_comes_between_parse_and_dvcs_look_is_found_by_crop(parsing, name):
    """The message says what to do, and nothing is cut."""
    parsing.do("parse")
    write(parsing.raw / name, b"whatever it is")
    with pytest.raises(UserError, match=rf"raw/{name} came after parse .*run `dvc repro --force"):
        parsing.do("crop")
    assert not parsing.digits.exists()
    parsing.do("parse", "crop")


def test_a_stage_in_a_folder_of_its_own_is_watched_too(parsing, monkeypatch):
    """The audit stands in audit/dvc.yaml."""
    monkeypatch.setenv("DVC_STAGE", "audit/dvc.yaml:audit")
    with pytest.raises(SystemExit, match=r"audit\.folds"):
        run(lambda: parsing.set(audit__folds=3))


def test_a_command_run_by_hand_is_not_watched(parsing, monkeypatch):
    """Its inputs may change, as DVC takes no note of it."""
    monkeypatch.delenv("DVC_STAGE")
    run(lambda: add_a_photo(parsing))
    assert (parsing.raw / "new.jpg").exists()


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="waits for lines of another process's log")
def test_params_edited_while_dvc_trains(clone):
    """It fails at the next epoch and nothing is noted; with the value back, it goes on there."""
    place = Workplace(clone)
    place.set(train__epochs=40)
    running = subprocess.Popen(
        ["dvc", "repro", "train"], cwd=clone, env=environment(clone),
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    told = []
    while len(told) < 2:
        told += epochs(running.stderr.readline())
        assert running.poll() is None
    before = locked(clone)
    place.set(train__lr=0.0123)
    printed = running.communicate()[1]
    told += epochs(printed)
    assert running.returncode != 0
    assert "train.lr changed in params.yaml while this ran" in printed
    assert len(told) < 40
    assert locked(clone) == before
    place.set(train__lr=before["params"]["params.yaml"]["train"]["lr"])
    assert epochs(shell(clone, "dvc", "repro", "train"))[: len(told)] == told
    model = (clone / "models/digits.pt").read_bytes()
    assert place.run("train").returncode == 0
    assert (clone / "models/digits.pt").read_bytes() == model


def locked(folder):
    """What DVC has noted of train."""
    return yaml.safe_load((folder / "dvc.lock").read_text(encoding="utf-8"))["stages"]["train"]
