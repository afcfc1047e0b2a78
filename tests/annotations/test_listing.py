"""What lies in a folder: photos, XML and the rest, and what is not even opened."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from helpers import write

from pipeline.annotations.listing import list_files


def others(folder):
    return {file: finding.reason for file, finding in list_files(folder).others.items()}


def test_files_are_told_by_their_suffix(tmp_path):
    """They are in any case, at any depth, and sorted."""
    for name in ("b.JPG", "a.jpeg", "x/y/c.png", "x/c.XML", "a.xml", "notes.txt", "jpg", "xml."):
        write(tmp_path / name, "7")
    listing = list_files(tmp_path)
    assert listing.photos == ["a.jpeg", "b.JPG", "x/y/c.png"]
    assert listing.annotations == ["a.xml", "x/c.XML"]
    assert others(tmp_path) == dict.fromkeys(["jpg", "notes.txt", "xml."], "other_file")
    assert len(listing) == 8


def test_an_empty_folder_has_no_files(tmp_path):
    """Empty folders in it are none."""
    (tmp_path / "x").mkdir()
    assert len(list_files(tmp_path)) == 0


def test_a_link_to_a_file_within_is_a_file(tmp_path):
    """It may lie anywhere there."""
    write(tmp_path / "x/a.jpg", "7")
    (tmp_path / "b.jpg").symlink_to(tmp_path / "x/a.jpg")
    assert list_files(tmp_path).photos == ["b.jpg", "x/a.jpg"]


@pytest.mark.parametrize("target", ["../raw-other/a.jpg", "../a.jpg", "nowhere", "x", ".", "b.jpg"])
def test_other_links_are_not_followed(tmp_path, target):
    """They lead out (also to a folder of a like name), nowhere, to a folder, or in a ring."""
    raw = tmp_path / "raw"
    for name in ("raw/x/c.xml", "a.jpg", "raw-other/a.jpg"):
        write(tmp_path / name, "7")
    (raw / "b.jpg").symlink_to(target)
    assert others(raw) == {"b.jpg": "link_not_followed"}
    assert list_files(raw).others["b.jpg"].detail == os.path.realpath(raw / "b.jpg")
    assert list_files(raw).annotations == ["x/c.xml"]
    assert list_files(raw).photos == []


def test_a_link_to_the_folder_itself_changes_nothing(tmp_path):
    """The folder raw/ may be a link to another disk."""
    write(tmp_path / "disk/a.jpg", "7")
    (tmp_path / "disk/b.jpg").symlink_to("a.jpg")
    (tmp_path / "raw").symlink_to("disk")
    assert list_files(tmp_path / "raw").photos == ["a.jpg", "b.jpg"]


def test_a_pipe_is_not_opened(tmp_path):
    """Whoever reads from it waits for ever."""
    os.mkfifo(tmp_path / "a.jpg")
    assert others(tmp_path) == {"a.jpg": "not_a_file"}


def test_a_link_into_dvcs_cache_is_a_file(tmp_path, monkeypatch):
    """DVC lays them where `cache.type` is symlink; the cache may be on another disk."""
    monkeypatch.chdir(tmp_path)
    for cache in (".dvc/cache", "disk/cache"):
        write(tmp_path / cache / "files/md5/12/3456", "7")
        (tmp_path / "raw").mkdir(exist_ok=True)
        (tmp_path / "raw/a.jpg").unlink(missing_ok=True)
        (tmp_path / "raw/a.jpg").symlink_to(tmp_path / cache / "files/md5/12/3456")
        write(tmp_path / ".dvc/config", "[cache]\n    dir = ../disk/cache\n")
        assert list_files(Path("raw")).photos == ["a.jpg"]
    (tmp_path / ".dvc/config").unlink()
    assert others(Path("raw")) == {"a.jpg": "link_not_followed"}


def test_a_cache_may_be_named_for_all_projects_of_a_user(tmp_path, monkeypatch):
    """`dvc config --global cache.dir` is how a shared cache is set once."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        "pipeline.runtime.dvc_cache.global_config_dir", lambda: str(tmp_path / "home")
    )
    write(tmp_path / "home/config", f"[cache]\n    dir = {tmp_path / 'shared'}\n")
    write(tmp_path / "shared/3456", "7")
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw/a.jpg").symlink_to(tmp_path / "shared/3456")
    assert list_files(Path("raw")).photos == ["a.jpg"]


def test_what_dvc_does_not_see_has_no_row(tmp_path):
    """A look into the folder leaves it there, and no stage would run again for it."""
    for name in ("Thumbs.db", "x/.DS_Store", "desktop.ini", "__pycache__/a.jpg", "a.jpg"):
        write(tmp_path / name, "7")
    listing = list_files(tmp_path)
    assert (listing.photos, listing.others) == (["a.jpg"], {})


@pytest.mark.parametrize("name", ["a\n.jpg", "a\r.xml", "x\t/a.jpg", "\udcb0.jpg"])
def test_a_name_that_is_no_text_is_odd(tmp_path, name):
    """A CSV could not name it."""
    try:
        write(tmp_path / name, "7")
    except OSError:
        pytest.skip("this file system does not take the name")
    assert others(tmp_path) == {name: "odd_name"}


def test_a_folder_that_cannot_be_read_is_listed(tmp_path, monkeypatch):
    """The others are read all the same."""
    write(tmp_path / "locked/a.jpg", "7")
    write(tmp_path / "b.jpg", "7")
    scandir = os.scandir

    def refuse(path):
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    listing = list_files(tmp_path)
    assert listing.photos == ["b.jpg"]
    assert listing.others == {"locked": ("unreadable_folder", "Permission denied")}
    monkeypatch.setattr(os, "scandir", lambda path: refuse("locked"))
    assert list_files(tmp_path).others == {".": ("unreadable_folder", "Permission denied")}
