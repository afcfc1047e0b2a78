"""What Alembic runs: the migrations, on the connection that it was given, in one transaction."""

from __future__ import annotations

from alembic import context

from service.database.schema import metadata
from service.database.upgrading import VERSION_TABLE, schema_of

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    version_table_schema=schema_of(context.config.attributes["connection"]),
    render_as_batch=True,
)
context.run_migrations()
