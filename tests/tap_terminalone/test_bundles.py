"""Advertisers that share their requests: whatever parts they are asked for in, each row is its own advertiser's."""

from typing import Any

import pytest

DATA = {
    "current": "/reporting/v2/performance$",
    "legacy": "/reporting/v1/std/performance$",
}
"""Where a generation gives a report's rows."""
STREAM = "creatives_daily"
"""Its dimensions don't say whose a row is."""


def accounts_with_rows(room: Any, config: dict[str, Any]) -> list[str]:
    """Return the advertisers that have rows, in the order in which they are asked for."""
    rows = room.run(config, STREAM).records[STREAM]
    there = {row["_account"] for row in rows}
    return [i for i in config["advertiser_ids"] if f'{{"advertiser_id":"{i}"}}' in there]


def cells(rows: dict[Any, dict[str, Any]]) -> dict[Any, dict[str, Any]]:
    """Return rows by their keys, without when they were read."""
    return {
        key: {name: value for name, value in row.items() if name != "_synced_at"}
        for key, row in rows.items()
    }


@pytest.mark.parametrize("generation", ["current", "legacy"])
@pytest.mark.parametrize(("number", "cuts"), [(2, 1), (3, 1), (5, 2)])
def test_a_day_that_is_too_much_is_asked_for_by_advertisers(room, generation, number, cuts):
    """It can't be cut by time: its parts are of some advertisers each, and the first of a single one."""
    everyone = [str(i) for i in room.truth(collection="advertisers")["ids"]]
    settings = getattr(room, generation)
    config = settings(start_date="2026-03-16", advertiser_ids=everyone)
    chosen = accounts_with_rows(room, config)[:number]
    assert len(chosen) == number
    config = settings(start_date="2026-03-16", advertiser_ids=chosen)
    whole = room.run(config, STREAM)
    room.fault("status", path=DATA[generation], status=504, times=2 * cuts)
    parts = room.run(config, STREAM)
    assert cells(parts.final(STREAM)) == cells(whole.final(STREAM))
    counts = {w["account"]: w["row_count"] for w in parts.windows(STREAM)}
    assert counts == {w["account"]: w["row_count"] for w in whole.windows(STREAM)}
    assert min(counts.values()) > 0
    assert sum(w["splits"] for w in parts.windows(STREAM)) == cuts
