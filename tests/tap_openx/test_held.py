"""What the platform drops while it is read: no window without rows, and no part of a bucket for all of it."""

import json
import logging

import pytest

HOURS = {"name": "by_hour", "grain": "hour", "dimensions": [], "metrics": ["marketRequests"]}
MONEY = {"name": "all_daily", "dimensions": [], "metrics": ["marketPublisherRevenue"]}
END = "2026-03-18T11:00:00Z"


@pytest.fixture
def late(room):
    """The room: planned with days that are gone when they are asked for."""
    room.switch(retention_daily_days=2)
    room.hold("2026-03-10T00:00:00Z", END)
    return room


def test_what_is_gone_of_a_window_is_not_in_the_ledger(late):
    """Rows of these days that were read before would be taken for ghosts of a later reading without rows."""
    found = late.run(late.legacy(start_date="2026-03-12"), "demand_daily", "sync_days")
    (window,) = found.windows("demand_daily")
    assert (window["window_start"], window["window_end"]) == (
        "2026-03-16T00:00:00Z",
        "2026-03-18T00:00:00Z",
    )
    assert {r["day"] for r in found.records["demand_daily"]} == {"2026-03-16", "2026-03-17"}
    assert {d["bucket"][:10] for d in found.records["sync_days"]} == {"2026-03-16", "2026-03-17"}
    mark = found.last_state["bookmarks"]["demand_daily"]
    assert mark["covered"] == [["2026-03-16", "2026-03-18"]]


@pytest.mark.parametrize("currency", ["listed", "by account"])
def test_a_window_that_is_gone_is_no_window(late, currency):
    """Nothing is written of it, no bookmark moves; it was a failure where money is kept apart by account."""
    if currency == "by account":
        late.list_fields("publisherAccountID", "publisherSiteId")
    config = late.legacy(start_date="2026-03-12", end_date="2026-03-14", reports=[MONEY])
    found = late.run(config, "all_daily")
    assert found.windows("all_daily") == []
    assert found.records["all_daily"] == []
    assert "replication_key_value" not in found.last_state["bookmarks"].get("all_daily", {})


def test_windows_that_are_gone_do_not_stop_the_later_ones(late):
    """The first 404 tells where data begin now: what lies before is not asked for any more."""
    late.switch(retention_hourly_days=1)
    found = late.run(late.legacy(start_date="2026-03-10", reports=[HOURS]), "by_hour")
    assert [w["window_start"] for w in found.windows("by_hour")] == ["2026-03-17T00:00:00Z"]


def test_a_day_of_which_a_part_is_gone_is_gone(late):
    """The rest of it would stand in the warehouse for the whole day."""
    late.hold("2026-03-16T05:00:00Z", END)
    found = late.run(late.legacy(start_date="2026-03-15"), "demand_daily")
    assert {r["day"] for r in found.records["demand_daily"]} == {"2026-03-17"}
    assert [w["window_start"] for w in found.windows("demand_daily")] == ["2026-03-17T00:00:00Z"]


def test_todays_api_is_not_asked_for_days_that_it_has_dropped_meanwhile(room, caplog):
    """Asked again after midnight: its three months begin a day later."""
    room.now("2026-03-17T23:59:58+00:00")
    room.switch(polls_before_ready=0)
    room.sandbox.fault("slow", path="/generateReport$", seconds=3)
    room.sandbox.fault("status", path="/pullReport$", status=200, body="Nonsense\n")
    report = {"name": "a_hourly", "grain": "hour", "dimensions": [], "metrics": ["AllRequests"]}
    config = room.current(start_date="2025-12-01", end_date="2025-12-20", reports=[report])
    with caplog.at_level(logging.WARNING):
        found = room.run(config, "a_hourly")
    asked = [json.loads(e["body"])["dateFrom"] for e in room.asked("/generateReport")]
    assert asked == ["2025-12-17T00:00:00Z", "2025-12-18T00:00:00Z"]
    (window,) = found.windows("a_hourly")
    assert window["window_start"] == "2025-12-18T00:00:00Z"
    assert any("now holds data only from 2025-12-18T00:00Z on" in m for m in caplog.messages)
