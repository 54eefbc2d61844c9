"""What arrives in a warehouse: every stream of both generations, as the world has it."""

# ruff: noqa: S608 - the names in these queries are the tap's own

from decimal import Decimal

import pytest

from tap_terminalone.tap import TapTerminalOne
from tests.loaded import warehouses
from tests.tap_terminalone.conftest import METRICS

UNCHECKED = {
    "acl",
    "deals",
    "permissions",
    "path_audience_segments",
    "site_list_assignments",
    "target_dimensions",
}
"""Not a collection of the world under the stream's own name; their rows are counted all the same."""


@pytest.mark.parametrize("generation", ["current", "legacy"])
def test_every_stream_lands_as_the_world_has_it(room, tmp_path, request, monkeypatch, generation):
    """Each list's ids, each report's rows and sums, exact, in a column of its own kind."""
    monkeypatch.setattr("tap_terminalone.legacy_entities.TARGET_DIMENSIONS", {1: "dma"})
    make = room.current if generation == "current" else room.legacy
    config = make(start_date="2026-03-14")
    tap = TapTerminalOne(config=config)
    names = {s.name for s in tap.streams.values()} - {"sync_windows"}
    found = room.run(config, *names)
    for ask in warehouses(found, tmp_path, request):
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
        truth = room.truth(start="2026-03-14", end="2026-03-16", metrics=",".join(METRICS))[
            "totals"
        ]
        landed = {row[0]: [Decimal(v) for v in row[1:]] for row in ask(query)}
        assert landed == {c: [Decimal(v[m]) for m in METRICS] for c, v in truth.items()}
