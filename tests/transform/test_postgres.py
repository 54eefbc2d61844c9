"""The same models on a real Postgres, loaded by both loaders that there are for it."""

# ruff: noqa: S608 - the names in these queries are the tests' own

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import duckdb
import psycopg
import pytest

from adtap_cli.report_facts import facts
from adtap_cli.warehouse import opened
from tests.postgres import loader_url
from tests.transform.conftest import Dbt
from tests.transform.test_answers import QUERIES, RATES, answers
from tests.transform.world import SECOND, STREAMS

pytestmark = pytest.mark.timeout(600)
MART = "analytics.ad_performance_daily"
DAY = "2026-03-12"


def load(url, world, folder):
    """Both runs of two taps through target-postgres, of the others through the embedded loader: types differ."""
    for nth, tap in enumerate(sorted(STREAMS)):
        config = folder / f"{tap}.json"
        settings = {"sqlalchemy_url": url, "default_target_schema": tap.replace("-", "_")}
        name = "target-adtap-postgres"
        if nth % 2:
            name = "target-postgres"
            settings |= {
                "sqlalchemy_url": loader_url(url),
                "add_record_metadata": False,
                "activate_version": False,
                "validate_records": False,
            }
        config.write_text(json.dumps(settings))
        done = subprocess.run(
            [Path(sys.executable).with_name(name), "--config", config],
            input=world.lines(tap), text=True, capture_output=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-2000:]


def texts(row):
    """A row to compare and sort, whatever its types."""
    return [str(value) for value in row]


def _same_answers(built, url, folder):
    """Each query of docs/answers.md gives the same rows on both."""
    with psycopg.connect(url) as postgres, answers(built, folder) as duckdb_:
        postgres.execute("SET TIME ZONE 'UTC'")
        postgres.execute(
            f"CREATE TABLE {RATES} (day date, from_currency text, to_currency text, rate numeric(18,6))"
        )
        for row in duckdb_.execute(f"SELECT * FROM {RATES}").fetchall():
            postgres.execute(f"INSERT INTO {RATES} VALUES (%s, %s, %s, %s)", row)
        for title, query in QUERIES.items():
            here, there = postgres.execute(query).fetchall(), duckdb_.execute(query).fetchall()
            assert sorted(map(texts, here)) == sorted(map(texts, there)), title


def _same_report(built, url):
    """`adtap report` finds the same on both."""

    def found(place):
        with opened(place) as warehouse:
            made = facts(warehouse, None, now=datetime.fromisoformat(SECOND), days=62)
        return replace(made, place="")

    here, there = found(url), found(str(built))
    assert here.lines == there.lines
    assert here.turnovers == there.turnovers
    assert here == there


def test_postgres_holds_what_duckdb_holds(world, built, postgres_url, tmp_path):
    """All that was loaded builds and every test is green; the mart and the quality of days are DuckDB's, row for row.

    A day that is read again is replaced whole: a changed row changes, one that the platform took back is gone.
    """
    load(postgres_url, world, tmp_path)
    dbt = Dbt("postgres", tmp_path / "dbt", postgres_url)
    try:
        loaded = [
            f"stg_{tap[4:]}__{stream}" for tap, streams in STREAMS.items() for stream in streams
        ]
        wanted = [f"+path:models/{folder}" for folder in ("marts", "quality", "ad_reporting")]
        done = dbt.run("build", "-s", *wanted, *loaded, "1+resource_type:snapshot")
        assert done.code == 0, done.said[-6000:]
        assert "WARN=0 ERROR=0 SKIP=0" in done.said
        for table, order in (
            (MART, "performance_key"),
            ("analytics.ad_quality_daily", "quality_key"),
        ):
            with duckdb.connect(built, read_only=True) as warehouse:
                # Sorted by bytes on both.
                cursor = warehouse.execute(f"SELECT * FROM {table} ORDER BY {order}")
                names, there = [column[0] for column in cursor.description], cursor.fetchall()
            here = dbt.rows(
                f"""SELECT {", ".join(names)} FROM {table} ORDER BY {order} COLLATE "C" """
            )
            assert here == there, table

        _same_answers(built, postgres_url, tmp_path)
        _same_report(built, postgres_url)
        with psycopg.connect(postgres_url) as warehouse:
            for statement in (
                (
                    f"DELETE FROM tap_atomx.advertiser_delivery_daily WHERE day = '{DAY}' AND campaign_id = "
                    f"(SELECT min(campaign_id) FROM tap_atomx.advertiser_delivery_daily WHERE day = '{DAY}')"
                ),
                (
                    f"UPDATE tap_atomx.advertiser_delivery_daily SET campaign_cost = campaign_cost + 0.01, "
                    f"_synced_at = _synced_at + interval '1 hour' WHERE day = '{DAY}'"
                ),
                (
                    "INSERT INTO tap_atomx.sync_windows SELECT (jsonb_populate_record(w, jsonb_build_object("
                    f"'window_start', '{DAY} 00:00:00', 'window_end', '2026-03-13 00:00:00', "
                    "'synced_at', w.synced_at + interval '1 hour'))).* FROM tap_atomx.sync_windows w "
                    "WHERE stream = 'advertiser_delivery_daily' ORDER BY synced_at DESC LIMIT 1"
                ),
                f"UPDATE {MART} SET clicks = -1 WHERE platform = 'atomx'",
            ):
                warehouse.execute(statement)
        assert dbt.run("run", "-s", "ad_performance_daily").code == 0
        again = "SELECT * FROM analytics.ad_performance_daily WHERE role = 'buy' AND platform = 'atomx' AND day = '{}'"
        by_parts = sorted(map(str, dbt.rows(again.format(DAY))))
        assert dbt.rows(
            f"SELECT DISTINCT day::text FROM {MART} WHERE platform = 'atomx' AND clicks <> -1"
        ) == [(DAY,)]
        assert dbt.run("run", "-s", "ad_performance_daily", "--full-refresh").code == 0
        assert sorted(map(str, dbt.rows(again.format(DAY)))) == by_parts
    finally:
        dbt.close()
