"""docs/problems.md: its tables say what the code does."""

from __future__ import annotations

from helpers import ROOT

from pipeline.annotations.dialects import DIALECTS
from pipeline.annotations.reasons import REASONS


def table(heading):
    """The rows of the table under a heading of docs/problems.md, without its head."""
    text = (ROOT / "docs/problems.md").read_text(encoding="utf-8").split(f"## {heading}\n")[1]
    lines = [line for line in text.split("\n## ")[0].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_every_reason_is_in_the_table():
    """With its verdict, a rule, an example, and the same advice that the command gives."""
    rows = table("Reasons")
    assert [row[0] for row in rows] == [f"`{code}`" for code in REASONS]
    for reason, (_, verdict, rule, example, mend) in zip(REASONS.values(), rows, strict=True):
        assert verdict == reason.verdict
        assert rule
        assert example
        assert mend == reason.advice


def test_every_tool_is_in_the_table():
    """In the order in which they are tried, with the way up that they draw."""
    rows = table("Which tool wrote it")
    assert [row[0] for row in rows] == [f"`{dialect.name}`" for dialect in DIALECTS]
    ways = {"upright": "upright", "raw": "as stored", "unknown": "not known"}
    assert [row[3] for row in rows] == [ways[dialect.way_up] for dialect in DIALECTS]
