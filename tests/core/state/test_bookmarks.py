"""What a report remembers between runs: what is read next, after kills, pauses and changes by hand."""

import os
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from unittest.mock import patch

import pytest

from adtap_core.state.bookmarks import Bookmark, read_moment, window_name, write_moment
from adtap_core.tap import RunFailed
from adtap_core.testing import Messages, run_tap, select
from adtap_core.windows import ONE_DAY, Grain, Interval, Zone
from tests.core.restating import MINE, NOON, TapRestating, days, meltano_merged


def test_a_bookmark_moved_back_by_hand_is_read_from(room):
    """Whatever state says was read: this is how people have a month read again."""
    state = room.run().last_state
    state["bookmarks"]["by_day"]["replication_key_value"] = "2026-03-05"
    assert days(room.run(state)) == ("2026-03-02", "2026-03-20")  # with the lookback before it


def test_half_hours_that_a_clock_change_skips_come_back_as_they_were():
    """Lord Howe goes on by half an hour at 02:00: the bookmark 02:00 is no 02:30."""
    zone, two = Zone("Australia/Lord_Howe"), datetime(2026, 10, 4, 2)
    assert read_moment(write_moment(two, Grain.HOUR, zone), Grain.HOUR, zone) == two


def test_an_hourly_state_of_0_1_looks_back_whole_days_across_the_night_clocks_go_forward(room):
    """Three days of the calendar are 71 hours there; a state of 0.1 says nothing but its bookmark."""
    mark = {"replication_key": "hour", "replication_key_value": "2026-03-30T10:00:00Z"}
    more = {"now": "2026-03-30T10:30:00+00:00", "stream": "by_hour", "time_zone": "Europe/Berlin"}
    got = room.run({"bookmarks": {"by_hour": mark}}, **more)
    # The ledger keeps the calendar's hour: 12:00 in Berlin less 72 hours, one of which there was not.
    assert min(w["window_start"] for w in got.windows("by_hour"))[:13] == "2026-03-27T10"


def test_without_a_start_a_pause_longer_than_the_default_loses_nothing(room):
    """The default start moves with today; what state says was asked does not."""
    state = room.run(start_date=None).last_state
    got = room.run(state, now="2026-06-01T12:00:00+00:00", start_date=None)
    assert days(got) == ("2026-03-17", "2026-06-01")


def test_an_account_refused_for_weeks_is_read_from_where_it_was_first_asked(room):
    """It never had a bookmark; without a start date the default has moved on since."""
    room.server.refused = {"a"}
    written: list[Messages] = []
    config = {"api_url": room.server.url, "accounts": ["a", "b"], "max_retries": 0}
    catalog = select(TapRestating, config, {"by_day"})
    with pytest.raises(RunFailed), patch.dict(os.environ, {"ADTAPS_NOW": NOON}):
        run_tap(TapRestating, config, catalog=catalog, written=written.append)
    room.server.refused = set()
    got = room.run(written[0].last_state, now="2026-05-01T12:00:00+00:00", start_date=None, accounts=["a", "b"])  # fmt: skip
    mine = [w for w in got.windows("by_day") if w["account"] == '{"account":"a"}']
    assert min(w["window_start"] for w in mine)[:10] == "2026-02-18"


@pytest.mark.parametrize(
    ("grain", "first"), [("month", "2026-03-01"), ("week", "2026-03-02"), ("day", "2026-03-03")]
)
def test_what_was_young_is_looked_back_on_after_a_kill_with_today_on(room, grain, first):
    """The broken run wanted to go as far as the next one does: ten days went by all the same."""
    stream = f"by_{grain}"
    more = {
        "stream": stream,
        "start_date": "2026-01-01",
        "include_today": True,
        "lookback_days": 30,
    }
    state = room.run(now="2026-03-28T12:00:00+00:00", **more).last_state
    broken = room.run(state, now="2026-04-02T12:00:00+00:00", **more)
    got = room.run(broken.states[-2], now="2026-04-12T12:00:00+00:00", **more)
    assert days(got, stream)[0] <= first


def test_a_lookback_that_was_off_for_a_while_is_made_up_for(room):
    """Days that were read once only, while they were young, are read again when it is on again."""
    state = room.run().last_state
    for day in range(21, 28):
        now = f"2026-03-{day}T12:00:00+00:00"
        got = room.run(state, now=now, lookback_days=0)
        assert days(got) == (f"2026-03-{day - 1}", f"2026-03-{day}")
        state = got.last_state
    got = room.run(state, now="2026-03-28T12:00:00+00:00")
    assert {r["day"] for r in got.records["by_day"]} == {f"2026-03-{day}" for day in range(17, 28)}


def test_an_end_that_is_taken_away_after_a_kill_loses_no_lookback(room):
    """Days between the end and the bookmark were young when they were read: they are read again."""
    state = room.run().last_state
    broken = room.run(state, now="2026-03-21T12:00:00+00:00", end_date="2026-03-18")
    got = room.run(broken.states[0], now="2026-03-22T12:00:00+00:00")
    assert {r["day"] for r in got.records["by_day"]} >= {f"2026-03-{n}" for n in range(18, 22)}


def test_what_a_broken_run_was_at_does_not_come_back_for_ever(room):
    """Merged into a state again and again: a run that ended is none that broke off, and reads its lookback alone."""
    state = room.run().last_state
    broken = room.run(state, now="2026-03-21T12:00:00+00:00").states[0]
    for day in (22, 23, 24):
        good = room.run(state, now=f"2026-03-{day}T12:00:00+00:00").last_state
        state = meltano_merged(good, broken)
        assert state["bookmarks"]["by_day"]["unfinished"] is None
    assert days(room.run(state, now="2026-03-25T12:00:00+00:00")) == ("2026-03-21", "2026-03-25")


def test_runs_that_always_break_off_look_back_all_the_same(room):
    """Forty in a row, less than a day apart: once a day they begin anew."""
    state = room.run().last_state
    seen = set()
    for hour in range(40):
        now = f"2026-03-{21 + hour * 20 // 24:02d}T{hour * 20 % 24:02d}:30:00+00:00"
        if now > "2026-03-31":
            break
        broken = room.run(state, now=now)
        seen |= {w["window_start"][:10] for w in broken.windows("by_day")}
        state = broken.states[0] if broken.states else state
    assert len(seen) > 5


def test_what_a_run_removes_it_writes_as_null(room):
    """A state merged into an older one must not bring it back."""
    mark = room.run().last_state["bookmarks"]["by_day"]
    assert mark["unfinished"] is None
    again = room.run({"bookmarks": {"by_day": mark}})
    assert days(again) == ("2026-03-17", "2026-03-20")


@pytest.mark.parametrize("mode", ["fixed", "learned"])
def test_meltano_can_merge_every_state_into_what_is_stored(room, mode):
    """As `--full-refresh` does, also on success; it breaks off where null stands in an object's place."""
    more = {"lookback_mode": mode, "stream": "mine", "reports": [MINE | {"flavour": "sweet"}]}
    stored = room.run(**more).last_state
    stored = room.run(stored, lookback_mode="fixed", stream="mine", reports=more["reports"]).last_state  # fmt: skip
    assert stored["bookmarks"]["mine"]["unfinished"] is None
    for state in room.run(now="2026-03-22T12:00:00+00:00", **more).states:
        stored = meltano_merged(state, stored)
    got = room.run(stored, now="2026-03-23T12:00:00+00:00", **more)
    assert days(got, "mine") == ("2026-03-19", "2026-03-23")


def test_days_that_were_left_out_while_young_are_read_again(room):
    """Start moved later, a run, moved back: what was provisional then is read once more."""
    state = room.run(start_date="2026-03-02").last_state
    state = room.run(state, start_date="2026-03-21", now="2026-03-22T12:00:00+00:00").last_state
    got = room.run(state, start_date="2026-03-02", now="2026-03-26T12:00:00+00:00")
    read = {w["window_start"][:10] for w in got.windows("by_day")}
    assert min(read) == "2026-03-17"


WEEK = Interval(datetime(2026, 3, 8), datetime(2026, 3, 15))
JOB = {"made": "2026-03-18T11:00:00Z", "id": 7}


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


def marked(*, is_resumed: bool, jobs: Mapping[str, Any]) -> Bookmark:
    made = Bookmark({"jobs": [[window_name(WEEK), jobs]]}, Grain.DAY, Zone("UTC"))
    made._resumed = is_resumed
    return made


def test_a_job_is_polled_on_by_the_run_that_bought_it_only():
    """One of a run that ended long ago has numbers as old as itself; an undated one may be as old as anything."""
    jobs = {"a": JOB, "b": {"id": 8}, "c": "odd"}
    assert marked(is_resumed=True, jobs=jobs).jobs(WEEK) == {"a": JOB}
    assert marked(is_resumed=False, jobs=jobs).jobs(WEEK) == {}
    other = Interval(WEEK.start, WEEK.end + ONE_DAY)
    assert marked(is_resumed=True, jobs=jobs).jobs(other) == {}


def test_jobs_are_kept_until_their_window_is_closed():
    """Beside those of other windows; what is removed is null, and after the last window nothing is left."""
    bookmark, other = marked(is_resumed=True, jobs={}), Interval(WEEK.end, WEEK.end + ONE_DAY)
    for window, name in ((WEEK, "a"), (WEEK, "b"), (other, "a")):
        bookmark.keep_job(window, name, JOB)
    assert bookmark.jobs(WEEK) == {"a": JOB, "b": JOB}
    bookmark.forget_jobs(WEEK, last=False)
    assert (bookmark.jobs(WEEK), bookmark.jobs(other)) == ({}, {"a": JOB})
    bookmark.forget_jobs(WEEK, last=True)
    assert bookmark.entry["jobs"] is None
