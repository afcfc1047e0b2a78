"""Files written all at once or not at all, and known by their content."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
from helpers import contents, write

from pipeline.runtime.files import md5, write_file, write_json, write_new


def test_a_file_is_written_with_its_folders(tmp_path):
    """Nothing else is left beside it."""
    write_file(tmp_path / "a/b/c.txt", b"7")
    assert contents(tmp_path) == {"a/b/c.txt": b"7"}


def test_a_file_is_replaced(tmp_path):
    """The new content is all there is, also where that is shorter."""
    write_file(tmp_path / "a.txt", b"long content")
    write_file(tmp_path / "a.txt", b"7")
    assert contents(tmp_path) == {"a.txt": b"7"}


@pytest.mark.parametrize("step", ["write_bytes", "replace"])
def test_a_failing_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, step):
    """The disk may be full while writing, or while putting in place."""
    write_file(tmp_path / "a.txt", b"old")
    real = getattr(Path, step)

    def fail(path, *arguments):
        if step == "write_bytes":
            real(path, arguments[0][:2])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, step, fail)
    with pytest.raises(OSError, match="No space left"):
        write_file(tmp_path / "a.txt", b"new content")
    monkeypatch.undo()
    assert contents(tmp_path) == {"a.txt": b"old"}


def test_a_file_behind_a_link_is_left_alone(tmp_path):
    """The link is replaced: DVC's cache, which it may lead to, is never written into."""
    write(tmp_path / "cache/7", "cached")
    (tmp_path / "a.txt").symlink_to(tmp_path / "cache/7")
    write_file(tmp_path / "a.txt", b"new")
    assert contents(tmp_path) == {"a.txt": b"new", "cache/7": b"cached"}


@pytest.mark.parametrize("before", ["nothing", "a file", "a link", "half a file"])
def test_a_new_file_is_written_whole_whatever_was_there(tmp_path, before):
    """Of a file with two names, as DVC's cache links them, the other one keeps its content."""
    path = tmp_path / "7/a.jpg"
    if before != "nothing":
        write(path, b"ha" if before == "half a file" else b"another digit")
    if before == "a link":
        (tmp_path / "cached").hardlink_to(path)
    write_new(str(path), b"half")
    expected = {"7/a.jpg": b"half"}
    assert contents(tmp_path) == expected | (
        {"cached": b"another digit"} if before == "a link" else {}
    )


@pytest.mark.parametrize("durable", [False, True])
def test_a_durable_file_has_the_same_content(tmp_path, durable):
    """It is only slower."""
    write_file(tmp_path / "a.txt", memoryview(b"7"), durable=durable)
    assert contents(tmp_path) == {"a.txt": b"7"}


def test_figures_keep_their_order(tmp_path):
    """A person reads them, and `dvc metrics` too; the last line has an end."""
    write_json(tmp_path / "a.json", {"b": 1, "a": {"c": 0.5}})
    assert (tmp_path / "a.json").read_text() == '{\n  "b": 1,\n  "a": {\n    "c": 0.5\n  }\n}\n'


def test_md5_is_that_of_every_other_tool():
    """A file can be checked with md5sum, and DVC has the same."""
    assert md5(b"abc") == "900150983cd24fb0d6963f7d28e17f72"
