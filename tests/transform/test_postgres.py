"""The same models on a real Postgres, loaded by both loaders that there are for it."""

# ruff: noqa: S608 - the names in these queries are the tests' own

import json
import os
import shutil
import subprocess
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import duckdb
import psycopg
import pytest

from adtap_cli.dbt import PROJECT, variables
from adtap_cli.report_facts import facts
from adtap_cli.report_page import page
from adtap_cli.warehouse import opened
from tests import programs
from tests.postgres import target_settings
from tests.running import copy_project
from tests.transform import reading_again
from tests.transform.conftest import Dbt, dbt_environment
from tests.transform.test_answers import QUERIES, RATES, answers
from tests.transform.world import SECOND, STREAMS

pytestmark = pytest.mark.timeout(600)
MART = "analytics.ad_performance_daily"


def load(url, world, folder):
    """Both runs of two taps through target-postgres, of the others through the embedded loader: types differ."""
    for nth, tap in enumerate(sorted(STREAMS)):
        config = folder / f"{tap}.json"
        settings = {"sqlalchemy_url": url, "default_target_schema": tap.replace("-", "_")}
        name = "target-adtap-postgres"
        if nth % 2:
            name = "target-postgres"
            settings |= target_settings(url)
        config.write_text(json.dumps(settings))
        done = programs.run(name, ["--config", str(config)], given=world.lines(tap))
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
    """`adtap report` finds the same on both, and makes one page of it."""

    def found(place):
        with opened(place) as warehouse:
            made = facts(warehouse, None, now=datetime.fromisoformat(SECOND), days=62)
        return replace(made, place="")

    here, there = found(url), found(str(built))
    assert here.lines == there.lines
    assert here.turnovers == there.turnovers
    assert here == there
    assert page(here) == page(there)


class Meltano:
    """Meltano in a folder of its own, as a user runs it on what is loaded into a Postgres.

    Args:
        folder: The folder; the project's files are put into it.
        url: The database.
        environment: What `meltano install dbt-postgres` would make anew, file by file: test_rules.py holds both to the
            same versions.
    """

    def __init__(self, folder: Path, url: str, environment: Path) -> None:
        self.folder = folder
        folder.mkdir()
        copy_project(folder)
        installed = folder / ".meltano" / "utilities" / "dbt-postgres"
        installed.mkdir(parents=True)
        (installed / "venv").symlink_to(environment)
        (folder / "transform").symlink_to(PROJECT)
        named = variables("postgres", url)
        (folder / ".env").write_text(
            "".join(
                f"DBT_POSTGRES_{name}={named[f'ADTAP_POSTGRES_{name}']}\n"
                for name in ("HOST", "PORT", "USER", "DATABASE")
            )
        )

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of Meltano."""
        foreign = ("DBT_", "ADTAP", "MELTANO", "PG", "VIRTUAL_ENV")
        kept = {k: v for k, v in os.environ.items() if not k.startswith(foreign)}
        return subprocess.run(
            [programs.on_path() / "meltano", *arguments],
            cwd=self.folder, env={**kept, "ADTAPS_NOW": SECOND, "NO_COLOR": "1"},
            text=True, capture_output=True, check=False,
        )  # fmt: skip


def test_postgres_holds_what_duckdb_holds(world, built, postgres_url, tmp_path):
    """`meltano invoke dbt-postgres:build` builds all that was loaded, every test is green; rows and answers are DuckDB's.

    Days that are read again are replaced whole, as on DuckDB: test_models.py.
    """
    meltano = Meltano(tmp_path / "project", postgres_url, dbt_environment("postgres"))
    load(postgres_url, world, tmp_path)
    loaded = [f"stg_{tap[4:]}__{stream}" for tap, streams in STREAMS.items() for stream in streams]
    wanted = [f"+path:models/{folder}" for folder in ("marts", "quality", "ad_reporting")]
    done = meltano.run(
        "invoke",
        "--no-install",
        "dbt-postgres:build",
        "-s",
        *wanted,
        *loaded,
        "1+resource_type:snapshot",
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert "WARN=0 ERROR=0 SKIP=0" in done.stdout
    parsed = meltano.folder / ".cache" / "dbt" / "postgres" / "partial_parse.msgpack"
    (tmp_path / "dbt" / "target").mkdir(parents=True)
    shutil.copy(parsed, tmp_path / "dbt" / "target")
    dbt = Dbt("postgres", tmp_path / "dbt", postgres_url)
    try:
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

        def run(*more: str) -> None:
            again = dbt.run("run", "-s", "ad_performance_daily", *more)
            assert again.code == 0, again.said[-4000:]

        reading_again.hold(dbt.rows, dbt.do, run)
    finally:
        dbt.close()
