"""The windows of a report while it is read."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any

import pytest

from adtap_core.declare import Report
from adtap_core.http.client import RequestStats
from adtap_core.platform import Partition, WindowJob
from adtap_core.rows.schemas import LEDGER_KEYS, LEDGER_SCHEMA
from adtap_core.state.bookmarks import Bookmark
from adtap_core.sync.planning import Bundle
from adtap_core.sync.window_tasks import (
    ReadWindow,
    WindowTask,
    jobs_of,
    over_at_reading,
    spelt_moment,
    window_name,
)
from adtap_core.windows import Grain, Interval, Zone

X, Y = Partition({"account": "x"}), Partition({"account": "y"})
WEEK = Interval(datetime(2026, 3, 8), datetime(2026, 3, 15))


def read(grain: Grain = Grain.DAY, zone: str = "UTC", **more: Any) -> ReadWindow:
    """Return a window of two accounts that was read."""
    report = Report(name="mine", dimensions=(), metrics=("clicks",), grain=grain)
    job = WindowJob(report, (X, Y), WEEK, Zone(zone), RequestStats())
    task = WindowTask(Bundle([]), WEEK, job, synced_at="2026-03-18T12:00:00.000000Z")
    return ReadWindow(task, {X: 3, Y: 0}, "settled", (), datetime(2026, 3, 18), **more)


@pytest.mark.parametrize(
    ("window", "name"),
    [
        (WEEK, "2026-03-08/2026-03-15"),
        (Interval(datetime(2026, 3, 8, 5), datetime(2026, 3, 9)), "2026-03-08T05/2026-03-09"),
    ],
)
def test_a_window_is_named_by_days_where_it_is_of_days(window, name):
    """Messages and state name it so: what a report job is found by again."""
    assert window_name(window) == name


def test_when_rows_were_read_is_spelt_so_that_texts_compare_as_moments():
    """UTC, all six digits."""
    moment = datetime(2026, 3, 18, 14, tzinfo=timezone(timedelta(hours=2)))
    assert spelt_moment(moment) == "2026-03-18T12:00:00.000000Z"
    assert spelt_moment(moment) < spelt_moment(moment + timedelta(microseconds=1))


def test_a_line_of_the_ledger_has_every_column_and_each_accounts_own_rows():
    """An account without a row has a line too: its days were read."""
    window, stats = read(), RequestStats(requests=2, retries=1, splits=0)
    lines = [window.line("mine", partition, stats) for partition in (X, Y)]
    assert {*lines[0]} == {*LEDGER_SCHEMA["properties"]}
    assert [line["row_count"] for line in lines] == [3, 0]
    assert [line["account"] for line in lines] == ['{"account":"x"}', '{"account":"y"}']
    assert len({tuple(line[key] for key in LEDGER_KEYS) for line in lines}) == 2
    assert (lines[0]["requests"], lines[0]["retries"], lines[0]["warnings"]) == (2, 1, None)
    assert lines[0]["synced_at"] == window.task.synced_at


@pytest.mark.parametrize(
    ("grain", "zone", "start"),
    [
        (Grain.DAY, "America/New_York", "2026-03-08T00:00:00Z"),
        (Grain.HOUR, "America/New_York", "2026-03-08T05:00:00Z"),
        (Grain.HOUR, "UTC", "2026-03-08T00:00:00Z"),
    ],
)
def test_a_ledgers_borders_compare_with_the_reports_own_column(grain, zone, start):
    """Days by the calendar, hours as instants."""
    assert read(grain, zone).line("mine", X, RequestStats())["window_start"] == start


def test_what_the_platform_dropped_since_it_was_planned_is_no_time_without_rows():
    """The ledger must not say that it was read, or its older rows would be ghosts."""
    assert read(held_from=datetime(2026, 3, 10)).window == Interval(datetime(2026, 3, 10), WEEK.end)
    assert read(held_from=datetime(2026, 3, 1)).window == WEEK


def bookmark(*, is_resumed: bool, jobs: Mapping[str, Any]) -> Bookmark:
    made = Bookmark({"jobs": [[window_name(WEEK), jobs]]}, Grain.DAY, Zone("UTC"))
    made._resumed = is_resumed
    return made


def test_a_job_is_polled_on_by_the_run_that_bought_it_only():
    """One of a run that ended long ago has numbers as old as itself; an undated one may be as old as anything."""
    jobs = {"a": {"made": "2026-03-18T11:00:00Z", "id": 7}, "b": {"id": 8}, "c": "odd"}
    assert jobs_of(bookmark(is_resumed=True, jobs=jobs), WEEK) == {"a": jobs["a"]}
    assert jobs_of(bookmark(is_resumed=False, jobs=jobs), WEEK) == {}
    other = Interval(WEEK.start, WEEK.end + timedelta(days=1))
    assert jobs_of(bookmark(is_resumed=True, jobs=jobs), other) == {}
    assert jobs_of(None, WEEK) == {}


def test_numbers_of_a_job_are_as_old_as_the_question():
    """Buckets that ended since then were not whole in them; no reading is younger than the run's own plan."""
    planner: Any = SimpleNamespace(
        over=datetime(2026, 3, 18, 12), over_at=lambda moment: moment.replace(tzinfo=None)
    )
    task = read().task
    assert over_at_reading(task, planner) == planner.over
    task.made = datetime(2026, 3, 18, 9, tzinfo=UTC)
    assert over_at_reading(task, planner) == datetime(2026, 3, 18, 9)
    task.made = datetime(2026, 3, 18, 15, tzinfo=UTC)
    assert over_at_reading(task, planner) == planner.over
