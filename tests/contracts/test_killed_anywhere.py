"""kill -9 at random moments, then the same command again: the warehouse ends as if nothing had been.

Two days are synced: a first sync and, a day later, one that reads its lookback again. Both are killed
again and again, the tap, the loader or both; each run goes on from the last STATE that the loader
gave out, as an orchestrator does.
"""

import random
from pathlib import Path
from typing import Any

import pytest

from tests.contracts.conftest import Bench
from tests.contracts.pipelines import DuckDB, Pipe, Postgres
from tests.contracts.platforms import MOMENT

KILLS = 20
MOMENTS = (MOMENT, "2026-03-19T12:00:00+00:00")
LATENCY_SECONDS = 0.02
"""So that a kill also meets a request on its way."""
SLOWLY_MADE = "/reports-service/report$"
"""Adjust's reports: made once for each moment of the sandbox, and answered byte for byte again in each run after."""


@pytest.fixture(params=["duckdb", "postgres"])
def loader(request: pytest.FixtureRequest, tmp_path: Path, bench: Bench) -> DuckDB | Postgres:
    """A loader and its empty warehouse; of the two for Postgres each has two of the platforms."""
    if request.param == "duckdb":
        return DuckDB(tmp_path)
    ours = bench.case.platform in {"adjust", "openx"}
    script = "target-adtap-postgres" if ours else "target-postgres"
    return Postgres(request.getfixturevalue("postgres_url"), script)


@pytest.mark.timeout(300)
def test_killed_anywhere_and_resumed_the_warehouse_is_the_same(
    bench: Bench, loader: DuckDB | Postgres
) -> None:
    """All rows of all tables, the ledger's windows included; and no window is read that was closed."""
    bench.sandbox.latency(LATENCY_SECONDS)
    bench.sandbox.control("POST", "kept", {"path": SLOWLY_MADE})
    whole, requests, states = Pipe(bench, loader, "whole"), [], []
    for moment in MOMENTS:
        bench.at(moment)
        requests.append(whole.run().requests)
        states.append(whole.state)
    expected = loader.tables("whole")
    assert all(expected[stream] for stream in bench.case.killed)
    kills: list[str] = []
    journey = 0
    while len(kills) < KILLS:
        journey += 1
        pipe = Pipe(bench, loader, f"journey_{journey}")
        for moment, usual, end in zip(MOMENTS, requests, states, strict=True):
            bench.at(moment)
            while True:
                wanted = random.randint(1, max(2, usual // 2)) if len(kills) < KILLS else None
                before = len(pipe.kills)
                outcome = pipe.run(kill_at=wanted)
                kills += pipe.kills[before:]
                if outcome.finished or pipe.state == end:
                    break  # killed after all was loaded: another run would be one run more
                assert "Traceback" not in outcome.errors
        found = loader.tables(pipe.place)
        assert found.keys() == expected.keys()
        for table, rows in expected.items():
            assert _different(found[table], rows) == ([], []), (table, pipe.kills)
        assert pipe.state == whole.state, pipe.kills


def _different(one: list[Any], other: list[Any]) -> tuple[list[str], list[str]]:
    """A few rows that only one of the two has."""
    if one == other:
        return [], []
    texts = [repr(r) for r in one], [repr(r) for r in other]
    sets = set(texts[0]), set(texts[1])
    return (
        [t for t in texts[0] if t not in sets[1]][:3] or ["twice"],
        [t for t in texts[1] if t not in sets[0]][:3],
    )
