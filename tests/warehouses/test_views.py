"""The views beside the data: rows without ghosts, completeness, alerts, the same on each warehouse."""

# ruff: noqa: S608 - the names in these queries are the tests' own

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from adtap_cli import views
from adtap_cli.views import DIALECTS, statements
from tests.warehouses.conftest import make_store
from tests.warehouses.platforms import PLATFORMS, run
from tests.warehouses.stores import DuckDB, Postgres, Store

LATER = "2026-03-20T12:00:00Z"


def make(store: Store, dialect: str, tap: str, streams: list[str]) -> list[str]:
    """Make the views; gives the statements."""
    made = list(statements(DIALECTS[dialect], tap, store.schema, streams))
    execute(store, *made)
    return made


def execute(store: Store, *sql: str) -> None:
    if isinstance(store, Postgres):
        import psycopg

        with psycopg.connect(store.url) as connection:
            for statement in sql:
                connection.execute(statement)
    elif isinstance(store, DuckDB):
        import duckdb

        with duckdb.connect(str(store.folder / "ads.duckdb")) as connection:
            # Not UTC: the views must not depend on who asks from where.
            connection.execute("SET TimeZone = 'America/New_York'")
            for statement in sql:
                connection.execute(statement)
    else:
        store.ask(*[statement.strip().rstrip(";") for statement in sql], "select 1 as one")


def ask(store: Store, columns: str, view: str, made: list[str]) -> list[tuple]:
    query = f"SELECT {columns} FROM {store.schema}.{view}"
    # The emulator keeps no views from one process to the next.
    found = (
        store.ask(query)
        if hasattr(store, "url") or isinstance(store, DuckDB)
        else store.ask(*[m.strip().rstrip(";") for m in made], query)
    )
    rows = [tuple(row.values()) for row in found]
    return [tuple(date.fromisoformat(v) if isinstance(v, str) and len(v) == 10 and v[4] == "-" else v for v in row) for row in rows]  # fmt: skip


@pytest.mark.timeout(200)
@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("tap", ["tap-adjust", "tap-openx"])
def test_ghosts_are_gone_and_days_are_told_apart(tap, dialect, tmp_path, request, sandbox):
    """After a restatement `current_…` has exactly what the platform returns now."""
    platform = PLATFORMS[tap]
    store = make_store(dialect, tmp_path / "store", platform.schema, request)
    config, daily = platform.config(sandbox.url), platform.daily
    text, first = run(platform, tmp_path / "a", config, streams=(daily,))
    assert store.load(text).code == 0
    sandbox.clock(advance_days=2)
    again, second = run(
        platform, tmp_path / "b", config, state=first.last_state, streams=(daily,), now=LATER
    )
    assert store.load(again).code == 0

    read = {
        (w["account"], day(w["window_start"]) + timedelta(n))
        for w in second.windows(daily)
        for n in range((day(w["window_end"]) - day(w["window_start"])).days)
    }
    untouched = [
        r["_row_key"]
        for r in first.records[daily]
        if (r["_account"], date.fromisoformat(r["day"])) not in read
    ]
    now_there = {r["_row_key"] for r in second.records[daily]} | set(untouched)
    ghosts = {r["_row_key"] for r in first.records[daily]} - now_there
    assert ghosts, "the world has lost its rows that vanish"

    made = make(store, dialect, tap, [daily])
    key = DIALECTS[dialect].quoted("_row_key")
    held = {row[0] for row in ask(store, key, DIALECTS[dialect].quoted(daily), made)}
    assert held == now_there | ghosts
    current = [row[0] for row in ask(store, key, f"current_{daily}", made)]
    assert sorted(current) == sorted(now_there)

    part = "account"
    coverage = ask(store, f"stream, {part}, day, state", "sync_coverage", made)
    partitions = {w["account"] for w in second.windows(daily)}
    start, end = date(2026, 3, 16), date(2026, 3, 20)
    states = {}
    for w in [*first.windows(daily), *second.windows(daily)]:
        for n in range((day(w["window_end"]) - day(w["window_start"])).days):
            states[w["account"], day(w["window_start"]) + timedelta(n)] = w["data_state"]
    found = {(p, d): state for stream, p, d, state in coverage if stream == daily}
    assert {k: v for k, v in found.items() if k[1] < end} == states
    assert {p for p, _ in found} == partitions
    # Nothing was read for the days since then, however long ago this test's clock stopped.
    assert {v for k, v in found.items() if k[1] >= end} <= {"missing", "partial"}
    assert min(d for _, d in found) == start

    days = {d: (state, count) for s, d, state, count in ask(store, "stream, day, state, accounts", "sync_coverage_days", made) if s == daily}  # fmt: skip
    assert days[start] == (min(states[p, start] for p in partitions), len(partitions))

    missing = {(p, d) for (p, d), state in found.items() if state == "missing"}
    alerts = ask(store, f"stream, {part}, alert, day", "sync_alerts", made)
    assert {(p, d) for s, p, alert, d in alerts if (s, alert) == (daily, "missing")} == missing
    # What was read just now is not stale; after two days without a run it is.
    assert [a for a in alerts if a[2] == "stale"] == []
    execute(store, f"UPDATE {store.schema}.sync_windows SET synced_at = '2026-03-20T12:00:00Z'")
    alerts = ask(store, f"stream, {part}, alert", "sync_alerts", made)
    assert {(daily, p, "stale") for p in partitions} <= set(alerts)


def day(moment: str) -> date:
    return datetime.fromisoformat(moment).date()


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_statements_are_those_of_the_golden_file(dialect):
    """One file a dialect shows what is printed: a change of the SQL is seen as a change of SQL.

    A changed statement is right if the file's change is: `adtap views … > tests/warehouses/golden/….sql`.
    """
    words = ["tap-openx", f"--dialect={dialect}", "--stream=inventory_daily", "--stream=mine:hour"]
    done = CliRunner().invoke(views.views, words)
    golden = Path(__file__).parent / "golden" / f"views_{dialect}.sql"
    assert done.output == golden.read_text(encoding="utf-8")


def test_a_report_of_ones_own_has_its_view_by_name_and_bucket():
    """`--stream NAME:hour` is enough for a report that no tap knows."""
    done = CliRunner().invoke(
        views.views, ["openx", "--dialect=postgres", "--schema=ads", "--stream=mine:hour"]
    )
    assert done.exit_code == 0
    assert 'CREATE OR REPLACE VIEW ads."current_mine"' in done.output
    assert 'w.window_start <= r."hour"' in done.output


def test_a_tap_that_does_not_exist_is_said_so():
    """One line, with the names that exist."""
    done = CliRunner().invoke(views.views, ["tap-nobody"])
    assert done.exit_code != 0
    assert "tap-openx" in done.output
