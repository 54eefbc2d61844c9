"""A run's messages in a warehouse of either kind, and questions to it."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest

from tests import programs
from tests.postgres import loader_url
from tests.running import Messages

Ask = Callable[[str], list[tuple[Any, ...]]]
"""Answers a query; `WAREHOUSE` stands for the schema that was loaded into."""


def load(script: str, settings: dict[str, Any], messages: Messages, folder: Path) -> None:
    """Give a run's messages to a loader."""
    config = folder / f"{script}.json"
    config.write_text(json.dumps(settings), encoding="utf-8")
    lines = (json.dumps(line, default=str) + "\n" for line in messages.lines)
    done = programs.run(script, ["--config", str(config)], given=lines)
    assert done.returncode == 0, done.stderr[-2000:]


def warehouses(
    messages: Messages, folder: Path, request: pytest.FixtureRequest, *, times: int = 1
) -> Iterator[Ask]:
    """Load one run into DuckDB, then into Postgres, and yield what asks each.

    Args:
        messages: The run's messages.
        folder: For the file of DuckDB and for settings.
        request: Of the test; connections are closed at its end.
        times: How often DuckDB loads the same messages: nothing may double.
    """
    for kind in ("duckdb", "postgres"):
        yield _warehouse(kind, messages, folder, request, times)


def _warehouse(
    kind: str, messages: Messages, folder: Path, request: pytest.FixtureRequest, times: int
) -> Ask:
    if kind == "duckdb":
        path = folder / "warehouse.duckdb"
        for _again in range(times):
            load("target-adtap-duckdb", {"path": str(path)}, messages, folder)
        connection = duckdb.connect(str(path), read_only=True)
        request.addfinalizer(connection.close)
        return lambda query: connection.execute(query.replace("WAREHOUSE", "main")).fetchall()
    url = request.getfixturevalue("postgres_url")
    settings = {"sqlalchemy_url": loader_url(url), "use_copy": False}
    load("target-postgres", settings, messages, folder)
    postgres = psycopg.connect(url)
    request.addfinalizer(postgres.close)
    return lambda query: postgres.execute(query.replace("WAREHOUSE", "melty")).fetchall()
