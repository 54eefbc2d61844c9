"""The views beside the data: rows without ghosts, completeness, alerts, the same on each warehouse."""

# ruff: noqa: S608 - the names in these queries are the tests' own

import json
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner

from adtap_cli import views
from adtap_cli.views import DIALECTS, restatements, statements
from adtap_core.registry import load_tap
from adtap_core.rows.schemas import DAYS_KEYS, DAYS_SCHEMA
from adtap_core.rows.totals import spell
from tests.warehouses.conftest import make_store
from tests.warehouses.platforms import PLATFORMS, run
from tests.warehouses.stores import DuckDB, Postgres, Snowflake, Store

LATER = "2026-03-20T12:00:00Z"
KINDS = {**{name: name for name in DIALECTS}, "own_postgres": "postgres"}
"""Stores, and the dialect of each: the loaders into Postgres make other types of a moment."""


def make(store: Store, dialect: str, tap: str, streams: list[str]) -> list[str]:
    """Make the views; gives the statements.

    The emulator keeps no views from one process to the next: there they are made with each question.
    """
    made = list(statements(DIALECTS[dialect], load_tap(tap), store.schema, streams))
    if not isinstance(store, Snowflake):
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
    return ask_all(store, made, (columns, view))[0]


def ask_all(store: Store, made: list[str], *questions: tuple[str, str]) -> list[list[tuple]]:
    """The rows of questions, each for columns of a view."""
    queries = [f"SELECT {columns} FROM {store.schema}.{view}" for columns, view in questions]
    found = (
        store.answers([m.strip().rstrip(";") for m in made], queries)
        if isinstance(store, Snowflake)
        else [store.ask(query) for query in queries]
    )
    return [[tuple(map(_value, row.values())) for row in rows] for rows in found]


def _value(value: object) -> object:
    """A day as a day."""
    is_day = isinstance(value, str) and len(value) == 10 and value[4] == "-"
    return date.fromisoformat(value) if is_day else value


@pytest.mark.timeout(200)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("tap", ["tap-adjust", "tap-openx"])
def test_ghosts_are_gone_and_days_are_told_apart(tap, kind, tmp_path, request, sandbox):
    """After a restatement `current_…` has exactly what the platform returns now."""
    platform, dialect = PLATFORMS[tap], KINDS[kind]
    store = make_store(kind, tmp_path / "store", platform.schema, request)
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
    part = "account"
    held, current, coverage, by_day, alerts = ask_all(
        store,
        made,
        (key, DIALECTS[dialect].quoted(daily)),
        (key, f"current_{daily}"),
        (f"stream, {part}, day, state", "sync_coverage"),
        ("stream, day, state, accounts", "sync_coverage_days"),
        (f"stream, {part}, alert, day", "sync_alerts"),
    )
    assert {row[0] for row in held} == now_there | ghosts
    assert sorted(row[0] for row in current) == sorted(now_there)
    if kind in {"duckdb", "own_postgres"}:
        # Our loaders can do without the view.
        replaced = make_store(kind, tmp_path / "replaced", f"{platform.schema}_replaced", request)
        for messages in (text, again):
            assert replaced.load(messages, replace_windows=True).code == 0
        assert sorted(row["_row_key"] for row in replaced.values(daily)) == sorted(now_there)

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

    days = {d: (state, count) for s, d, state, count in by_day if s == daily}
    assert days[start] == (min(states[p, start] for p in partitions), len(partitions))

    missing = {(p, d) for (p, d), state in found.items() if state == "missing"}
    assert {(p, d) for s, p, alert, d in alerts if (s, alert) == (daily, "missing")} == missing
    # What was read just now is not stale; after two days without a run it is.
    assert [a for a in alerts if a[2] == "stale"] == []
    execute(store, f"UPDATE {store.schema}.sync_windows SET synced_at = '2026-03-20T12:00:00Z'")
    alerts = ask(store, f"stream, {part}, alert", "sync_alerts", made)
    assert {(daily, p, "stale") for p in partitions} <= set(alerts)


READINGS = (
    # bucket, read at, age, rows, totals
    ("2026-03-01", "02T05:00:00", 0, 2, {"clicks": "10", "spend EUR": "1.10", "spend USD": "7"}),
    ("2026-03-01", "03T05:00:00", 1, 1, {"clicks": "12", "spend EUR": "1.105"}),
    ("2026-03-01", "04T05:00:00", 2, 0, {"clicks": "0", "spend": "0"}),
    ("2026-03-02", "03T05:00:00", 0, 0, {"clicks": "0", "spend": "0"}),
    ("2026-03-02", "04T05:00:00", 1, 1, {"clicks": None}),
)
HELD = {
    # metric and currency: what the bucket held at each reading, and by how much it moved
    ("01", "clicks", None): [("10", None), ("12", "2"), ("0", "-12")],
    ("01", "spend", "EUR"): [("1.1", None), ("1.105", "0.005"), ("0", "-1.105")],
    ("01", "spend", "USD"): [("7", None), ("0", "-7"), ("0", "0")],
    ("02", "clicks", None): [("0", None), (None, None)],
    ("02", "spend", None): [("0", None)],
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_day_held_at_each_reading_is_told(kind, tmp_path, request):
    """One row a reading, metric and currency: what has vanished is 0, what was not asked is absent, null is null."""
    dialect = KINDS[kind]
    store = make_store(kind, tmp_path / "store", "tap_x", request)
    records = [
        {
            "stream": "mine_daily",
            "account": "{}",
            "bucket": f"{bucket}T00:00:00Z",
            "synced_at": f"2026-03-{read}.000001Z",
            "age_days": age,
            "data_state": "provisional",
            "row_count": rows,
            "totals": totals,
            "digest": "00",
        }
        for bucket, read, age, rows, totals in READINGS
    ]
    schema = {
        "type": "SCHEMA",
        "stream": "sync_days",
        "schema": DAYS_SCHEMA,
        "key_properties": DAYS_KEYS,
    }
    lines = [schema, *({"type": "RECORD", "stream": "sync_days", "record": r} for r in records)]
    load = store.load("".join(json.dumps(line) + "\n" for line in lines))
    assert load.code == 0, load.stderr
    made = [restatements(DIALECTS[dialect], store.schema)]
    execute(store, *made)
    columns = (
        "bucket, metric, currency, synced_at, age_days, row_count, amount, amount_before, moved"
    )
    held: dict[tuple, list[tuple]] = {}
    for row in sorted(ask(store, columns, "restatements", made), key=lambda row: str(row[3])):
        bucket, metric, currency, _, age, rows, amount, before, moved = row
        known = held.setdefault((str(bucket)[8:10], metric, currency), [])
        texts = [None if n is None else spell(Decimal(str(n))) for n in (amount, before, moved)]
        assert texts[1] == (known[-1][0] if known else None)
        assert (age, rows) in {(a, r) for _, _, a, r, _ in READINGS}
        known.append((texts[0], texts[2]))
    assert held == HELD


def day(moment: str) -> date:
    return datetime.fromisoformat(moment).date()


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_statements_are_those_of_the_golden_file(dialect):
    """One file a dialect shows what is printed: a change of the SQL is seen as a change of SQL.

    A changed statement is right if the file's change is: `adtap views … > tests/warehouses/golden/….sql`.
    """
    words = ["tap-openx", f"--dialect={dialect}", "--stream=inventory_daily", "--stream=mine:hour", "--restatements"]  # fmt: skip
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
    assert (
        "EXTRACT(epoch FROM w.window_start)) AT TIME ZONE 'UTC') <= (to_timestamp(EXTRACT(epoch FROM r.\"hour\"))"
        in done.output
    )


def test_a_tap_that_does_not_exist_is_said_so():
    """One line, with the names that exist."""
    done = CliRunner().invoke(views.views, ["tap-nobody"])
    assert done.exit_code != 0
    assert "tap-openx" in done.output
