"""Every stream in DuckDB and in Postgres: the sandbox's world, row by row."""

from __future__ import annotations

import json
import subprocess
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import psycopg
import pytest

from tap_atomx.streams import BIG, BUSINESS, ENTITIES, REFERENCE, REPORTS
from tap_atomx.tap import TapAtomx
from tests.conftest import MOMENT
from tests.postgres import loader_url
from tests.running import command, run_command, select

if TYPE_CHECKING:
    from collections.abc import Callable

EVERYTHING = {e.name for e in ENTITIES} | {r.name for r in REPORTS}
EMPTY = {"reports", "scheduled_reports"}
"""Nobody has stored a report in the sandbox's account."""


def load(target: str, config: dict[str, Any], messages: str, folder: Path) -> None:
    """Load messages with a target's own command."""
    path = folder / "target.json"
    path.write_text(json.dumps(config))
    done = subprocess.run(
        [command(target), "--config", str(path)],
        input=messages,
        text=True,
        capture_output=True,
        check=False,
        timeout=110,
    )
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.parametrize("warehouse", ["duckdb", "postgres"])
def test_every_stream_lands_as_the_platform_holds_it(
    sandbox, settings, truth, tmp_path: Path, request, warehouse
):
    """Ids of every model, sums of every report, one row for each key; loaded twice, nothing doubles."""
    sandbox.clock(MOMENT)
    config = {**settings, "start_date": "2026-03-15"}
    done = run_command(
        "tap-atomx",
        folder=tmp_path,
        config=config,
        catalog=select(TapAtomx, config, EVERYTHING),
        environment={"ADTAPS_NOW": MOMENT},
    )
    assert done.code == 0, done.stderr
    messages = "".join(json.dumps(line, default=str) + "\n" for line in done.lines)
    query: Callable[[str], list[tuple[Any, ...]]]
    if warehouse == "duckdb":
        path = tmp_path / "ads.duckdb"
        for _again in range(2):
            load("target-adtap-duckdb", {"path": str(path)}, messages, tmp_path)
        connection = duckdb.connect(str(path), read_only=True)
        request.addfinalizer(connection.close)
        schema = connection.execute(
            "SELECT table_schema FROM information_schema.tables WHERE table_name = 'campaigns'"
        ).fetchone()[0]
        query = lambda sql: connection.execute(sql).fetchall()  # noqa: E731
    else:
        url = request.getfixturevalue("postgres_url")
        target = {"sqlalchemy_url": loader_url(url), "use_copy": False}
        load("target-postgres", target, messages, tmp_path)
        database = psycopg.connect(url)
        request.addfinalizer(database.close)
        schema = database.execute(
            "SELECT table_schema FROM information_schema.tables WHERE table_name = 'campaigns'"
        ).fetchone()[0]
        query = lambda sql: database.execute(sql).fetchall()  # noqa: E731

    for entity in (*BUSINESS, *BIG, *REFERENCE):
        ids = [row[0] for row in query(f'SELECT id FROM "{schema}"."{entity.name}" ORDER BY id')]  # noqa: S608
        assert ids == sorted(truth(model=entity.model)["ids"]), entity.name
    for report in REPORTS:
        hourly = report.name.endswith("_hourly")
        want = truth(
            scope=report.extras["scope"],
            groups=",".join(["hour" if hourly else "day", *report.dimensions]),
            metrics=",".join(report.metrics),
            **{
                "from": "2026-03-15 00:00:00",
                "to": "2026-03-18 12:00:00" if hourly else "2026-03-18 00:00:00",
            },
        )
        sums = ", ".join(f"sum({m})" for m in report.metrics)
        table = f'"{schema}"."{report.name}"'
        (found,) = query(f"SELECT count(*), count(DISTINCT _row_key), {sums} FROM {table}")  # noqa: S608
        assert found[0] == found[1] == want["count"], report.name
        for metric, total in zip(report.metrics, found[2:], strict=True):
            right = Decimal(str(want["totals"][metric]))
            room = right * Decimal("1e-6") if isinstance(want["totals"][metric], str) else 0
            assert abs(Decimal(total) - right) <= room, (report.name, metric)
    for stream in EVERYTHING - EMPTY:
        (count,) = query(f'SELECT count(*) FROM "{schema}"."{stream}"')  # noqa: S608
        assert count[0] == len(done.records[stream]), stream
