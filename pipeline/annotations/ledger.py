"""The account of a folder: every file and every object is used, rejected or noted."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from pipeline.annotations.reasons import EXPECTED, REASONS
from pipeline.annotations.rules import Finding
from pipeline.contracts import BoxRow, ObjectRow, ProblemRow

_LONGEST_DETAIL = 300


@dataclass
class Ledger:
    """Rows for boxes.csv, others.csv and problems.csv, and what became of each file.

    An object of an XML is in `boxes`, or rejected in `problems`. So is a file: `files` has its
    fate, `used` (named in `boxes`), or that of its row in `problems`, `rejected` or `noted`; a
    photo shares that of the XML that describes it. `dialects` counts the XML that each tool wrote.
    """

    boxes: list[BoxRow] = field(default_factory=list)
    others: list[ObjectRow] = field(default_factory=list)
    problems: list[ProblemRow] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    dialects: Counter[str] = field(default_factory=Counter)

    def note(self, file: str, number: int | None, finding: Finding) -> None:
        """Enter a finding about a file, or about one of its objects."""
        self.problems.append(
            ProblemRow(
                file=printable(file),
                object="" if number is None else str(number),
                verdict=REASONS[finding.reason].verdict,
                reason=finding.reason,
                detail=printable(finding.detail)[:_LONGEST_DETAIL],
            )
        )

    def note_file(self, file: str, finding: Finding) -> None:
        """Enter a finding that decides a file's fate."""
        self.note(file, None, finding)
        self.files[file] = REASONS[finding.reason].verdict

    def tables(self) -> tuple[list[BoxRow], list[ProblemRow]]:
        """The rows of the two tables: boxes by photo in reading order, problems by file."""
        boxes = sorted(self.boxes, key=lambda box: (box.photo, box.row, box.column))
        return boxes, sorted(self.problems, key=lambda problem: problem.file)


def is_odd(name: str) -> bool:
    """Whether a text has control characters or is no Unicode: it would break a CSV."""
    return not name.isprintable() and any(unicodedata.category(c) in ("Cc", "Cs") for c in name)


def printable(text: str) -> str:
    """A text with what `is_odd` escaped, as in a Python string."""
    if not is_odd(text):
        return text
    return "".join(repr(c)[1:-1] if unicodedata.category(c) in ("Cc", "Cs") else c for c in text)


def unexpected(problems: Sequence[ProblemRow]) -> list[ProblemRow]:
    """The rows that tell of a rejection which nobody expected."""
    return [row for row in problems if row.verdict == "rejected" and row.reason not in EXPECTED]


_UNCOUNTED = ("unreadable_xml", "other_labels")


def rejected_share(ledger: Ledger) -> float:
    """Which share of a ledger's objects is rejected, those apart that were expected to be.

    An XML that cannot be read, or labels of another format, count as one object: nobody knows how
    many there are.
    """
    rejected = unexpected(ledger.problems)
    count = sum(bool(row.object) or row.reason in _UNCOUNTED for row in rejected)
    return count / max(count + len(ledger.boxes), 1)
