"""The windows of a report while it is read."""

from datetime import datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any

import pytest

from adtap_core.declare import Report
from adtap_core.http.client import RequestStats
from adtap_core.platform import Partition, WindowJob
from adtap_core.rows.schemas import LEDGER_KEYS, LEDGER_SCHEMA
from adtap_core.sync.planning import Bundle
from adtap_core.sync.window_tasks import ReadWindow, WindowTask, spelt_moment
from adtap_core.windows import Grain, Interval, Zone

X, Y = Partition({"account": "x"}), Partition({"account": "y"})
WEEK = Interval(datetime(2026, 3, 8), datetime(2026, 3, 15))


def read(grain: Grain = Grain.DAY, zone: str = "UTC", **more: Any) -> ReadWindow:
    """Return a window of two accounts that was read."""
    report = Report(name="mine", dimensions=(), metrics=("clicks",), grain=grain)
    job = WindowJob(report, (X, Y), WEEK, Zone(zone), RequestStats())
    task = WindowTask(Bundle([]), WEEK, job, synced_at="2026-03-18T12:00:00.000000Z")
    return ReadWindow(task, {X: 3, Y: 0}, "settled", (), datetime(2026, 3, 18), **more)


def test_when_rows_were_read_is_spelt_so_that_texts_compare_as_moments():
    """UTC, all six digits."""
    moment = datetime(2026, 3, 18, 14, tzinfo=timezone(timedelta(hours=2)))
    assert spelt_moment(moment) == "2026-03-18T12:00:00.000000Z"
    assert spelt_moment(moment) < spelt_moment(moment + timedelta(microseconds=1))


def test_a_line_of_the_ledger_has_every_column_and_each_accounts_own_rows():
    """An account without a row has a line too: its days were read."""
    window, stats = read(), RequestStats(requests=2, retries=1, splits=0)
    lines = [window.line(partition, stats) for partition in (X, Y)]
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
    assert read(grain, zone).line(X, RequestStats())["window_start"] == start


def test_what_the_platform_dropped_since_it_was_planned_is_no_time_without_rows():
    """The ledger must not say that it was read, or its older rows would be ghosts."""
    assert read(held_from=datetime(2026, 3, 10)).window == Interval(datetime(2026, 3, 10), WEEK.end)
    assert read(held_from=datetime(2026, 3, 1)).window == WEEK


@pytest.mark.parametrize(("partitions", "alone"), [((X, Y), False), ((X,), True)])
def test_totals_of_an_answer_are_an_accounts_if_it_was_asked_alone(partitions, alone):
    """Those of several say nothing of each; where none were asked for the columns are null."""
    given: Any = SimpleNamespace(ledger=lambda account, alone: {"control": account, "ties": alone})
    window = read(totals=given)
    window.task.job.partitions = partitions
    line = window.line(X, RequestStats())
    assert (line["control"], line["ties"]) == (X.text, alone)
    bare = read().line(X, RequestStats())
    assert (bare["control"], bare["ties"]) == (None, None)
