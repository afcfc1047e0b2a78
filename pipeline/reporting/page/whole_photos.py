"""Whole photos that were read wrong, each with its picture."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.contracts import WholeRow
from pipeline.reporting.page.pictures import embed_photos
from pipeline.reporting.page.report import Report

# How many have their pictures in the page: a megabyte or two.
_PICTURED = 60


@dataclass(frozen=True)
class MisreadWhole:
    """A photo that was read wrong, the XML that labels it, and its picture as a data URI."""

    row: WholeRow
    xml: str
    picture: str


def describe_misread_wholes(report: Report) -> list[MisreadWhole]:
    """The first of a report's `unboxed.misread`.

    Raises `UserError` where a photo can no longer be read.
    """
    rows = report.unboxed.misread[:_PICTURED] if report.unboxed else ()
    digits = report.photos.digits
    xml_of = dict(zip(digits["photo"], digits["xml"], strict=True))
    pictures = embed_photos(report.photos.folder, [row.photo for row in rows])
    return [
        MisreadWhole(row, xml_of[row.photo], picture)
        for row, picture in zip(rows, pictures, strict=True)
    ]
