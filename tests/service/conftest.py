"""Both databases: an SQLite file, and a real PostgreSQL that the tests start."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from service.database.opening import connect


def postgres_programs():
    """The folder of PostgreSQL's programs; None where there is no PostgreSQL."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    initdb = shutil.which("initdb")
    return Path(initdb).parent if initdb else None


class Postgres:
    """A server on a free port, in a folder of its own, run as another user than root."""

    def __init__(self, folder):
        self.programs = postgres_programs()
        self.data = folder / "data"
        # PostgreSQL does not run as root.
        self.user = {"user": "nobody"} if os.getuid() == 0 else {}
        if self.user:
            shutil.chown(folder, "nobody")
        self._run("initdb", "-D", self.data, "-A", "trust", "-U", "plant", "--no-sync")
        with socket.socket() as its:
            its.bind(("127.0.0.1", 0))
            self.port = its.getsockname()[1]
        self.start()

    def start(self):
        """Start it, and wait until it answers."""
        options = (
            f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
        )
        self._run("pg_ctl", "-D", self.data, "-w", "-l", self.data / "log", "-o", options, "start")

    def stop(self):
        """Take it away at once, as a loss of power would."""
        self._run("pg_ctl", "-D", self.data, "-w", "-m", "immediate", "stop")

    def new(self, name):
        """The URL of a new, empty database."""
        engine = create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(f'CREATE DATABASE "{name}"')
        engine.dispose()
        return self.url(name).replace("+psycopg", "")

    def url(self, name):
        return f"postgresql+psycopg://plant@127.0.0.1:{self.port}/{name}"

    def _run(self, program, *arguments):
        command = [str(its) for its in (self.programs / program, *arguments)]
        # pg_ctl's server would keep a pipe open.
        done = subprocess.run(
            command, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False,
            **self.user,
        )  # fmt: skip
        assert done.returncode == 0, command


@pytest.fixture(scope="session")
def postgres():
    if postgres_programs() is None:
        pytest.skip("there is no PostgreSQL here: apt install postgresql")
    # Not among pytest's folders, which are their owner's alone.
    with tempfile.TemporaryDirectory(prefix="postgres-", ignore_cleanup_errors=True) as folder:
        server = Postgres(Path(folder))
        yield server
        server.stop()


@pytest.fixture(params=["sqlite", "postgres"])
def url(request, tmp_path):
    """A new database, once on each."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/weights.db"
    server = request.getfixturevalue("postgres")
    return server.new(f"test_{time.monotonic_ns()}")


@pytest.fixture
def engine(url):
    """An engine without our tables yet."""
    engine = connect(url)
    yield engine
    engine.dispose()
