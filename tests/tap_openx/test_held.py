"""What the platform drops while it is read: no window without rows, and no part of a bucket for all of it."""

import json
import logging
from datetime import datetime

import pytest

from adtap_core.errors import MalformedResponse
from adtap_core.windows import Interval
from tap_openx.answers import date_range

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


@pytest.mark.parametrize("held", [89, 88])
def test_hours_that_are_refused_for_their_age_are_left_out(room, caplog, held):
    """Three months are 89 days where a February is among them; the next run is none the worse for it."""
    room.switch(retention_hourly_days=held)
    report = {"name": "a_hourly", "grain": "hour", "dimensions": [], "metrics": ["AllRequests"]}
    config = room.current(start_date="2025-12-01", end_date="2025-12-24", reports=[report])
    with caplog.at_level(logging.WARNING):
        found = room.run(config, "a_hourly")
    (window,) = found.windows("a_hourly")
    assert window["window_start"] == "2025-12-20T00:00:00Z"
    assert any("now holds data only from 2025-12-20T00:00Z on" in m for m in caplog.messages)
    mark = found.last_state["bookmarks"]["a_hourly"]
    assert mark["covered"] == [["2025-12-20T00:00:00Z", "2025-12-24T00:00:00Z"]]
    again = room.run(config, "a_hourly", state=found.last_state)
    assert all(w["window_start"] >= "2025-12-20" for w in again.windows("a_hourly"))


def test_of_several_ranges_only_what_all_of_them_hold_counts():
    """A list is the documentation's sample, of one; what lies in one range alone may lack the other's fields."""
    day = "2026-03-{:02d}T00:00:00Z".format
    ranges = [{"minStartDate": day(a), "maxEndDate": day(z)} for a, z in ((1, 17), (2, 18))]
    both = Interval(datetime(2026, 3, 2), datetime(2026, 3, 17))
    assert date_range({"dateRange": ranges}, "x") == both
    assert date_range({"dateRange": ranges[::-1]}, "x") == both
    with pytest.raises(MalformedResponse):
        date_range({"dateRange": []}, "x")
