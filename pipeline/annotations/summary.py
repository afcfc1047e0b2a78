"""A ledger in a few lines, for the terminal, and in a few numbers, for `dvc metrics diff`."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pandas as pd

from pipeline.annotations.checks import EXPECTED, REASONS
from pipeline.annotations.ledger import Ledger
from pipeline.annotations.messages import say
from pipeline.tables import rows_of

VERDICTS = ("rejected", "repaired", "noted")
FATES = ("used", "rejected", "noted")


def count(ledger: Ledger) -> dict[str, Any]:
    """How many photos, boxes, files and problems there are, to compare with another run's."""
    boxes, problems = ledger.frames()
    verdicts = Counter(problems["verdict"])
    fates = Counter(ledger.files.values())
    return {
        "photos": int(boxes["photo"].nunique()),
        "boxes": len(boxes),
        "files": {fate: fates[fate] for fate in FATES},
        "dialects": dict(sorted(ledger.dialects.items())),
        "problems": {verdict: verdicts[verdict] for verdict in VERDICTS},
        "reasons": dict(sorted(Counter(problems["reason"]).items())),
    }


def summarise(ledger: Ledger) -> list[str]:
    """What was found, each kind of problem with what to do, and which files to look at first."""
    figures = count(ledger)
    lines = [say("found", boxes=figures["boxes"], photos=figures["photos"])]
    by_number = Counter(figures["reasons"]).most_common()
    lines += [f"{n:6d} {REASONS[code].verdict} {code}: {say(code)}" for code, n in by_number]
    if any(fate != "used" for fate in ledger.files.values()):
        lines.append(say("files", **figures["files"]))
    tools = ", ".join(f"{name} {n}" for name, n in ledger.dialects.most_common())
    lines += [say("dialects", tools=tools)] if tools else []
    files = ", ".join(f"{file} ({n})" for file, n in worst_files(ledger))
    return [*lines, say("worst", files=files)] if files else lines


def worst_files(ledger: Ledger) -> list[tuple[str, int]]:
    """The three files with the most that was rejected or repaired, and how much that is."""
    found = Counter(
        str(row["file"])
        for row in ledger.problems
        if row["verdict"] != "noted" and row["reason"] not in EXPECTED
    )
    return found.most_common(3)


def describe(problems: pd.DataFrame) -> list[str]:
    """Every problem a line, under its reason and what to do about it.

    Objects whose rejection was expected are left out: the summary counts them.
    """
    lines = []
    expected = problems["reason"].isin(EXPECTED)
    for code, its in problems[~expected | (problems["object"] == "")].groupby("reason"):
        lines.append(f"{REASONS[str(code)].verdict} {code}: {say(str(code))}")
        for row in rows_of(its):
            number = f" #{row['object']}" if row["object"] else ""
            lines.append(f"  {row['file']}{number}  {row['detail']}".rstrip())
    return lines
