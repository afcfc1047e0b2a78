"""A database from its URL: opened so that nothing is lost, else refused in words."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psutil
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    InterfaceError,
    NoSuchModuleError,
    OperationalError,
)
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from pipeline.messages import mark, say
from pipeline.runtime.errors import UserError
from service.database.upgrading import find_version, is_current, upgrade

DEFAULT = "sqlite:///weights.db"

# Seconds that one writer waits for another, and that an unanswered connection takes.
_PATIENCE = 30
_CONNECT = 5
_NETWORK = frozenset(
    ("nfs", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "sshfs", "fuse.sshfs", "9p", "afs",
     "ncpfs", "ceph", "glusterfs", "fuse.glusterfs", "davfs", "fuse.rclone")
)  # fmt: skip
# What is only so for a while: PostgreSQL's classes of SQLSTATE (its manual, appendix A), among them
# a full disk and a server that only takes readers now, and SQLite's codes: busy, locked, read-only,
# a failed disk, a full one, a file that cannot be opened. Python tells the codes from 3.11 on.
_PASSING_STATES = ("08", "53", "57P", "40", "55P03", "25006", "58")
_PASSING_CODES = (5, 6, 8, 10, 13, 14)
_PASSING_WORDS = ("is locked", "readonly", "disk", "unable to open")
_ADVICE = {
    "readonly database": mark("it cannot be written to: see who owns the file and its folder"),
    "read-only transaction": mark("it cannot be written to: it takes readers alone"),
    "permission denied": mark("its owner must let this user create and change tables"),
    "disk is full": mark("the disk is full: make room; what was recorded is safe"),
    "No space left": mark("the database's disk is full: make room; what was recorded is safe"),
    "unable to open database file": mark("the file's folder is missing, or not to be written to"),
    "file is not a database": mark("the file is no SQLite database: give another name"),
    "malformed": mark("the file is damaged: put a backup in its place"),
    "password authentication failed": mark("the user or the password in the URL is wrong"),
    "does not exist": mark("create it first, e.g. with `createdb`"),
    "is locked": mark("another program holds it: close that one"),
    "connection": mark(
        "see whether the server runs, and whether host and port in the URL are right"
    ),
    "timeout": mark("see whether the server runs, and whether host and port in the URL are right"),
}


def open_database(url: str, create: bool = True) -> Engine:
    """The database at a URL, its tables made where there are none and `create` allows it.

    Raises `UserError` where the URL is wrong, it cannot be reached or written, its schema is not
    the one that this program works with, or it would be an SQLite file on a network share.
    """
    engine = connect(url)
    file = engine.url.database or ""
    if not create and engine.dialect.name == "sqlite" and not Path(file).exists():
        raise UserError("there is no database {file}: `digits record` makes one", file=file)
    with reading_from(engine) as connection:
        is_ready = is_current(connection)
        is_new = not is_ready and find_version(connection) is None
    if is_ready:
        return engine
    if not is_new:
        raise UserError(
            "the database is of an earlier version: make a backup, then type `digits database "
            "upgrade`, with --database as here"
        )
    if not create:
        raise UserError("the database is empty: `digits record` makes its tables")
    with told(engine), engine.begin() as connection:
        upgrade(connection)
    return engine


def connect(url: str) -> Engine:
    """An engine for a URL, whatever its schema; nothing is opened yet.

    Raises `UserError` where the URL is wrong, or an SQLite file would be on a network share.
    """
    its = _parse(url)
    if its.get_backend_name() == "sqlite":
        return _connect_sqlite(its)
    if its.get_backend_name() == "postgresql":
        with_driver = its.set(drivername="postgresql+psycopg")
        return create_engine(
            with_driver, pool_pre_ping=True, connect_args={"connect_timeout": _CONNECT}
        )
    raise UserError(
        "{url} is no database that is known: sqlite:/// or postgresql://", url=_told(its)
    )


def _parse(url: str) -> URL:
    try:
        return make_url(url)
    except (ArgumentError, NoSuchModuleError, ValueError):
        # It is not repeated: it may hold a password.
        raise UserError(
            "that is no database's URL: sqlite:///weights.db, or "
            "postgresql://user:password@host/database"
        ) from None


def _connect_sqlite(url: URL) -> Engine:
    if not url.database or url.database == ":memory:":
        raise UserError("an SQLite database needs a file: sqlite:///weights.db")
    share = find_share(Path(url.database))
    if share:
        raise UserError(
            "{file} is on a network share ({share}), where SQLite loses data: put it on this "
            "machine's disk, or use PostgreSQL",
            file=url.database, share=share,
        )  # fmt: skip
    engine = create_engine(url.set(drivername="sqlite"), connect_args={"timeout": _PATIENCE})
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    event.listen(engine, "checkout", partial(_look_for, Path(url.database)))
    return engine


def _look_for(
    file: Path, _: object, record: ConnectionPoolEntry, proxy: PoolProxiedConnection
) -> None:
    """Raise `UserError` where the file that a connection has open is not at its place any more."""
    try:
        its = file.stat()
        there: tuple[int, int] | None = (its.st_dev, its.st_ino)
    except FileNotFoundError:
        there = None
    if record.info.setdefault("file", there) != there:
        raise UserError(
            "{file} was taken away, or another put in its place, while it was open: start again",
            file=file,
        )


def _prepare(connection: sqlite3.Connection, _: object) -> None:
    # Transactions begin as `_begin` says, and not as Python's module would have it.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("busy_timeout = 30000", "journal_mode = WAL", "foreign_keys = ON",
                   "synchronous = FULL"):  # fmt: skip
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    # A writer that begins as a reader fails where another has written meanwhile.
    is_reader = connection.get_execution_options().get("readers", False)
    connection.exec_driver_sql("BEGIN" if is_reader else "BEGIN IMMEDIATE")


@contextmanager
def reading_from(engine: Engine) -> Iterator[Connection]:
    """A connection that only reads, all of it at one moment, and lets others write meanwhile."""
    with told(engine), engine.connect().execution_options(readers=True) as connection:
        yield connection


def find_share(file: Path) -> str:
    """The kind of network share that a file would be on; empty where it would be on a disk."""
    path = Path(os.path.realpath(file))
    if os.name == "nt":
        import ctypes  # noqa: PLC0415

        drive = path.drive
        remote = 4
        is_remote = ctypes.windll.kernel32.GetDriveTypeW(f"{drive}\\") == remote  # type: ignore[attr-defined]
        return drive if drive.startswith("\\\\") or is_remote else ""
    return share_of(
        path, [(its.mountpoint, its.fstype) for its in psutil.disk_partitions(all=True)]
    )


def share_of(path: Path, mounts: list[tuple[str, str]]) -> str:
    """The kind of share that a path is on, of mount points with their file systems."""
    above = [(point, kind) for point, kind in mounts if path.is_relative_to(point)]
    kind = max(above, key=lambda its: len(its[0]), default=("", ""))[1]
    return kind if kind in _NETWORK else ""


@contextmanager
def told(engine: Engine) -> Iterator[None]:
    """Turn what a database refuses into a `UserError` that says what to do."""
    try:
        yield
    except DBAPIError as error:
        why = words_of(error)
        advice = next((say(its) for key, its in _ADVICE.items() if key in str(error.orig)), "")
        raise UserError(
            "the database {url} does not answer as it should ({why}){advice}",
            url=_told(engine.url), why=why, advice=f": {advice}" if advice else "",
        ) from error  # fmt: skip


def is_passing(error: DBAPIError) -> bool:
    """Whether a database is only away or busy, so that it is worth waiting for."""
    state, code = (getattr(error.orig, name, None) for name in ("sqlstate", "sqlite_errorcode"))
    if code is not None:
        return code & 0xFF in _PASSING_CODES
    if state is not None:
        return str(state).startswith(_PASSING_STATES)
    if isinstance(error.orig, sqlite3.Error):
        return any(its in str(error.orig) for its in _PASSING_WORDS)
    # A connection that was not to be had, or is gone, has no state.
    return error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)


def words_of(error: DBAPIError) -> str:
    """The first line of what a database says."""
    return str(error.orig).strip().split("\n", maxsplit=1)[0]


def _told(url: URL) -> str:
    # A password can also stand among the options.
    return url.set(query={}).render_as_string(hide_password=True)
