"""The last committed run's figures, from real repositories."""

from __future__ import annotations

import json

import pytest
from helpers import write
from repository import shell

from pipeline.reporting.committed_run import load_committed_run

FIGURES = {"digits": {"count": 5, "errors": 1, "accuracy": 0.8}}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty repository, the current folder."""
    shell(tmp_path, "git", "init", "-q", "-b", "main")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def commit(folder, content, path="reports/metrics.json"):
    write(folder / path, content if isinstance(content, str) else json.dumps(content))
    shell(folder, "git", "add", ".")
    shell(folder, "git", "commit", "-qm", "a run")
    return shell(folder, "git", "rev-parse", "HEAD").strip()[:7]


def test_the_figures_are_those_committed_not_those_on_the_disk(folder):
    """With the commit that they came with, whatever came after."""
    commit(folder, {"mean": {"red": 0.5}}, "data/stats.json")
    name = commit(folder, FIGURES)
    commit(folder, "notes", "notes.txt")
    write(folder / "reports/metrics.json", "{}")
    last = load_committed_run()
    assert (last.metrics, last.commit) == (FIGURES, name)
    assert last.stats == {"mean": {"red": 0.5}}
    assert last.annotations == {}
    assert len(last.date) == len("2026-11-22")


def test_a_folder_within_a_repository_has_its_own(folder, monkeypatch):
    """The project may be part of a larger one."""
    commit(folder, FIGURES, "project/reports/metrics.json")
    monkeypatch.chdir(folder / "project")
    assert load_committed_run().metrics == FIGURES


def test_outside_of_git_there_is_none(tmp_path, monkeypatch):
    """As in a ZIP download."""
    monkeypatch.chdir(tmp_path)
    assert load_committed_run() is None


def test_without_git_there_is_none(folder, monkeypatch):
    """As on a PC that has none."""
    commit(folder, FIGURES)
    monkeypatch.setenv("PATH", str(folder))
    assert load_committed_run() is None


@pytest.mark.parametrize("content", [None, "no JSON", "[1]", "{}"])
def test_without_figures_there_is_none(folder, content):
    """No commit at all, or none with figures that can be read."""
    if content is not None:
        commit(folder, content)
    assert load_committed_run() is None


@pytest.mark.parametrize("content", [{"digits": 5}, {"digits": {"count": "5"}}, {"digits": None}])
def test_figures_of_another_version_are_left_out(folder, content):
    """What is no number where one is looked for is none; what is one is found."""
    commit(folder, content | {"other": {"figure": 0.5}})
    last = load_committed_run()
    assert last.number("metrics", "digits", "count") is None
    assert last.number("stats", "mean", "red") is None
    assert last.number("metrics", "other", "figure") == 0.5
