"""Rows that stand once, whoever else enters them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert(
    connection: Connection, table: Table, row: Mapping[str, Any],
    key: Sequence[str] = (), changed: Mapping[str, Any] | None = None,
) -> None:  # fmt: skip
    """Insert a row where none has its key; else leave that, or update it with some values."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table).values(dict(row))
    if changed is None:
        connection.execute(statement.on_conflict_do_nothing())
    else:
        connection.execute(statement.on_conflict_do_update(index_elements=key, set_=dict(changed)))
