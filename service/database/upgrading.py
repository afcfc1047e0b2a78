"""The schema's version: a database's, this program's, and the way from one to the other."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from pipeline.runtime.errors import UserError
from service.database.schema import metadata

# Not Alembic's own name for it: the plant's other programs may use Alembic too.
VERSION_TABLE = "digits_version"

_MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(connection: Connection) -> None:
    """Bring the schema up to date, within the connection's transaction; a new one is made.

    Raises `UserError` where the database has tables of another program under our names, or a later
    version than this program knows.
    """
    if connection.dialect.name == "postgresql":
        # Two programs that start at once make the tables once.
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7315029)")
    find_version(connection)
    command.upgrade(_config(connection), "head")


def find_version(connection: Connection) -> str | None:
    """The schema's version; None where there is none yet.

    Raises `UserError` where the database has tables of another program under our names, or a later
    version than this program knows.
    """
    options = {"version_table": VERSION_TABLE, "version_table_schema": schema_of(connection)}
    version = MigrationContext.configure(connection, opts=options).get_current_revision()
    if version is None:
        inspector = inspect(connection)
        there = {*inspector.get_table_names(), *inspector.get_view_names()}
        if foreign := sorted(there & {*metadata.tables, "weight"}):
            raise UserError(
                "the database has a table {table} of another program: give this one a database, or "
                "on PostgreSQL a schema, of its own",
                table=foreign[0],
            )
        return None
    known = {its.revision for its in _scripts(connection).walk_revisions()}
    if version not in known:
        raise UserError(
            "the database is of version {version}, which this program does not know yet: bring the "
            "program up to date",
            version=version,
        )
    return version


def schema_of(connection: Connection) -> str | None:
    """The schema in which tables are made: on PostgreSQL another may be looked through, too."""
    if connection.dialect.name != "postgresql":
        return None
    return connection.exec_driver_sql("SELECT current_schema()").scalar()


def is_current(connection: Connection) -> bool:
    """Whether the schema is the one that this program works with; raises as `find_version`."""
    return find_version(connection) == _scripts(connection).get_current_head()


def _scripts(connection: Connection) -> ScriptDirectory:
    return ScriptDirectory.from_config(_config(connection))


def _config(connection: Connection) -> Config:
    config = Config()
    # A per cent sign would begin the name of a variable.
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
