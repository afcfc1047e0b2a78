"""Rows of the database, as tests want them."""

from __future__ import annotations

from datetime import datetime, timezone
from decimal import Decimal
from itertools import count

from sqlalchemy import insert, select, update

from service.database.schema import correction, photo, reading

_numbers = count()
_MOMENT = datetime(2026, 11, 26, 8, 0, tzinfo=timezone.utc)


def photo_values(**values):
    """A photo's columns, of a content of its own."""
    return {
        "sha256": f"{next(_numbers):064}", "folder": "/photos", "path": "a.jpg", "station": "",
        "bytes": 1, "width": 640, "height": 480, "perceptual_hash": None,
        "taken_at": datetime(2026, 11, 26, 8, 0), "taken_offset": None, "taken_source": "exif",
        "arrived_at": _MOMENT, "model": "m", "rules": "r",
    } | values  # fmt: skip


def add_photo(connection, **values):
    """Enter a photo; returns its number."""
    row = photo_values(**values)
    connection.execute(insert(photo).values(**row))
    return connection.scalar(select(photo.c.id).where(photo.c.sha256 == row["sha256"]))


def add_reading(connection, photo_id, **values):
    """Enter a reading of a photo, accepted where `values` does not say otherwise."""
    row = {
        "photo_id": photo_id, "display_no": 0, "text": "02.47", "value": Decimal("2.47"),
        "unit": None, "within_tolerance": None, "confidence": 0.99, "located": 0.9, "digits": [],
        "status": "accepted", "reasons": [], "threshold": 0.9, "spot_check": False, "model": "m",
        "rules": "r", "read_at": _MOMENT,
    } | values  # fmt: skip
    its = connection.execute(insert(reading).values(**row)).inserted_primary_key[0]
    # The newest counts, but for one of other rules that says so.
    if row["rules"] == "r":
        connection.execute(
            update(photo).where(photo.c.id == photo_id)
            .values(model=row["model"], rules=row["rules"])
        )  # fmt: skip
    return its


def add_correction(connection, reading_id, action, text, value=None, **values):
    """Enter what a person said of a reading."""
    row = {
        "reading_id": reading_id, "action": action, "text": text, "value": value,
        "within_tolerance": None, "who": "Kim", "at": _MOMENT, "seconds": 1.0, "blind": False,
    } | values  # fmt: skip
    connection.execute(insert(correction).values(**row))
