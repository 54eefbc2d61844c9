"""Whatever happens between two runs, the next good one makes the warehouse whole.

Random histories of one tap and a platform whose numbers move: runs, kills at any message, accounts that fail,
dates moved either way, lookback changed, today on and off, backfills, states lost and merged, long pauses,
accounts added and removed, a clock that is wrong once, a metric added. After the next good run the warehouse is
what one uninterrupted fresh load would hold, for every bucket that should be covered.

`ADTAPS_HISTORIES=500` tries so many, `--hypothesis-seed=N` others.

The test was seen to fail on these planted defects, and must go on to (`DEFECTS`): a bookmark a day early; a window
dropped; a lookback counted from today; `unfinished` kept for ever; an account's failure taken as read; the state
written before the ledger's row; days that were read young taken for final.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from adtap_core.bookmarks import Bookmark
from adtap_core.plans import Planner
from adtap_core.reports import ReportStream
from adtap_core.tap import RunFailed
from adtap_core.testing import Messages, run_tap, select
from adtap_core.windows import ONE_DAY, Grain, Zone
from tests.core.restating import (
    RESTATED,
    RestatingServer,
    TapRestating,
    buckets,
    copied,
    later,
    text_of,
    truth,
)

BEGIN = datetime(2026, 3, 20, 12, tzinfo=UTC)
STARTS = {
    Grain.HOUR: ("2026-03-15", "2026-03-17", "2026-03-19"),
    Grain.DAY: ("2026-02-26", "2026-03-06", "2026-03-17"),
    Grain.WEEK: ("2026-02-02", "2026-02-16", "2026-03-09"),
    Grain.MONTH: ("2025-12-01", "2026-01-01", "2026-03-01"),
}
"""Days on which a report may start: sooner, usual, later."""
ACCOUNTS = ("a", "b", "c")


class Warehouse:
    """What an upsert by key keeps: rows and ledger, and the ghosts among them."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Any]] = {}
        self.ledger: dict[tuple[str, ...], dict[str, Any]] = {}

    def load(self, messages: Messages) -> None:
        """Take in what was written, in order."""
        for line in messages.lines:
            if line["type"] != "RECORD":
                continue
            record = line["record"]
            if line["stream"] == "sync_windows":
                key = tuple(record[k] for k in ("account", "window_start", "window_end"))
                self.ledger[key] = record
            else:
                self.rows[record["_row_key"]] = record

    def live(self, grain: Grain) -> list[dict[str, Any]]:
        """The rows that no later reading of their window has left out."""
        column = grain.value
        return [row for row in self.rows.values() if not self._is_ghost(row, str(row[column]))]

    def _is_ghost(self, row: dict[str, Any], bucket: str) -> bool:
        moment = bucket if "T" in bucket else f"{bucket}T00:00:00Z"
        return any(
            w["account"] == row["_account"]
            and w["window_start"] <= moment < w["window_end"]
            and w["synced_at"] > row["_synced_at"]
            for w in self.ledger.values()
        )


class History(RuleBasedStateMachine):
    """One tap, one platform, one warehouse, one state, and a clock."""

    def __init__(self) -> None:
        super().__init__()
        self.server = RestatingServer()
        self.server.__enter__()
        self.store = Warehouse()
        self.state: dict[str, Any] = {}
        self.older: list[dict[str, Any]] = []
        self.now = BEGIN
        self.start = ""
        self.end: str | None = None
        self.today = False
        self.lookback = RESTATED
        self.accounts: list[str] = list(ACCOUNTS)
        self.highest: dict[str, str] = {}

    def teardown(self) -> None:
        try:
            self.make_whole()
        finally:
            self.server.__exit__()

    @initialize(
        grain=st.sampled_from(Grain),
        zone=st.sampled_from(["UTC", "Europe/Berlin", "+05:30", "America/New_York"]),
        many=st.booleans(),
    )
    def begin(self, grain: Grain, zone: str, many: bool) -> None:
        self.grain, self.zone = grain, Zone(zone)
        self.accounts = list(ACCOUNTS) if many else []
        self.stream = f"by_{grain.value}"
        self.start = STARTS[grain][1]

    # -- a run -------------------------------------------------------------------------------

    def config(self, **more: Any) -> dict[str, Any]:
        made = {
            "api_url": self.server.url,
            "accounts": self.accounts,
            "time_zone": self.zone.name,
            "start_date": self.start,
            "end_date": self.end,
            "include_today": self.today,
            "lookback_days": self.lookback,
            "max_retries": 0,
            **more,
        }
        return {k: v for k, v in made.items() if v is not None}

    def run_tap(self, *, ahead: timedelta = timedelta(0), **more: Any) -> Messages:
        """Run; what is written by then counts, however it ends."""
        self.server.now = self.now.isoformat()
        written: list[Messages] = []
        clock = {"ADTAPS_NOW": (self.now + ahead).isoformat()}
        config = self.config(**more)
        catalog = select(TapRestating, config, {self.stream})
        with patch.dict(os.environ, clock):
            try:
                run_tap(
                    TapRestating, config, state=self.state, catalog=catalog, written=written.append
                )
            except RunFailed:
                assert self.server.refused, "a run failed that nothing was in the way of"
        return written[0]

    def keep(self, messages: Messages) -> None:
        """The loader's part: rows, then the last state before the end."""
        self.store.load(messages)
        if messages.states:
            self.older.append(self.state)
            self.state = copied(messages.last_state)

    # -- what may happen ---------------------------------------------------------------------

    @rule(hours=st.sampled_from([1, 5, 23, 24, 30, 48, 24 * 9, 24 * 40]))
    def time_goes_by(self, hours: int) -> None:
        self.now = later(self.now, hours=hours)

    @rule()
    def a_good_run(self) -> None:
        self.keep(self.run_tap())

    @rule(share=st.floats(0, 1))
    def a_kill(self, share: float) -> None:
        messages = self.run_tap()
        self.keep(Messages(messages.lines[: int(len(messages.lines) * share)]))

    @precondition(lambda self: self.accounts)
    @rule(which=st.sampled_from(ACCOUNTS))
    def an_account_fails(self, which: str) -> None:
        self.server.refused = {which}
        try:
            self.keep(self.run_tap())
        finally:
            self.server.refused = set()

    @rule(which=st.integers(0, 2))
    def the_start_is_moved(self, which: int) -> None:
        self.start = STARTS[self.grain][which]
        if self.end is not None and self.start >= self.end:
            self.end = None

    @rule(end=st.sampled_from(["2026-03-10", "2026-03-19", None]))
    def the_end_is_moved(self, end: str | None) -> None:
        self.end = end
        if end is not None and self.start >= end:
            self.end = None

    @rule(today=st.booleans())
    def today_is_switched(self, today: bool) -> None:
        self.today = today

    @rule(days=st.integers(RESTATED, RESTATED + 4))
    def the_lookback_is_changed(self, days: int) -> None:
        self.lookback = days

    @rule(back=st.integers(1, 20), length=st.integers(1, 9))
    def a_backfill(self, back: int, length: int) -> None:
        since = self.now.date() - ONE_DAY * back
        backfill = {"from": str(since), "to": str(since + ONE_DAY * length)}
        messages = self.run_tap(backfill=backfill, end_date=None)
        self.store.load(messages)
        assert messages.last_state in ({}, self.state)

    @precondition(lambda self: self.older)
    @rule(data=st.data())
    def the_state_is_lost(self, data: st.DataObject) -> None:
        self.state = copied(data.draw(st.sampled_from(self.older)))
        self.highest.clear()

    @precondition(lambda self: self.older)
    @rule(data=st.data())
    def an_older_state_is_merged_under(self, data: st.DataObject) -> None:
        self.state = merged_under(data.draw(st.sampled_from(self.older)), self.state)

    @precondition(lambda self: self.accounts)
    @rule(accounts=st.lists(st.sampled_from(ACCOUNTS), min_size=1, unique=True))
    def accounts_come_and_go(self, accounts: list[str]) -> None:
        self.accounts = sorted(accounts)

    @rule(days=st.sampled_from([1, 20, 365]))
    def the_clock_is_wrong_once(self, days: int) -> None:
        before = copied(self.state)
        messages = self.run_tap(ahead=ONE_DAY * days)
        self.keep(messages)
        self.state = set_back(self.state, before, self.start)
        self.highest.clear()

    # -- what must hold ----------------------------------------------------------------------

    @invariant()
    def bookmarks_never_move_back(self) -> None:
        for whose, value in bookmarks(self.state.get("bookmarks", {}).get(self.stream, {})):
            assert value >= self.highest.get(whose, "")
            self.highest[whose] = value

    def make_whole(self) -> None:
        """The next good run, more than a day after whatever broke off."""
        if not hasattr(self, "grain"):
            return
        self.now = later(self.now, hours=30)
        self.end, self.today = None, False
        if self.accounts:
            self.accounts = list(ACCOUNTS)
        self.keep(self.run_tap())
        planner_end = self.grain.floor(self.zone.local(self.now))
        since = datetime.fromisoformat(self.start)
        there = {}
        for row in self.store.live(self.grain):
            key = (row["_account"], row[self.grain.value], row["thing"])
            assert key not in there, f"{key} stands there twice"
            there[key] = row
        for account in self.accounts or [""]:
            whose = f'{{"account":"{account}"}}' if account else "{}"
            for bucket in buckets(self.grain, self.zone, since, planner_end):
                text = text_of(self.grain, self.zone, bucket)
                said = truth(self.grain, self.zone, bucket, account, self.now)
                held = {
                    thing: there[whose, text, thing]
                    for thing in ("steady", "vanishing", "late")
                    if (whose, text, thing) in there
                }
                values = {thing: row["value"] for thing, row in held.items()}
                assert values == said, f"{whose} {text}: {values} held, {said} said"
                end = self.zone.instant(self.grain.after(bucket))
                for row in held.values():
                    if row["_data_state"] == "settled":
                        assert self.now - end >= ONE_DAY * RESTATED, f"{text} is settled too early"


def bookmarks(mark: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Each account's bookmark."""
    for entry in (mark, *(mark.get("partitions") or [])):
        if entry.get("replication_key_value") is not None:
            yield str(entry.get("context")), entry["replication_key_value"]


def merged_under(old: Any, new: Any) -> Any:
    """Two states as Meltano merges them: objects key by key, all else from the newer one."""
    if isinstance(old, dict) and isinstance(new, dict):
        return {k: merged_under(old.get(k), new.get(k, old.get(k))) for k in {**old, **new}}
    return copied(new)


def set_back(state: dict[str, Any], before: dict[str, Any], start: str) -> dict[str, Any]:
    """A state whose bookmarks were set back to what they were before the clock was wrong, by hand."""
    known = {
        (stream, whose): value
        for stream, mark in before.get("bookmarks", {}).items()
        for whose, value in bookmarks(mark)
    }
    made = copied(state)
    for stream, mark in made.get("bookmarks", {}).items():
        for entry in (mark, *(mark.get("partitions") or [])):
            value = entry.get("replication_key_value")
            if value is None:
                continue
            old = known.get((stream, str(entry.get("context"))))
            # Whatever was read with that clock may be wrong: from there on it is read again.
            entry["replication_key_value"] = min(old or start, value)
            entry["unfinished"] = None
    return made


COUNT = int(os.environ.get("ADTAPS_HISTORIES", "20"))
MANY = settings(
    max_examples=COUNT,
    stateful_step_count=12,
    deadline=None,
    # The suite tries the same ones each time; a search tries others, by seed.
    derandomize=COUNT <= 20,
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.timeout(600 if COUNT <= 100 else 100_000)
def test_the_next_good_run_makes_the_warehouse_whole():
    """Random histories of every kind of event, on all grains, in fixed and daylight-saving zones."""
    run_state_machine_as_test(History, settings=MANY)


@pytest.mark.parametrize("again", [False, True], ids=["late", "twice"])
def test_a_lookback_across_the_night_in_which_clocks_go_forward_is_no_hour_short(again):
    """Three days of the calendar are 71 hours there: what moved in the 72nd was missed, found by seed 5."""
    history = History()
    history.begin(grain=Grain.HOUR, zone="Europe/Berlin", many=False)
    history.time_goes_by(hours=216)
    if again:
        history.a_good_run()
    history.teardown()


# -- planted defects ------------------------------------------------------------------------------


@contextmanager
def a_bookmark_a_day_early() -> Iterator[None]:
    close = Bookmark.close

    def early(self: Bookmark, window: Any, asked: Any, **more: Any) -> None:
        close(self, window, asked, **more)
        ahead = self._read(self.entry["replication_key_value"]) + ONE_DAY
        self.entry["replication_key_value"] = self._write(ahead)
        self._keep("covered", [type(window)(window.start, ahead), *self.covered])

    with patch.object(Bookmark, "close", early):
        yield


@contextmanager
def a_window_dropped() -> Iterator[None]:
    tasks = ReportStream.tasks

    def fewer(self: ReportStream, *given: Any) -> Any:
        made = tasks(self, *given)
        return [t for at, t in enumerate(made) if at != 1]

    with patch.object(ReportStream, "tasks", fewer):
        yield


@contextmanager
def a_lookback_from_today() -> Iterator[None]:
    def from_today(self: Bookmark, mark: Any, start: Any, days: int) -> Any:
        from adtap_core.windows import Interval

        return Interval(max(start, mark), mark)

    with (
        patch.object(Bookmark, "_window_before", from_today),
        patch.object(Bookmark, "_young", lambda _self: []),
    ):
        yield


@contextmanager
def unfinished_for_ever() -> Iterator[None]:
    with (
        patch.object(Bookmark, "end", lambda _self: None),
        patch("adtap_core.bookmarks.RESUMED_WITHIN", timedelta(days=10_000)),
    ):
        yield


@contextmanager
def a_failure_taken_as_read() -> Iterator[None]:
    fail = ReportStream._fail_task

    def closed(self: ReportStream, task: Any, error: Any) -> None:
        for plan in task.bundle.plans:
            plan.bookmark.close(task.window, plan.requested)
        fail(self, task, error)

    with patch.object(ReportStream, "_fail_task", closed):
        yield


@contextmanager
def the_state_before_the_ledger() -> Iterator[None]:
    close = ReportStream._close

    def early(self: ReportStream, closing: Any) -> None:
        with patch.object(type(self.tap.ledger), "write", lambda _self, _rows: None):
            close(self, closing)

    with patch.object(ReportStream, "_close", early):
        yield


@contextmanager
def young_days_taken_for_final() -> Iterator[None]:
    requested = Planner.requested

    def hasty(self: Planner, **more: Any) -> Any:
        from dataclasses import replace

        return replace(requested(self, **more), lookback_days=0)

    with patch.object(Planner, "requested", hasty):
        yield


DEFECTS = [
    a_bookmark_a_day_early,
    a_window_dropped,
    a_lookback_from_today,
    unfinished_for_ever,
    a_failure_taken_as_read,
    the_state_before_the_ledger,
    young_days_taken_for_final,
]


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda d: d.__name__)
def test_a_planted_defect_is_found(defect):
    """Each of them, within a few dozen histories: else the test above would prove nothing."""
    found = settings(
        MANY, max_examples=60, phases=[Phase.generate], derandomize=True, database=None
    )

    def histories() -> None:
        if defect is a_failure_taken_as_read:  # rare among few: an account must fail at once
            history = History()
            history.begin(Grain.DAY, "UTC", many=True)
            history.an_account_fails("a")
            history.teardown()
        run_state_machine_as_test(History, settings=found)

    with defect(), pytest.raises(Exception) as failure:
        histories()
    assert not isinstance(failure.value, TypeError | AttributeError), failure.value
