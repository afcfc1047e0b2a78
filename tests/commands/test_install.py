"""The environment is made with Python alone."""

from __future__ import annotations

import os
import subprocess

import pytest
from helpers import ROOT, command_environment, venv, write


@pytest.mark.skipif(os.name != "posix", reason="a script stands for pip")
def test_an_index_out_of_reach_is_said_and_pypi_serves(tmp_path):
    """It goes on, with PyPI's build; what it runs is printed, and pip's own words are shown."""
    python = venv(tmp_path / ".venv")
    library = next((tmp_path / ".venv/lib").iterdir()) / "site-packages"
    write(library / "pip/__main__.py", "import sys; print('pip is given', *sys.argv[1:])")
    done = subprocess.run(
        [python, "-m", "pipeline.commands.install"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
        env=command_environment() | {"PYTORCH_INDEX": "http://127.0.0.1:9", "PATH": "/nowhere"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "There is no NVIDIA GPU" in done.stderr
    assert "http://127.0.0.1:9/cpu cannot be reached" in done.stderr
    assert done.stdout == "pip is given install --no-compile --editable .\n"
    assert "Installed into .venv" in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="a script stands for pip")
def test_packages_are_compiled_where_python_may_not_do_so_itself(tmp_path):
    """Container images set PYTHONDONTWRITEBYTECODE; starts take twice (topoteretes/cognee 3051)."""
    python = venv(tmp_path / ".venv")
    library = next((tmp_path / ".venv/lib").iterdir()) / "site-packages"
    write(library / "pip/__main__.py", "")
    package = write(library / "package/__init__.py", "")
    subprocess.run(
        [python, "-m", "pipeline.commands.install"], cwd=tmp_path, capture_output=True, check=True,
        env=command_environment() | {"PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    shown = subprocess.run(
        [python, "-v", "-c", "import package"], capture_output=True, text=True, check=True
    )
    assert f"code object from '{package.parent / '__pycache__'}" in shown.stderr.replace('"', "'")


def test_a_failed_installation_is_told(tmp_path):
    """In a folder without a project, pip says why; a .venv left half made is made anew."""
    venv(tmp_path / ".venv")
    python = venv(tmp_path / "other")
    done = subprocess.run(
        [python, "-m", "pipeline.commands.install"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
        env=command_environment() | {"PYTORCH_INDEX": "http://127.0.0.1:9"},
    )  # fmt: skip
    assert done.returncode == 1
    assert "ERROR: the installation failed" in done.stderr
    assert ROOT.name not in done.stdout
