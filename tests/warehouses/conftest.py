"""One run of each tap for all stores, and the stores."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.running import Messages
from tests.warehouses import edges
from tests.warehouses.platforms import LONG, PLATFORMS, run
from tests.warehouses.stores import (
    DuckDB,
    JsonLines,
    OwnPostgres,
    Parquet,
    Postgres,
    Snowflake,
    Store,
)

STORES: dict[str, type[Store]] = {
    "postgres": Postgres,
    "own_postgres": OwnPostgres,
    "duckdb": DuckDB,
    "parquet": Parquet,
    "snowflake": Snowflake,
    "jsonl": JsonLines,
}
Runs = Callable[[str], tuple[str, Messages]]


def make_store(kind: str, folder: Path, schema: str, request: pytest.FixtureRequest) -> Store:
    """A new, empty store."""
    made = STORES[kind]
    if not issubclass(made, Postgres):
        return made(folder, schema)
    store = made(folder, schema, request.getfixturevalue("postgres_url"))
    request.addfinalizer(store.close)
    return store


@pytest.fixture(params=STORES)
def kind(request: pytest.FixtureRequest) -> str:
    """Each kind of store."""
    return str(request.param)


@pytest.fixture
def store(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Store:
    """Each store, empty."""
    return make_store(kind, tmp_path / "store", "tap_x", request)


@pytest.fixture(scope="session")
def _kept_runs() -> dict[str, tuple[str, Messages]]:
    return {"edges": (edges.text(), edges.messages())}


@pytest.fixture
def first_run(_kept_runs, sandbox, tmp_path) -> Runs:
    """One whole run of a tap, a report of one's own included; made once, the same for all stores."""

    def give(tap: str) -> tuple[str, Messages]:
        if tap not in _kept_runs:
            platform = PLATFORMS[tap]
            config = platform.config(sandbox.url, reports=[{"name": LONG, **platform.report}])
            text, messages = run(platform, tmp_path / "tap", config)
            assert messages.code == 0, messages.stderr[-3000:]
            _kept_runs[tap] = text, messages
        return _kept_runs[tap]

    return give
