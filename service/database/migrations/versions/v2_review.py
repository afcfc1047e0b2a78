"""What reviewing needs: tolerance, spot checks, claims, promises, and photos' looks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.database.schema import WEIGHT
from service.database.types import Moment

revision, down_revision = "2", "1"


def upgrade() -> None:
    """Add them; of earlier readings, none was drawn for a spot check."""
    op.execute("DROP VIEW weight")
    op.add_column("photo", sa.Column("perceptual_hash", sa.String(64)))
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
    )
    op.execute(WEIGHT)
