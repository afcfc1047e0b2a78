"""A ledger in a few lines, for the terminal, and in a few numbers, for `dvc metrics diff`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any

from pipeline.annotations.ledger import Ledger
from pipeline.annotations.reasons import EXPECTED, REASONS
from pipeline.contracts import ProblemRow
from pipeline.messages import say

VERDICTS = ("rejected", "repaired", "noted")
FATES = ("used", "rejected", "noted")
DIGITS = "0123456789"
_LABELS_SHOWN = 10


def count(ledger: Ledger) -> dict[str, Any]:
    """How many photos, boxes, files and problems there are, to compare with another run's."""
    verdicts = Counter(row.verdict for row in ledger.problems)
    fates = Counter(ledger.files.values())
    return {
        "photos": len({row.photo for row in ledger.boxes}),
        "boxes": len(ledger.boxes),
        "files": {fate: fates[fate] for fate in FATES},
        "dialects": dict(sorted(ledger.dialects.items())),
        "problems": {verdict: verdicts[verdict] for verdict in VERDICTS},
        "reasons": dict(sorted(Counter(row.reason for row in ledger.problems).items())),
    }


def summarise(ledger: Ledger) -> list[str]:
    """What was found, each kind of problem with what to do, and which files to look at first."""
    figures = count(ledger)
    boxes, photos = figures["boxes"], figures["photos"]
    lines = [say("{boxes} digits on {photos} photos", boxes=boxes, photos=photos)]
    lines += [f"{n:6d} {_heading(code)}" for code, n in Counter(figures["reasons"]).most_common()]
    lines += _tell_labels(ledger)
    if any(fate != "used" for fate in ledger.files.values()):
        files = figures["files"]
        lines.append(say("Files: {used} used, {rejected} rejected, {noted} noted", **files))
    if tools := ", ".join(f"{name} {n}" for name, n in ledger.dialects.most_common()):
        lines.append(
            say("XML by tool: {tools} (parse.coordinates and parse.exif override)", tools=tools)
        )
    if files := ", ".join(f"{file} ({n})" for file, n in worst_files(ledger)):
        lines.append(say("Look first at: {files}", files=files))
    return lines


def _tell_labels(ledger: Ledger) -> list[str]:
    """Which labels are no digits, as parse.labels wants them, and which digits occur nowhere."""
    unknown = Counter(row.detail for row in ledger.problems if row.reason == "not_a_digit")
    lines = []
    if labels := ", ".join(f"{label} {n}" for label, n in unknown.most_common(_LABELS_SHOWN)):
        lines.append(say("Labels that are no digits: {labels} (see parse.labels)", labels=labels))
    missing = sorted(set(DIGITS) - {row.label for row in ledger.boxes})
    if ledger.boxes and missing:
        digits = " ".join(missing)
        lines.append(
            say("WARNING: no digit {digits} in the whole data: it cannot be learnt", digits=digits)
        )
    return lines


def worst_files(ledger: Ledger) -> list[tuple[str, int]]:
    """The three files with the most that was rejected or repaired, and how much that is."""
    found = (
        its for its in ledger.problems if its.verdict != "noted" and its.reason not in EXPECTED
    )
    return Counter(row.file for row in found).most_common(3)


def describe(problems: Sequence[ProblemRow]) -> list[str]:
    """Every problem a line, under its reason and what to do about it.

    Objects whose rejection was expected are left out: the summary counts them.
    """
    told = [row for row in problems if row.reason not in EXPECTED or not row.object]
    lines = []
    for code, rows in groupby(sorted(told, key=attrgetter("reason")), attrgetter("reason")):
        lines.append(_heading(code))
        for row in rows:
            number = f" #{row.object}" if row.object else ""
            lines.append(f"  {row.file}{number}  {row.detail}".rstrip())
    return lines


def _heading(code: str) -> str:
    reason = REASONS[code]
    return f"{reason.verdict} {code}: {say(reason.advice)}"
