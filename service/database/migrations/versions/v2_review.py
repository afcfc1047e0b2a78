"""What reviewing needs: tolerance, spot checks, claims, promises, and photos' looks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.database.types import Moment

revision, down_revision = "2", "1"

_WEIGHT = """
SELECT
    photo.id AS photo_id,
    reading.display_no,
    reading.id AS reading_id,
    correction.id AS correction_id,
    photo.sha256,
    photo.path,
    photo.station,
    photo.taken_at,
    photo.taken_offset,
    photo.taken_source,
    photo.arrived_at,
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
    reading.confidence,
    reading.model,
    CASE
        WHEN correction.id IS NOT NULL THEN correction.within_tolerance
        WHEN reading.status = 'accepted' THEN reading.within_tolerance
    END AS within_tolerance
FROM photo
JOIN reading ON reading.photo_id = photo.id
    AND reading.model = photo.model AND reading.rules = photo.rules
LEFT JOIN correction ON correction.reading_id = reading.id
    AND correction.action <> 'undo'
    AND NOT EXISTS (
        SELECT 1 FROM correction AS later
        WHERE later.reading_id = correction.reading_id AND later.id > correction.id
    )
"""


def upgrade() -> None:
    """Add them; of earlier readings, none was drawn for a spot check."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP VIEW weight")
    op.add_column("photo", sa.Column("perceptual_hash", sa.String(64)))
    for name in ("model", "rules"):
        kept = sa.Column(name, sa.String(16), nullable=False, server_default="")
        op.add_column("photo", kept)
        newest = "SELECT max(id) FROM reading WHERE reading.photo_id = photo.id"
        found = f"SELECT {name} FROM reading WHERE id = ({newest})"
        op.execute(f"UPDATE photo SET {name} = coalesce(({found}), '')")
    op.add_column("reading", sa.Column("within_tolerance", sa.Boolean))
    op.add_column(
        "reading",
        sa.Column("spot_check", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    op.add_column("correction", sa.Column("within_tolerance", sa.Boolean))
    with op.batch_alter_table("correction") as correction:
        correction.add_column(sa.Column("boxes", sa.JSON))
        correction.add_column(sa.Column("answer_key", sa.String(64)))
        correction.create_unique_constraint(op.f("uq_correction_answer_key"), ["answer_key"])
    op.create_table(
        "claim",
        sa.Column("photo_id", sa.Integer, sa.ForeignKey("photo.id"), primary_key=True),
        sa.Column("holder", sa.String(64), nullable=False),
        sa.Column("until", Moment, nullable=False),
    )
    op.create_table(
        "promise",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("model", sa.String(16), nullable=False),
        sa.Column("wrong", sa.Float, nullable=False),
        sa.Column("threshold", sa.Float, nullable=False),
        sa.Column("readings", sa.Integer, nullable=False),
        sa.Column("errors", sa.Integer, nullable=False),
        sa.Column("made_at", Moment, nullable=False),
        sa.Column("last_reading", sa.Integer, nullable=False),
        sa.Column("ended_reading", sa.Integer),
        sa.Column("why", sa.Text),
    )
    op.create_table(
        "watch",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("folder", sa.Text, nullable=False, unique=True),
        sa.Column("looked_at", Moment, nullable=False),
        sa.Column("unlisted", sa.Text, nullable=False),
    )
    replaced = "CREATE VIEW" if op.get_bind().dialect.name == "sqlite" else "CREATE OR REPLACE VIEW"
    op.execute(f"{replaced} weight AS {_WEIGHT}")
