"""What parse says: complete in every language, in the user's own, and in one table of reasons."""

from __future__ import annotations

import ast
import locale
import string

import pytest
from helpers import ROOT

from pipeline.annotations.checks import REASONS
from pipeline.annotations.dialects import DIALECTS
from pipeline.annotations.messages import CATALOGUE, language, say

LANGUAGE_VARIABLES = ("PIPELINE_LANG", "LC_ALL", "LC_MESSAGES", "LANG")


def fields(message):
    return {name for _, name, _, _ in string.Formatter().parse(message) if name is not None}


def keys_said():
    """Every key that the code says."""
    for path in (ROOT / "pipeline").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "say":
                [key, *_] = node.args
                if isinstance(key, ast.Constant):
                    yield key.value


@pytest.mark.parametrize("code", CATALOGUE)
def test_every_language_says_everything(code):
    """A hint for each reason and a message for each key, with the same values to fill in."""
    english = CATALOGUE["en"]
    assert CATALOGUE[code].keys() == english.keys()
    for key, message in CATALOGUE[code].items():
        assert fields(message) == fields(english[key]), key
        assert message.strip(), key


def test_nothing_is_said_that_is_not_in_the_catalogue_and_nothing_is_in_it_for_nothing():
    """Reasons' hints and messages together are the catalogue."""
    assert set(REASONS) | set(keys_said()) == set(CATALOGUE["en"])
    assert not set(REASONS) & set(keys_said())


def test_korean_is_korean():
    """Every message has Hangul, none of them is English by oversight."""
    assert all(any("가" <= c <= "힣" for c in message) for message in CATALOGUE["ko"].values())
    assert not any("가" <= c <= "힣" for m in CATALOGUE["en"].values() for c in m)


@pytest.mark.parametrize(
    ("variables", "wanted"),
    [
        ({"PIPELINE_LANG": "ko"}, "ko"),
        ({"PIPELINE_LANG": "ko_KR.UTF-8"}, "ko"),
        ({"PIPELINE_LANG": "KO"}, "ko"),
        ({"PIPELINE_LANG": "en", "LANG": "ko_KR.UTF-8"}, "en"),
        ({"PIPELINE_LANG": "", "LANG": "ko_KR.UTF-8"}, "ko"),
        ({"PIPELINE_LANG": "fr"}, "en"),
        ({"LANG": "ko_KR.UTF-8"}, "ko"),
        ({"LC_ALL": "ko_KR.UTF-8", "LANG": "en_US.UTF-8"}, "ko"),
        ({"LC_ALL": "C", "LANG": "ko_KR.UTF-8"}, "en"),
        ({"LC_MESSAGES": "ko_KR", "LANG": "en_US"}, "ko"),
    ],
)
def test_the_language_is_the_users(monkeypatch, variables, wanted):
    """PIPELINE_LANG first, then the locale; English where neither is known."""
    for name in LANGUAGE_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert language() == wanted


@pytest.mark.parametrize(
    ("name", "wanted"), [("Korean_Korea", "ko"), ("ko_KR", "ko"), ("en_US", "en"), (None, "en")]
)
def test_without_variables_the_system_is_asked(monkeypatch, name, wanted):
    """As on Windows."""
    for variable in LANGUAGE_VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(locale, "getlocale", lambda: (name, "949"))
    assert language() == wanted


def test_values_are_filled_in(monkeypatch):
    """In either language."""
    monkeypatch.setenv("PIPELINE_LANG", "ko")
    assert say("found", boxes=12, photos=3) == "사진 3장에서 숫자 12개"
    monkeypatch.setenv("PIPELINE_LANG", "en")
    assert say("found", boxes=12, photos=3) == "12 digits on 3 photos"


def table(heading):
    """The rows of the table under a heading of docs/problems.md, without its head."""
    text = (ROOT / "docs/problems.md").read_text(encoding="utf-8").split(f"## {heading}\n")[1]
    lines = [line for line in text.split("\n## ")[0].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_every_reason_is_in_the_table():
    """With its verdict, a rule, an example, and the same hint that the command gives."""
    rows = table("Reasons")
    assert [row[0] for row in rows] == [f"`{code}`" for code in REASONS]
    for (code, reason), (_, verdict, rule, example, mend) in zip(
        REASONS.items(), rows, strict=True
    ):
        assert verdict == reason.verdict
        assert rule
        assert example
        assert mend == CATALOGUE["en"][code]


def test_every_tool_is_in_the_table():
    """In the order in which they are tried."""
    rows = table("Which tool wrote it")
    assert [row[0] for row in rows] == [f"`{dialect.name}`" for dialect in DIALECTS]
    frames = {"upright": "upright", "raw": "as stored", "unknown": "not known"}
    assert [row[3] for row in rows] == [frames[dialect.frame] for dialect in DIALECTS]
    counts = {
        "zero_based": "edges from 0", "one_based": "pixels from 1", "all_plus_one": "edges from 1",
    }  # fmt: skip
    assert [row[2].split(";")[0] for row in rows] == [counts[its.coordinates] for its in DIALECTS]
