"""Reads a whole photo: finds its digits, tells them apart, and puts them into readings."""

from pipeline.reading.reader import Reader
from pipeline.reading.reading import ReadDigit, Reading, Reason

__all__ = ["ReadDigit", "Reader", "Reading", "Reason"]
