"""A DuckDB file or a Postgres database of its own for every test, and the loader to fill it."""

# ruff: noqa: S608 - the names in these queries are the tests' own

import io
import itertools
import json
from collections.abc import Iterable, Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest
from psycopg.types.string import TextLoader

from adtap_loader.duckdb_target import TargetAdtapDuckdb
from adtap_loader.postgres_engine import kind_of
from adtap_loader.postgres_target import TargetAdtapPostgres
from adtap_loader.sdk import LoaderTarget
from tests.programs import Piped
from tests.running import signal_handlers_kept

_numbers = itertools.count(1)


def schema(
    stream: str, properties: dict[str, Any], keys: list[str] | None = None
) -> dict[str, Any]:
    return {
        "type": "SCHEMA",
        "stream": stream,
        "schema": {"type": "object", "properties": properties},
        "key_properties": keys or [],
    }


def record(stream: str, /, **values: Any) -> dict[str, Any]:
    return {"type": "RECORD", "stream": stream, "record": values}


def state(value: object) -> dict[str, Any]:
    return {"type": "STATE", "value": value}


def lines(messages: Iterable[dict[str, Any] | str]) -> bytes:
    """Messages as a tap writes them; a text is a line as it stands."""
    return b"".join(
        (m if isinstance(m, str) else json.dumps(m, ensure_ascii=False)).encode() + b"\n"
        for m in messages
    )


@dataclass
class Run:
    """What a run of the program left behind."""

    code: int
    states: list[Any]
    errors: str


class Place:
    """A warehouse, loaded and read."""

    target: type[LoaderTarget]
    schema: str
    folder: Path

    def settings(self) -> dict[str, Any]:
        """The least that the loader must be told."""
        raise NotImplementedError

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Read it as anybody may while no load runs."""
        raise NotImplementedError

    def moment(self, column: str) -> str:
        """How a moment's microseconds since 1970 are asked for."""
        raise NotImplementedError

    def types(self, table: str) -> dict[str, str]:
        """Columns and their types in our words, in order."""
        raise NotImplementedError

    def load(self, *messages: dict[str, Any] | str, **config: Any) -> list[Any]:
        """Load in this process; gives the STATE values written."""
        out = io.StringIO()
        with redirect_stdout(out):
            target = self.target(config={**self.settings(), **config})
            try:
                target.listen(io.BytesIO(lines(messages)))
            finally:
                target.warehouse.close()
        return [json.loads(line) for line in out.getvalue().splitlines()]

    def start(self, **config: Any) -> Piped:
        """Start the program, its input open."""
        settings = self.folder / f"config-{next(_numbers)}.json"
        settings.write_text(json.dumps({**self.settings(), **config}))
        return Piped(self.target.name, ["--config", str(settings)])

    def run(self, *messages: dict[str, Any] | str, **config: Any) -> Run:
        """Run the program on these messages."""
        process = self.start(**config)
        out, errors = process.communicate(lines(messages))
        return Run(process.wait(), [json.loads(line) for line in out.splitlines()], errors.decode())


@dataclass
class File(Place):
    """One DuckDB file."""

    path: Path
    target = TargetAdtapDuckdb
    schema = "main"

    @property
    def folder(self) -> Path:  # type: ignore[override]
        return self.path.parent if self.path.parent.is_dir() else self.path.parents[1]

    def settings(self) -> dict[str, Any]:
        return {"path": str(self.path)}

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.path), read_only=True) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            return connection.execute(sql).fetchall()

    def moment(self, column: str) -> str:
        return f'epoch_us("{column}")'

    def types(self, table: str) -> dict[str, str]:
        return dict(
            self.query(
                "SELECT column_name, data_type FROM duckdb_columns() "
                f"WHERE table_name = '{table}' ORDER BY column_index"
            )
        )


@dataclass
class Database(Place):
    """One Postgres database, on a server whose own time zone is New York."""

    url: str
    folder: Path
    target = TargetAdtapPostgres
    schema = "public"

    def settings(self) -> dict[str, Any]:
        return {"sqlalchemy_url": self.url}

    def connect(self) -> psycopg.Connection[Any]:
        """Connect as anybody may."""
        connection = psycopg.connect(self.url, autocommit=True)
        connection.execute("SET TimeZone = 'UTC'")
        # As DuckDB gives it: JSON as its text.
        for kind in ("jsonb", "json"):
            connection.adapters.register_loader(kind, TextLoader)
        return connection

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with self.connect() as connection:
            return connection.execute(sql).fetchall()

    def moment(self, column: str) -> str:
        return f'CAST(EXTRACT(epoch FROM "{column}") * 1000000 AS bigint)'

    def types(self, table: str) -> dict[str, str]:
        found = self.query(
            "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute "
            f"WHERE attrelid = (SELECT oid FROM pg_class WHERE relname = '{table}') "
            "AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
        )
        return {name: kind_of(spelt) for name, spelt in found}


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    """Put back the signal handlers that the SDK sets for the whole process."""
    with signal_handlers_kept():
        yield


@pytest.fixture
def file(tmp_path: Path) -> File:
    """A file in an empty folder."""
    return File(tmp_path / "ads.duckdb")


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    """An empty database."""
    return Database(request.getfixturevalue("postgres_url"), tmp_path)


@pytest.fixture(params=["duckdb", "postgres"])
def place(request: pytest.FixtureRequest) -> Place:
    """An empty warehouse, one after the other of both kinds."""
    found: Place = request.getfixturevalue("file" if request.param == "duckdb" else "database")
    return found
