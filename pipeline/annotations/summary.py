"""A ledger in a few lines, for the terminal, and in a few numbers, for `dvc metrics diff`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from pipeline.annotations.labels import propose
from pipeline.annotations.ledger import Ledger
from pipeline.annotations.reasons import EXPECTED, REASONS
from pipeline.contracts import ProblemRow
from pipeline.messages import say
from pipeline.params import ParseParams

VERDICTS = ("rejected", "repaired", "noted")
FATES = ("used", "rejected", "noted")
DIGITS = "0123456789"
# Of each kind of problem.
_EXAMPLES = 3


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


def summarise(ledger: Ledger, params: ParseParams) -> list[str]:
    """What was found, each kind of problem with what to do and examples, and what to look at first.

    `params` are those that it was found with.
    """
    figures = count(ledger)
    boxes, photos = figures["boxes"], figures["photos"]
    lines = [say("{boxes} digits on {photos} photos", boxes=boxes, photos=photos)]
    for code, n in sorted(Counter(figures["reasons"]).most_common(), key=_urgency):
        reason = REASONS[code]
        lines.append(f"{n:6d} {reason.verdict} {code}: {say(reason.advice)}")
        lines += [f"         {example}" for example in _examples(ledger, code)]
    lines += propose(ledger.problems, params)
    lines += _tell_renamed(figures["reasons"])
    lines += _tell_missing(ledger)
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


def _urgency(counted: tuple[str, int]) -> int:
    """The place of a kind of problem: what somebody must correct is first."""
    code, _ = counted
    return len(VERDICTS) if code in EXPECTED else VERDICTS.index(REASONS[code].verdict)


def _examples(ledger: Ledger, code: str) -> list[str]:
    """Some problems of a kind that somebody can mend, of as many files as may be."""
    rows = [row for row in ledger.problems if row.reason == code and code not in EXPECTED]
    whole = {row.file for row in rows if not row.object}
    nth: Counter[str] = Counter()
    ranked: list[tuple[int, ProblemRow]] = []
    for row in rows:
        # Of a file that is rejected as a whole, each object would say the same again.
        if not (row.object and row.file in whole):
            ranked.append((nth[row.file], row))
            nth[row.file] += 1
    return [
        " ".join(filter(None, (row.file, row.object and f"#{row.object}", row.detail)))
        for _, row in sorted(ranked, key=lambda its: its[0])[:_EXAMPLES]
    ]


def _tell_renamed(reasons: Mapping[str, int]) -> list[str]:
    """That photos may have other names than when they were labelled."""
    if not {"no_photo", "photo_without_xml"} <= {*reasons}:
        return []
    return [
        say(
            "Some XML have no photo, and {photos} photos have no XML: if one was renamed after "
            "labelling, give both one name",
            photos=reasons["photo_without_xml"],
        )
    ]


def _tell_missing(ledger: Ledger) -> list[str]:
    """Which digits occur nowhere."""
    missing = " ".join(sorted(set(DIGITS) - {row.label for row in ledger.boxes}))
    if not ledger.boxes or not missing:
        return []
    return [
        say("WARNING: no digit {digits} in the whole data: it cannot be learnt", digits=missing)
    ]


def worst_files(ledger: Ledger) -> list[tuple[str, int]]:
    """The three files with the most that was rejected or repaired, and how much that is."""
    found = (
        its for its in ledger.problems if its.verdict != "noted" and its.reason not in EXPECTED
    )
    return Counter(row.file for row in found).most_common(3)
