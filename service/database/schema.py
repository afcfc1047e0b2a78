"""The tables, as they are after the last migration, and the view that the plant reads."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from service.database.types import Exact, Moment

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# A photo's content, once, however many files have it. `folder` and `path` are where it was first
# seen, `station` the folder below `folder`; `taken_at` is the time without a zone, as
# `taken_source` has it: exif, name or mtime. Of its readings those by `model` and `rules` count.
photo = Table(
    "photo",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("sha256", String(64), nullable=False, unique=True),
    Column("folder", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("station", Text, nullable=False, index=True),
    Column("bytes", BigInteger, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("perceptual_hash", String(64)),
    Column("taken_at", DateTime, nullable=False),
    Column("taken_offset", Integer),
    Column("taken_source", String(8), nullable=False),
    Column("arrived_at", Moment, nullable=False),
    Column("model", String(16), nullable=False),
    Column("rules", String(16), nullable=False),
)

# Each file whose photo is recorded, as it was then: what a scan need not read again.
file = Table(
    "file",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("folder", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("modified_ns", BigInteger, nullable=False),
    Column("photo_id", ForeignKey(photo.c.id), nullable=False, index=True),
    UniqueConstraint("folder", "path"),
)

# What a model and a set of rules made of a display: only ever added to. `status` is accepted,
# doubtful or rejected (no digits were found); `spot_check`: drawn at random to be looked at.
reading = Table(
    "reading",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("photo_id", ForeignKey(photo.c.id), nullable=False),
    Column("display_no", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("value", Exact),
    Column("unit", Text),
    Column("within_tolerance", Boolean),
    Column("confidence", Float, nullable=False),
    Column("located", Float, nullable=False),
    Column("digits", JSON, nullable=False),
    Column("status", String(8), nullable=False, index=True),
    Column("reasons", JSON, nullable=False),
    Column("threshold", Float, nullable=False),
    Column("spot_check", Boolean, nullable=False),
    Column("model", String(16), nullable=False),
    Column("rules", String(16), nullable=False),
    Column("read_at", Moment, nullable=False),
    UniqueConstraint("photo_id", "display_no", "model", "rules"),
)

# What a person said of a reading: only ever added to, the last one counts. `action` is confirm,
# correct, unreadable or undo (as if nobody had looked); `blind`: the reading was drawn at random,
# and nothing of it was shown. `boxes` are those that the person gave the digits, each with `label`
# and `box`; the page gives each answer a key, so that one sent twice counts once.
correction = Table(
    "correction",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("reading_id", ForeignKey(reading.c.id), nullable=False, index=True),
    Column("action", String(10), nullable=False),
    Column("text", Text, nullable=False),
    Column("value", Exact),
    Column("within_tolerance", Boolean),
    Column("who", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("seconds", Float),
    Column("blind", Boolean, nullable=False),
    Column("boxes", JSON(none_as_null=True)),
    Column("answer_key", String(64), unique=True),
)

# A file that could not be read, why, and when it is tried again; the row goes when it was read.
failure = Table(
    "failure",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("folder", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("sha256", String(64)),
    Column("bytes", BigInteger, nullable=False),
    Column("modified_ns", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("first_at", Moment, nullable=False),
    Column("last_at", Moment, nullable=False),
    Column("next_attempt", Moment, nullable=False),
    UniqueConstraint("folder", "path"),
)

# Who looks at a photo now: nobody else gets it until then.
claim = Table(
    "claim",
    metadata,
    Column("photo_id", ForeignKey(photo.c.id), primary_key=True),
    Column("holder", String(64), nullable=False),
    Column("until", Moment, nullable=False),
)

# What was promised of a model: of what is at least so sure, at most a share `wrong` is wrong, as
# `readings` with `errors` have shown, when `last_reading` was the newest. It ended, for good, when
# `ended_reading` was, `why`: what comes after that is new evidence. By numbers, since clocks jump.
promise = Table(
    "promise",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("model", String(16), nullable=False),
    Column("wrong", Float, nullable=False),
    Column("threshold", Float, nullable=False),
    Column("readings", Integer, nullable=False),
    Column("errors", Integer, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("last_reading", Integer, nullable=False),
    Column("ended_reading", Integer),
    Column("why", Text),
)

# When `digits record --watch` last looked at a folder, and what of it cannot be listed; the row
# goes when it is stopped.
watch = Table(
    "watch",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("folder", Text, nullable=False, unique=True),
    Column("looked_at", Moment, nullable=False),
    Column("unlisted", Text, nullable=False),
)

# The view that the plant reads, as a table to select from; the last migration has its SQL. It is
# the current truth, a row a display: of the readings that count, what a person said of it, else
# what was accepted; of what waits for a person, no weight. New columns come last: PostgreSQL
# replaces a view, with what it is granted to, where the old ones stay as they are.
weight = Table(
    "weight",
    MetaData(),
    Column("photo_id", Integer),
    Column("display_no", Integer),
    Column("reading_id", Integer),
    Column("correction_id", Integer),
    Column("sha256", String),
    Column("path", Text),
    Column("station", Text),
    Column("taken_at", DateTime),
    Column("taken_offset", Integer),
    Column("taken_source", String),
    Column("arrived_at", Moment),
    Column("text", Text),
    Column("value", Exact),
    Column("unit", Text),
    Column("origin", String),
    Column("confidence", Float),
    Column("model", String),
    Column("within_tolerance", Boolean),
)
