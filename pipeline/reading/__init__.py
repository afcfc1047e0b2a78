"""Reads a whole photo: finds its digits, tells them apart, and puts them into readings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.reading.reading import ReadDigit, Reading, Reason

if TYPE_CHECKING:
    from pipeline.reading.reader import Reader

__all__ = ["ReadDigit", "Reader", "Reading", "Reason"]


def __getattr__(name: str) -> object:
    """The reader, when it is first asked for: it takes torch, which a reading does not."""
    if name != "Reader":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from pipeline.reading.reader import Reader  # noqa: PLC0415

    return Reader
