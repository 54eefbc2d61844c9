"""A DuckDB file of its own for every test, and the loader to fill it."""

# ruff: noqa: S608 - the names in these queries are the tests' own

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from adtap_loader.duckdb_target import TargetAdtapDuckdb

COMMAND = [str(Path(sys.executable).with_name("target-adtap-duckdb"))]


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


@dataclass
class File:
    """One DuckDB file, loaded and read."""

    path: Path

    def load(self, *messages: dict[str, Any] | str, **config: Any) -> list[Any]:
        """Load in this process; gives the STATE values written."""
        out = io.StringIO()
        with redirect_stdout(out):
            target = TargetAdtapDuckdb(config={"path": str(self.path), **config})
            try:
                target.listen(io.BytesIO(lines(messages)))
            finally:
                target.warehouse.close()
        return [json.loads(line) for line in out.getvalue().splitlines()]

    def start(self, **config: Any) -> subprocess.Popen[bytes]:
        """Start the real program, its input open."""
        folder = self.path.parent if self.path.parent.is_dir() else self.path.parents[1]
        settings = folder / "config.json"
        settings.write_text(json.dumps({"path": str(self.path), **config}))
        return subprocess.Popen(
            [*COMMAND, "--config", str(settings)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run(self, *messages: dict[str, Any] | str, **config: Any) -> Run:
        """Run the real program on these messages."""
        process = self.start(**config)
        out, errors = process.communicate(lines(messages), timeout=60)
        return Run(
            process.returncode, [json.loads(line) for line in out.splitlines()], errors.decode()
        )

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Read the file as anybody may while no load runs."""
        with duckdb.connect(str(self.path), read_only=True) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            return connection.execute(sql).fetchall()

    def types(self, table: str) -> dict[str, str]:
        """Columns and their types, in order."""
        return dict(
            self.query(
                "SELECT column_name, data_type FROM duckdb_columns() "
                f"WHERE table_name = '{table}' ORDER BY column_index"
            )
        )


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    """Put back the signal handlers that the SDK sets for the whole process."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture
def file(tmp_path: Path) -> File:
    """A file in an empty folder."""
    return File(tmp_path / "ads.duckdb")
