"""Photos, their readings, corrections, failures, and the plant's view."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.database.types import Exact, Moment

revision, down_revision = "1", None

_WEIGHT = """
CREATE VIEW weight AS
SELECT
    photo.id AS photo_id, reading.display_no, reading.id AS reading_id,
    correction.id AS correction_id, photo.sha256, photo.path, photo.station, photo.taken_at,
    photo.taken_offset, photo.taken_source, photo.arrived_at,
    CASE
        WHEN correction.id IS NOT NULL THEN correction.text
        WHEN reading.status = 'accepted' THEN reading.text
    END AS text,
    CASE
        WHEN correction.id IS NOT NULL THEN correction.value
        WHEN reading.status = 'accepted' THEN reading.value
    END AS value,
    reading.unit,
    CASE
        WHEN correction.action = 'confirm' THEN 'confirmed'
        WHEN correction.action = 'correct' THEN 'corrected'
        WHEN correction.action = 'unreadable' THEN 'unreadable'
        WHEN reading.status = 'accepted' THEN 'accepted'
        ELSE 'waiting'
    END AS origin,
    reading.confidence, reading.model
FROM photo
JOIN reading ON reading.photo_id = photo.id
LEFT JOIN correction ON correction.reading_id = reading.id AND correction.action <> 'undo'
    AND NOT EXISTS (
        SELECT 1 FROM correction AS later
        WHERE later.reading_id = correction.reading_id AND later.id > correction.id
    )
WHERE NOT EXISTS (
    SELECT 1 FROM reading AS newer
    WHERE newer.photo_id = reading.photo_id AND newer.id > reading.id
        AND (newer.model <> reading.model OR newer.rules <> reading.rules)
)
"""


def upgrade() -> None:
    """Create them."""
    op.create_table(
        "photo",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("folder", sa.Text, nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("station", sa.Text, nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("taken_at", sa.DateTime, nullable=False),
        sa.Column("taken_offset", sa.Integer),
        sa.Column("taken_source", sa.String(8), nullable=False),
        sa.Column("arrived_at", Moment, nullable=False),
        sa.UniqueConstraint("sha256"),
    )
    op.create_index(op.f("ix_photo_station"), "photo", ["station"])
    op.create_table(
        "file",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("folder", sa.Text, nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("modified_ns", sa.BigInteger, nullable=False),
        sa.Column("photo_id", sa.Integer, sa.ForeignKey("photo.id"), nullable=False),
        sa.UniqueConstraint("folder", "path"),
    )
    op.create_index(op.f("ix_file_photo_id"), "file", ["photo_id"])
    op.create_table(
        "reading",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("photo_id", sa.Integer, sa.ForeignKey("photo.id"), nullable=False),
        sa.Column("display_no", sa.Integer, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("value", Exact),
        sa.Column("unit", sa.Text),
        sa.Column("confidence", sa.Float, nullable=False),
        sa.Column("located", sa.Float, nullable=False),
        sa.Column("digits", sa.JSON, nullable=False),
        sa.Column("status", sa.String(8), nullable=False),
        sa.Column("reasons", sa.JSON, nullable=False),
        sa.Column("threshold", sa.Float, nullable=False),
        sa.Column("model", sa.String(16), nullable=False),
        sa.Column("rules", sa.String(16), nullable=False),
        sa.Column("read_at", Moment, nullable=False),
        sa.UniqueConstraint("photo_id", "display_no", "model", "rules"),
    )
    op.create_index(op.f("ix_reading_status"), "reading", ["status"])
    op.create_table(
        "correction",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("reading_id", sa.Integer, sa.ForeignKey("reading.id"), nullable=False),
        sa.Column("action", sa.String(10), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("value", Exact),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("seconds", sa.Float),
        sa.Column("blind", sa.Boolean, nullable=False),
    )
    op.create_index(op.f("ix_correction_reading_id"), "correction", ["reading_id"])
    op.create_table(
        "failure",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("folder", sa.Text, nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("sha256", sa.String(64)),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("modified_ns", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("first_at", Moment, nullable=False),
        sa.Column("last_at", Moment, nullable=False),
        sa.Column("next_attempt", Moment, nullable=False),
        sa.UniqueConstraint("folder", "path"),
    )
    op.execute(_WEIGHT)
