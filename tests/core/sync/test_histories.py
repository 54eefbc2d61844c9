"""Whatever happens between two runs, the next good one makes the warehouse whole.

Random histories of one tap and a platform whose numbers move: runs, kills at any message, accounts that fail,
dates moved either way, lookback changed, today on and off, backfills, states lost and merged, full refreshes,
long pauses, accounts added and removed, a clock that is wrong once, a metric added and removed. After each good run
the warehouse holds what one uninterrupted fresh load would hold, for every bucket that was asked for: nothing
missing, nothing twice, ghosts recognisable, nothing `settled` too early; and no bookmark moves back.

`ADTAPS_HISTORIES=500` tries so many, `--hypothesis-seed=N` others, `QUICK=1` without shrinking what fails. The tap
runs in this process; `test_killed_histories.py` kills real ones.

`test_planted_defects.py` shows that it finds what is wrong.
"""

import json
import os
from collections.abc import Iterator
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

from adtap_core.errors import SettingsError
from adtap_core.state.bookmarks import ledger_moment, read_moment
from adtap_core.tap import RunFailed
from adtap_core.testing import Messages, run_tap, select
from adtap_core.windows import ONE_DAY, Grain, Interval, Zone, subtract
from tests.core.restating import (
    RESTATED,
    Played,
    RestatingServer,
    TapRestating,
    Warehouse,
    buckets,
    copied,
    later,
    meltano_merged,
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
        self.worth = True
        self.accounts: list[str] = list(ACCOUNTS)
        self.highest: dict[str, str] = {}
        self.wrong_until = BEGIN
        """Up to when a clock that was ahead has dated rows."""

    def teardown(self) -> None:
        try:
            if hasattr(self, "grain"):
                self.a_good_run()
                self.end, self.today, self.lookback = None, False, max(self.lookback, RESTATED)
                self.accounts = list(ACCOUNTS) if self.accounts else []
                self.a_good_run()
        finally:
            self.server.__exit__()

    @initialize(
        grain=st.sampled_from(Grain),
        zone=st.sampled_from(
            ["UTC", "Europe/Berlin", "+05:30", "America/New_York", "Australia/Lord_Howe"]
        ),
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

    def catalog(self, config: dict[str, Any]) -> dict[str, Any]:
        """The report alone, with the second metric or without."""
        catalog = select(TapRestating, config, {self.stream})
        for entry in catalog["streams"]:
            for item in entry["metadata"]:
                if item["breadcrumb"] == ["properties", "worth"]:
                    item["metadata"]["selected"] = self.worth
        return catalog

    def run_tap(self, *, state: Any = None, prefetch: timedelta = timedelta(0), **more: Any) -> Messages:  # fmt: skip
        """Run; what is written by then counts, however it ends. The platform's clock is right."""
        self.now = later(self.now, minutes=1)
        self.server.now = self.now.isoformat()
        written: list[Messages] = []
        config = self.config(**more)
        state = self.state if state is None else state
        with patch("adtap_core.tap._clock", lambda: Played(self.now + prefetch)):
            try:
                run_tap(TapRestating, config, state=state, catalog=self.catalog(config), written=written.append)  # fmt: skip
            except RunFailed:
                assert self.server.refused, "a run failed that nothing was in the way of"
        return written[0]

    def keep(self, messages: Messages) -> None:
        """The loader's part: rows, then the last state before the end."""
        self.store.load(messages)
        if messages.states:
            if self.now > self.wrong_until:  # else it is not put back: it would tell no more
                self.older.append(self.state)
            self.state = copied(messages.last_state)

    # -- what may happen ---------------------------------------------------------------------

    @rule(hours=st.sampled_from([1, 5, 12, 23, 24, 30, 48, 24 * 9, 24 * 40]))
    def time_goes_by(self, hours: int) -> None:
        self.now = later(self.now, hours=hours)

    @rule()
    def a_good_run(self) -> None:
        goes_on = any(self.is_unfinished(entry) for entry in self.entries())
        self.keep(self.run_tap())
        for entry in self.entries():
            if not self.accounts or (entry.get("context") or {}).get("account") in self.accounts:
                assert not entry.get("unfinished"), "a run that ended is not taken for a broken one"
        # A run that goes on makes whole what the broken one began: as that moment was, not as this one is.
        if self.lookback >= RESTATED and not goes_on:
            self.check()

    def entries(self) -> list[dict[str, Any]]:
        """The state's entries of the report."""
        mark = self.state.get("bookmarks", {}).get(self.stream, {})
        return [mark, *(mark.get("partitions") or [])]

    def is_unfinished(self, entry: dict[str, Any]) -> bool:
        """Whether the next run goes on with a broken one."""
        unfinished = entry.get("unfinished")
        if not unfinished:
            return False
        return self.now - datetime.fromisoformat(unfinished[0]["begun"]) < ONE_DAY

    @rule(share=st.floats(0, 1))
    def a_kill(self, share: float) -> None:
        messages = self.run_tap()
        self.keep(Messages(messages.lines[: int(len(messages.lines) * share)]))

    @rule(share=st.floats(0, 1))
    def a_kill_and_the_same_command_again(self, share: float) -> None:
        """Only the windows after the last STATE are read again."""
        whole = self.run_tap().lines
        lines = whole[: int(len(whole) * share)]
        self.keep(Messages(lines))
        last = max((at for at, line in enumerate(lines) if line["type"] == "STATE"), default=0)
        again = self.run_tap()
        self.keep(again)
        if last == len(whole) - 1:
            return  # that run had ended
        before = Messages(lines[: last + 1]).windows(self.stream)
        running = text_of(self.grain, self.zone, self.grain.floor(self.zone.local(self.now)))
        for one in again.windows(self.stream):
            for other in before:
                start = max(one["window_start"], other["window_start"])
                end = min(one["window_end"], other["window_end"])
                twice = one["account"] == other["account"] and start < end
                assert not twice or (self.today and end > running), f"{start} to {end} twice"

    @precondition(lambda self: self.accounts)
    @rule(which=st.sampled_from(ACCOUNTS), error=st.sampled_from([403, 503]))
    def an_account_fails(self, which: str, error: int = 403) -> None:
        self.server.refused, self.server.error = {which}, error
        try:
            self.keep(self.run_tap())
        finally:
            self.server.refused = set()
        for entry in self.entries():
            if entry.get("context", {}).get("account") in set(self.accounts) - {which}:
                assert entry.get("unfinished") is None, f"{entry['context']} was not read whole"

    @rule(which=st.integers(0, 2))
    def the_start_is_moved(self, which: int) -> None:
        self.start = STARTS[self.grain][which]
        if self.end is not None and self.start >= self.end:
            self.end = None

    @rule(end=st.sampled_from(["2026-03-10", "2026-03-19", None]))
    def the_end_is_moved(self, end: str | None) -> None:
        self.end = None if end is not None and self.start >= end else end

    @rule(today=st.booleans())
    def today_is_switched(self, today: bool) -> None:
        self.today = today

    @rule(days=st.integers(0, RESTATED + 4))
    def the_lookback_is_changed(self, days: int) -> None:
        self.lookback = days

    @rule(worth=st.booleans())
    def a_metric_comes_or_goes(self, worth: bool) -> None:
        self.worth = worth

    @rule(back=st.integers(1, 20), length=st.integers(1, 9))
    def a_backfill(self, back: int, length: int) -> None:
        # Part of a week or month only would be refused.
        day = self.now.replace(tzinfo=None, hour=0, minute=0, second=0, microsecond=0)
        since = self.grain.floor(day - ONE_DAY * back)
        until = self.grain.ceil(max(since, day - ONE_DAY * (back - length)) + ONE_DAY)
        backfill = {"from": str(since.date()), "to": str(until.date())}
        messages = self.run_tap(backfill=backfill, end_date=None)
        self.store.load(messages)
        assert messages.last_state in ({}, self.state)

    @precondition(lambda self: self.now > self.wrong_until)
    @rule(share=st.floats(0.3, 1))
    def a_full_refresh(self, share: float) -> None:
        """As Meltano runs it: no state goes in, and each that comes out is merged into the stored one."""
        messages = self.run_tap(state={})
        messages = Messages(messages.lines[: int(len(messages.lines) * share)])
        self.store.load(messages)
        for state in messages.states:
            self.state = meltano_merged(state, self.state)
        self.highest.clear()

    @precondition(lambda self: self.older and self.now > self.wrong_until)
    @rule(data=st.data())
    def the_state_is_lost(self, data: st.DataObject) -> None:
        self.state = copied(data.draw(st.sampled_from(self.older)))
        self.highest.clear()

    @precondition(lambda self: self.older)
    @rule(data=st.data())
    def an_older_state_is_merged_under(self, data: st.DataObject) -> None:
        self.state = meltano_merged(self.state, data.draw(st.sampled_from(self.older)))

    @precondition(lambda self: self.accounts)
    @rule(accounts=st.lists(st.sampled_from(ACCOUNTS), min_size=1, unique=True))
    def accounts_come_and_go(self, accounts: list[str]) -> None:
        self.accounts = sorted(accounts)

    @rule(hours=st.sampled_from([1, 3, 11, 24]))
    def the_clock_is_a_little_ahead_once(self, hours: int) -> None:
        """It shows if the next run begins before the moment that it showed; later nothing tells."""
        self.keep(self.run_tap(prefetch=timedelta(hours=hours)))
        self.wrong_until = max(self.wrong_until, later(self.now, hours=hours + 2))
        self.a_good_run()

    @rule(days=st.sampled_from([20, 365]))
    def the_clock_is_far_ahead_once(self, days: int) -> None:
        """The next run is refused; what the line says is done, by hand."""
        before = copied(self.state)
        self.keep(self.run_tap(prefetch=ONE_DAY * days))
        self.wrong_until = max(self.wrong_until, later(self.now, hours=24 * days + 2))
        limit = self.zone.local(self.now) + ONE_DAY
        marks = [value for entry in self.entries() for _, value in bookmarks(entry)]
        if any(read_moment(value, self.grain, self.zone) > limit for value in marks):
            with pytest.raises(SettingsError, match="lies in the future"):
                self.run_tap()
        self.state = set_back(self.state, before, self.start)
        self.highest.clear()

    # -- what must hold ----------------------------------------------------------------------

    @invariant()
    def bookmarks_never_move_back(self) -> None:
        for whose, value in bookmarks(self.state.get("bookmarks", {}).get(self.stream, {})):
            assert value >= self.highest.get(whose, "")
            self.highest[whose] = value

    @invariant()
    def the_ledger_knows_what_state_says_was_read(self) -> None:
        for entry in self.entries():
            read = [
                Interval(w["window_start"], w["window_end"])
                for w in self.store.ledger.values()
                if json.loads(w["account"]) == (entry.get("context") or {})
            ]
            said = [
                Interval(*(ledger_moment(read_moment(m, self.grain, self.zone), self.grain, self.zone) for m in pair))
                for pair in entry.get("covered") or []
            ]  # fmt: skip
            assert not subtract(said, read), f"state says more was read than the ledger: {said}"

    def check(self) -> None:
        """Hold the warehouse against the platform, after a good run, in the range that was asked for."""
        until = self.grain.floor(self.zone.local(self.now))
        if self.end is not None:
            until = min(until, self.grain.floor(datetime.fromisoformat(self.end)))
        since = datetime.fromisoformat(self.start)
        metrics = self.state["bookmarks"][self.stream]["report"]["metrics"]
        since_when = dict(metrics).get("worth")
        filled = since_when and read_moment(since_when, self.grain, self.zone)
        there = {}
        for row in self.store.live(self.grain):
            key = (row["_account"], row[self.grain.value], row["thing"])
            assert key not in there, f"{key} stands there twice"
            there[key] = row
        for account in self.accounts or [""]:
            whose = f'{{"account":"{account}"}}' if account else "{}"
            for bucket in buckets(self.grain, self.zone, since, until):
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
                    if self.worth and (filled is None or bucket >= filled):
                        assert row["worth"] == row["value"], f"{text}: no worth, {filled}"


def bookmarks(mark: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Each account's bookmark."""
    for entry in (mark, *(mark.get("partitions") or [])):
        if entry.get("replication_key_value") is not None:
            yield str(entry.get("context")), entry["replication_key_value"]


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
    phases=[Phase.generate] if os.environ.get("QUICK") else list(Phase),
    report_multiple_bugs=False,
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


# -- a kill at any message -----------------------------------------------------------------------


def a_day_goes_by(history: History) -> None:
    history.time_goes_by(24)


def a_long_pause(history: History) -> None:
    history.time_goes_by(24 * 40)


def today_is_wanted(history: History) -> None:
    history.time_goes_by(24)
    history.today_is_switched(today=True)


def the_end_lies_before_the_bookmark(history: History) -> None:
    history.time_goes_by(24)
    history.the_end_is_moved("2026-03-19")


def the_start_is_earlier(history: History) -> None:
    history.the_start_is_moved(0)


def the_lookback_is_longer(history: History) -> None:
    history.the_lookback_is_changed(0)
    for _ in range(3):
        history.time_goes_by(24)
        history.a_good_run()
    history.the_lookback_is_changed(RESTATED)


def a_metric_is_new(history: History) -> None:
    history.a_metric_comes_or_goes(worth=False)
    history.time_goes_by(24)
    history.a_good_run()
    history.a_metric_comes_or_goes(worth=True)


def an_account_was_away(history: History) -> None:
    history.accounts_come_and_go(["a"])
    history.time_goes_by(24 * 9)
    history.a_good_run()
    history.accounts_come_and_go(["a", "b"])


def the_clock_was_ahead(history: History) -> None:
    # Long enough that the next run begins before that moment, as nothing tells once it has passed.
    history.keep(history.run_tap(prefetch=timedelta(hours=34)))


def the_bookmark_was_set_back(history: History) -> None:
    for entry in history.entries():
        if "replication_key_value" in entry:
            entry["replication_key_value"] = "2026-03-08"
    history.highest.clear()


CASES = [
    a_day_goes_by,
    a_long_pause,
    today_is_wanted,
    the_end_lies_before_the_bookmark,
    the_start_is_earlier,
    the_lookback_is_longer,
    a_metric_is_new,
    an_account_was_away,
    the_clock_was_ahead,
    the_bookmark_was_set_back,
]
KILLS = 12
"""So many kills a case, spread over its messages; a search (`ADTAPS_HISTORIES`) tries every one."""


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.__name__)
def test_a_kill_at_any_message_changes_nothing_in_the_end(case):
    """An hour later the run is gone on with, a day later it begins anew: whole either way."""
    history = History()
    try:
        history.begin(Grain.DAY, "Europe/Berlin", many=True)
        history.a_good_run()
        case(history)
        before, highest, now = copied(history.state), dict(history.highest), history.now
        rows, ledger = dict(history.store.rows), dict(history.store.ledger)
        lines = history.run_tap().lines
        step = 1 if COUNT > 20 else max(1, len(lines) // KILLS)
        for number, at in enumerate(range(0, len(lines) + 1, step)):
            history.state, history.highest, history.now = copied(before), dict(highest), now
            history.store.rows, history.store.ledger = dict(rows), dict(ledger)
            history.keep(Messages(lines[:at]))
            history.the_ledger_knows_what_state_says_was_read()
            if number % 2:
                history.time_goes_by(1)
                history.a_good_run()
            history.time_goes_by(30)
            history.end = None
            history.a_good_run()
            history.bookmarks_never_move_back()
    finally:
        history.server.__exit__()
