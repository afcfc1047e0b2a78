"""The account of a folder: every file and every object is used, rejected or noted."""

from __future__ import annotations

import unicodedata
from collections import Counter
from dataclasses import dataclass, field

import pandas as pd

from pipeline.annotations.checks import EXPECTED, REASONS, Finding
from pipeline.tables import BOXES, PROBLEMS

_LONGEST_DETAIL = 300


@dataclass
class Ledger:
    """Rows for boxes.csv and problems.csv, and what became of each file.

    An object of an XML is in `boxes`, or rejected in `problems`. So is a file: `files` has its
    fate, `used` (named in `boxes`), or that of its row in `problems`, `rejected` or `noted`; a
    photo shares that of the XML that describes it. `dialects` counts the XML that each tool wrote.
    """

    boxes: list[dict[str, object]] = field(default_factory=list)
    problems: list[dict[str, object]] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    dialects: Counter[str] = field(default_factory=Counter)

    def note(self, file: str, number: int | None, finding: Finding) -> None:
        """Enter a finding about a file, or about one of its objects."""
        self.problems.append(
            {
                "file": printable(file),
                "object": "" if number is None else str(number),
                "verdict": REASONS[finding.reason].verdict,
                "reason": finding.reason,
                "detail": printable(finding.detail)[:_LONGEST_DETAIL],
            }
        )

    def note_file(self, file: str, finding: Finding) -> None:
        """Enter a finding that decides a file's fate."""
        self.note(file, None, finding)
        self.files[file] = REASONS[finding.reason].verdict

    def frames(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """The two tables, boxes by photo in reading order, problems by file and object."""
        boxes = BOXES.frame(self.boxes).sort_values(["photo", "row", "column"], kind="stable")
        problems = PROBLEMS.frame(self.problems).sort_values("file", kind="stable")
        return boxes.reset_index(drop=True), problems.reset_index(drop=True)


def is_odd(name: str) -> bool:
    """Whether a text has control characters or is no Unicode: it would break a CSV."""
    return not name.isprintable() and any(unicodedata.category(c) in ("Cc", "Cs") for c in name)


def printable(text: str) -> str:
    """A text with what `is_odd` escaped, as in a Python string."""
    if not is_odd(text):
        return text
    return "".join(repr(c)[1:-1] if unicodedata.category(c) in ("Cc", "Cs") else c for c in text)


def unexpected(problems: pd.DataFrame) -> pd.DataFrame:
    """The rows of problems.csv that tell of a rejection which nobody expected."""
    return problems[(problems["verdict"] == "rejected") & ~problems["reason"].isin(EXPECTED)]


def rejected_share(boxes: pd.DataFrame, problems: pd.DataFrame) -> float:
    """Which share of a ledger's objects is rejected, those apart that were expected to be.

    An XML that cannot be read counts as one object, as nobody knows how many it has.
    """
    rejected = unexpected(problems)
    count = int(((rejected["object"] != "") | (rejected["reason"] == "unreadable_xml")).sum())
    return count / max(count + len(boxes), 1)
