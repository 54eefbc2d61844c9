"""What arrives in a warehouse: every stream of both generations, as the world has it."""

# ruff: noqa: S608 - the names in these queries are the tap's own

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import duckdb
import psycopg
import pytest

from tap_terminalone.tap import TapTerminalOne
from tests.postgres import loader_url
from tests.running import command

Ask = Callable[[str], list[tuple[Any, ...]]]
UNCHECKED = {
    "acl",
    "deals",
    "permissions",
    "path_audience_segments",
    "site_list_assignments",
    "target_dimensions",
}
"""Not a collection of the world under the stream's own name; their rows are counted all the same."""
METRICS = ("impressions", "clicks", "total_spend", "total_conversions")


def load(script: str, settings: dict[str, Any], messages: Any, folder: Any) -> None:
    """Give a run's messages to a loader."""
    config = folder / f"{script}.json"
    config.write_text(json.dumps(settings), encoding="utf-8")
    done = subprocess.run(
        [command(script), "--config", str(config)],
        input="\n".join(json.dumps(line, default=str) for line in messages.lines),
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]


def warehouse(kind: str, messages: Any, folder: Any, request: pytest.FixtureRequest) -> Ask:
    """Load into a warehouse and give what asks it."""
    if kind == "duckdb":
        path = folder / "warehouse.duckdb"
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


@pytest.mark.parametrize("kind", ["duckdb", "postgres"])
@pytest.mark.parametrize("generation", ["current", "legacy"])
def test_every_stream_lands_as_the_world_has_it(
    room, tmp_path, request, monkeypatch, generation, kind
):
    """Each list's ids, each report's rows and sums, exact, in a column of its own kind."""
    monkeypatch.setattr("tap_terminalone.legacy_entities.TARGET_DIMENSIONS", {1: "dma"})
    make = room.current if generation == "current" else room.legacy
    config = make(start_date="2026-03-14")
    tap = TapTerminalOne(config=config)
    names = {s.name for s in tap.streams.values()} - {"sync_windows"}
    found = room.run(config, *names)
    ask = warehouse(kind, found, tmp_path, request)
    for name in sorted(names):
        rows = found.records[name]
        assert rows, name
        keys = ", ".join(f'"{k}"' for k in tap.streams[name].primary_keys)
        held = ask(f'select count(*) from (select distinct {keys} from WAREHOUSE."{name}") t')
        total = ask(f'select count(*) from WAREHOUSE."{name}"')
        assert held == total == [(len(rows),)], name
    for entity in tap.entities:
        if entity.name in names - UNCHECKED and entity.keys == ("id",):
            ids = [i for (i,) in ask(f'select id from WAREHOUSE."{entity.name}" order by id')]
            assert ids == sorted(room.truth(collection=entity.name)["ids"]), entity.name
    sums = ", ".join(f"sum({m})" for m in METRICS)
    query = f"select _currency, {sums} from WAREHOUSE.performance_daily group by 1"
    truth = room.truth(start="2026-03-14", end="2026-03-16", metrics=",".join(METRICS))["totals"]
    landed = {row[0]: [Decimal(v) for v in row[1:]] for row in ask(query)}
    assert landed == {c: [Decimal(v[m]) for m in METRICS] for c, v in truth.items()}
