"""Everything can be brought back: pushed to a second place, pulled on a third machine."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from repository import lock_hashes, shell, stages_run

from pipeline.commands.sample import sample

pytestmark = pytest.mark.slow

SERVER = """
import asyncio, sys, asyncssh
class Server(asyncssh.SSHServer):
    def begin_auth(self, username): return True
    def password_auth_supported(self): return True
    def validate_password(self, username, password): return password == "secret"
async def main():
    key = asyncssh.generate_private_key("ssh-ed25519")
    server = await asyncssh.create_server(
        Server, "127.0.0.1", 0, server_host_keys=[key], sftp_factory=True)
    print(server.get_port(), flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""


@pytest.fixture
def ssh_server() -> Iterator[int]:
    """The port of an SSH server with SFTP on loopback, a process of its own."""
    pytest.importorskip("dvc_ssh", reason="python -m pip install 'dvc[ssh]'")
    with subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        yield int(server.stdout.readline())
        server.kill()


def push_and_clone(repo: Path, tmp_path: Path, url: str, *settings: tuple[str, str]) -> Path:
    """Push to `url` and clone elsewhere, where neither cache nor raw/ is."""
    first = Path(shutil.copytree(repo, tmp_path / "first", symlinks=True))
    shell(first, "dvc", "remote", "add", "--default", "store", url)
    for name, value in settings:
        shell(first, "dvc", "remote", "modify", "store", name, value)
    shell(first, "git", "add", ".")
    shell(first, "git", "commit", "-qm", "a remote")
    shell(first, "dvc", "push")
    third = tmp_path / "third"
    shell(tmp_path, "git", "clone", "-q", str(first), str(third))
    assert not (third / "raw").exists()
    return third


def assert_brought_back(third: Path, repo: Path) -> None:
    """`dvc pull` brings every file, nothing need be run, and the figures are the committed ones."""
    shell(third, "dvc", "pull")
    for name in ("raw", "data/digits"):
        names = [{path.name for path in (top / name).rglob("*.jpg")} for top in (third, repo)]
        assert names[0] == names[1]
    assert (third / "models/digits.pt").read_bytes() == (repo / "models/digits.pt").read_bytes()
    assert stages_run(shell(third, "dvc", "repro")) == []
    assert lock_hashes(third) == lock_hashes(repo)


def test_through_a_folder(repo: Path, tmp_path: Path) -> None:
    """A shared folder as the remote: pushed from one machine, pulled on another."""
    third = push_and_clone(repo, tmp_path, str(tmp_path / "store"))
    assert_brought_back(third, repo)


def test_through_ssh(repo: Path, tmp_path: Path, ssh_server: int) -> None:
    """A server reached by SSH as the remote: pushed from one machine, pulled on another."""
    url = f"ssh://user@127.0.0.1:{ssh_server}{tmp_path / 'store'}"
    third = push_and_clone(repo, tmp_path, url, ("password", "secret"))
    assert_brought_back(third, repo)


def test_metrics_of_a_bare_clone(repo: Path, tmp_path: Path) -> None:
    """The figures are in git: `dvc metrics diff` works in a clone with no data at all."""
    first = Path(shutil.copytree(repo, tmp_path / "first", symlinks=True))
    metrics = first / "reports/metrics.json"
    metrics.write_text(metrics.read_text().replace('"errors": ', '"errors": 9'), encoding="utf-8")
    shell(first, "git", "commit", "-qam", "other figures")
    shell(tmp_path, "git", "clone", "-q", str(first), "clone")
    printed = shell(tmp_path / "clone", "dvc", "metrics", "diff", "HEAD~1", "HEAD")
    assert "digits.errors" in printed


def test_hooks_bring_the_photos_of_the_version(repo: Path, tmp_path: Path) -> None:
    """With `dvc install`, `git checkout` alone brings that version's photos too."""
    folder = Path(shutil.copytree(repo, tmp_path / "hooks", symlinks=True))
    shell(folder, "dvc", "install")
    sample(folder / "new", photos=2, seed=9)
    for file in (folder / "new").iterdir():
        file.rename(folder / "raw" / file.name)
    (folder / "new").rmdir()
    shell(folder, "dvc", "repro", "parse")
    shell(folder, "git", "commit", "-qam", "22 photos")
    for revision, photos in (("HEAD~1", 20), ("main", 22)):
        shell(folder, "git", "checkout", "-q", revision)
        assert len(list((folder / "raw").glob("*.jpg"))) == photos


def test_two_peoples_photos_are_merged(repo: Path, tmp_path: Path) -> None:
    """With `dvc install`, git merges two branches to which photos were added; none is lost."""
    folder = Path(shutil.copytree(repo, tmp_path / "merge", symlinks=True))
    shell(folder, "dvc", "install")
    shell(folder, "git", "branch", "other")
    for branch, seed in (("main", 21), ("other", 22)):
        shell(folder, "git", "checkout", "-q", branch)
        sample(folder / "raw" / branch, photos=2, seed=seed)
        shell(folder, "dvc", "add", "raw")
        shell(folder, "git", "commit", "-qam", branch)
    shell(folder, "git", "merge", "-q", "main", "-m", "both")
    shell(folder, "dvc", "checkout")
    for branch in ("main", "other"):
        assert len(list((folder / "raw" / branch).glob("*.jpg"))) == 2


def test_a_store_is_added_in_a_folder_with_hangul(tmp_path: Path) -> None:
    """As docs/usage.md says: by a path relative to the project."""
    folder = tmp_path / "바탕화면" / "저울"
    folder.mkdir(parents=True)
    shell(folder, "git", "init", "-q")
    shell(folder, "dvc", "init", "-q")
    shell(folder, "dvc", "remote", "add", "--default", "store", "../store")
    (folder / "a.txt").write_text("7")
    shell(folder, "dvc", "add", "a.txt")
    shell(folder, "dvc", "push")
    assert list((tmp_path / "바탕화면" / "store").rglob("*"))
