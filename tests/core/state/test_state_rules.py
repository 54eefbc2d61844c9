"""State held against settings, clocks and hands: what is refused, what is read again, what is said."""

import json
import logging
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from unittest.mock import patch

import pytest

from adtap_core.clock import Clock
from adtap_core.errors import SettingsError
from adtap_core.state.bookmarks import read_moment, write_moment
from adtap_core.state.parts import merged, part_name, parts
from adtap_core.tap import RunFailed
from adtap_core.testing import Messages, run_tap, select
from adtap_core.windows import Grain, Zone
from tests.core.restating import (
    Played,
    Restating,
    RestatingServer,
    TapRestating,
    Warehouse,
    copied,
    meltano_merged,
    truth,
)

MINE = {"name": "mine", "dimensions": ["thing"], "metrics": ["value"]}
NOON = "2026-03-20T12:00:00+00:00"


class Room:
    """The restating platform and its tap at a moment."""

    def __init__(self, server: RestatingServer) -> None:
        self.server = server

    def run(
        self, state: Any = None, *, now: str = NOON, stream: str = "by_day", **more: Any
    ) -> Messages:
        """Run the tap; a setting of None is taken out."""
        self.server.now = now
        self.server.log.clear()
        config = {"api_url": self.server.url, "start_date": "2026-03-02", "max_retries": 0, **more}
        config = {k: v for k, v in config.items() if v is not None}
        catalog = select(TapRestating, config, {stream})
        with patch.dict(os.environ, {"ADTAPS_NOW": now}):
            return run_tap(TapRestating, config, state=state, catalog=catalog)


@pytest.fixture(autouse=True)
def _warnings(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)


@pytest.fixture
def room() -> Iterator[Room]:
    with RestatingServer() as server:
        yield Room(server)


def days(messages: Messages, stream: str = "by_day") -> tuple[str, str]:
    """First day and end of what was read."""
    windows = messages.windows(stream)
    return min(w["window_start"] for w in windows)[:10], max(w["window_end"] for w in windows)[:10]


# -- what rows mean ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ({}, {"filters": {"thing": "late"}}, "`filters` was not set"),
        ({"flavour": "sweet"}, {"flavour": "sour"}, "`flavour` was sweet, now it is sour"),
        ({"flavour": "sweet"}, {}, "`flavour` was sweet, now it is not set"),
    ],
    ids=["filter added", "extra changed", "extra removed"],
)
def test_a_setting_that_changes_what_rows_mean_is_refused(room, before, after, words):
    """Before any request, with three ways out; the same settings go on."""
    state = room.run(stream="mine", reports=[MINE | before]).last_state
    with pytest.raises(SettingsError, match=words) as refusal:
        room.run(state, stream="mine", reports=[MINE | after])
    assert room.server.log == []
    for way in ("new name", "--clear", "drop the table", "backfill", "--accept"):
        assert way in str(refusal.value)
    room.run(state, stream="mine", reports=[MINE | before])
    # A backfill is one of the ways out: it must not be refused.
    room.run(state, stream="mine", reports=[MINE | after], backfill={"from": "2026-03-10", "to": "2026-03-12"})  # fmt: skip


def test_a_metric_is_no_other_meaning(room):
    """Adding one changes no row that is there."""
    state = room.run(stream="mine", reports=[MINE]).last_state
    room.run(state, stream="mine", reports=[MINE | {"metrics": ["value", "worth"]}])


@pytest.mark.parametrize("first", [None, ["a", "b"]], ids=["login first", "accounts first"])
def test_another_kind_of_account_is_refused(room, first):
    """Each day would be there twice: under the login and under its accounts; the setting that chooses is named."""
    other = ["a", "b"] if first is None else None
    state = room.run(accounts=first).last_state
    words = r"\(chosen by the setting `accounts`\): each day would be there twice"
    with pytest.raises(SettingsError, match=words):
        room.run(state, accounts=other)
    assert room.server.log == []


def test_a_state_of_0_1_is_brought_forward(room):
    """It keeps neither settings nor how final days were: it is taken as it is, and looks back once."""
    old = {
        "replication_key": "day",
        "replication_key_value": "2026-03-18",
        "covered": [["2026-03-02", "2026-03-18"]],
        "unfinished": {"until": "2026-03-19", "again": [["2026-03-15", "2026-03-16"]]},
        "report": {"grain": ["_partition", "day", "thing"], "time_zone": "UTC"},
    }
    got = room.run({"bookmarks": {"by_day": old}})
    assert days(got) == ("2026-03-15", "2026-03-20")
    assert got.last_state["bookmarks"]["by_day"]["report"]["grain"] == ["_account", "day", "thing"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"tap": "tap-other"}, "was written by tap-other"),
        ({"version": 3}, "by a later version"),
    ],
    ids=["another tap", "a later version"],
)
def test_a_state_of_somebody_else_is_refused(room, change, words):
    """Two taps may have a report of one name; a later version may mean something else by the same words."""
    state = room.run().last_state
    state["bookmarks"]["by_day"]["report"] |= change
    with pytest.raises(SettingsError, match=words):
        room.run(state)
    assert room.server.log == []


ENTRY = {
    "replication_key_value": "2026-03-18",
    "covered": [["2026-03-02", "2026-03-18"]],
    "reread": [["2026-03-15", "2026-03-18", "2026-03-18T12"]],
}


@pytest.mark.parametrize(
    ("mark", "words"),
    [
        ("soon", "can't be understood"),
        ({**ENTRY, "replication_key_value": "soon"}, "not a date"),
        ({**ENTRY, "replication_key_value": None}, "has no `replication_key_value`"),
        ({**ENTRY, "covered": [["2026-03-18", "2026-03-02"]]}, "ends before it begins"),
        ({**ENTRY, "covered": ["2026-03-18"]}, "not a date"),
        ({**ENTRY, "unfinished": 1}, "not a date"),
        ({**ENTRY, "jobs": [["x", {}]]}, "not a date"),
        ({**ENTRY, "report": ["grain"]}, "`report` can't be understood"),
        ({**ENTRY, "greatest_ids": "x"}, "`greatest_ids` can't be understood"),
        ({**ENTRY, "greatest_ids": {"things": "7"}}, "`greatest_ids` can't be understood"),
        ({**ENTRY, "greatest_ids_before": [7]}, "`greatest_ids_before` can't be understood"),
        ({**ENTRY, "greatest_ids_at": "soon"}, "not a date"),
        ({"partitions": [{"context": {"account": "a"}}] * 2}, "two entries of"),
        ({"partitions": ["a"]}, "a partition of 'by_day' can't be understood"),
        ({"alike": [{"context": {"account": "a"}}]}, "`alike` is not a list of entries"),
    ],
)
def test_a_damaged_state_is_named_with_what_to_do(room, mark, words):
    """Cut off, edited by hand, put together of two: better no run than one that reads all or nothing."""
    with pytest.raises(SettingsError) as refusal:
        room.run({"bookmarks": {"by_day": mark}})
    assert words in str(refusal.value)
    assert room.server.log == []


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"bookmark": {"by_day": {}}}, "there are no `bookmarks` in it (bookmark)"),
        (
            {"bookmarks": {"orders": {"replication_key_value": "2026-01-01"}}},
            "is it another tap's?",
        ),
    ],
    ids=["no bookmarks", "none of ours"],
)
def test_a_state_that_says_nothing_of_us_is_said(room, caplog, state, words):
    """All is read from its start, and nobody must wonder why."""
    assert days(room.run(state)) == ("2026-03-02", "2026-03-20")
    assert words in caplog.text


def test_rows_that_0_1_gave_another_key_are_ghosts_once_they_are_read_again(room):
    """Its keys lacked a currency that is the same in all rows: both rows stand there, and the views show one."""
    store = Warehouse()
    with patch.object(Restating, "key_columns", lambda _report: frozenset()):
        old = room.run()
    store.load(old)
    got = room.run(old.last_state, now="2026-03-21T12:00:00+00:00")
    store.load(got)
    read = {r["day"] for r in got.records["by_day"]}
    assert len(store.rows) > len({(r["day"], r["thing"]) for r in store.rows.values()})
    live = [(r["day"], r["thing"]) for r in store.live(Grain.DAY)]
    assert len(live) == len(set(live))
    assert {day for day, _ in live} >= read


# -- bookmarks and clocks ------------------------------------------------------------------------


@pytest.mark.parametrize("shape", ["own", "partitions", "folded"])
def test_a_bookmark_in_the_future_is_refused_by_name(room, shape):
    """Nothing would be read, and nobody would know; the line says how to set it back."""
    entry = {"replication_key": "day", "replication_key_value": "2030-01-01"}
    marks: dict[str, Any] = {
        "own": entry,
        "partitions": {"partitions": [{"context": {"account": "a"}, **entry}]},
        "folded": {"alike": [{"contexts": {"account": ["a", "b"]}, **entry}]},
    }
    accounts = None if shape == "own" else ["a", "b"]
    with pytest.raises(SettingsError, match=r"2030-01-01.* lies in the future") as refusal:
        room.run({"bookmarks": {"by_day": marks[shape]}}, accounts=accounts)
    assert "adtap state set tap-restating" in str(refusal.value)
    assert room.server.log == []


def test_a_start_in_the_future_is_said(room, caplog):
    """Nothing is read, and a line says why."""
    with caplog.at_level(logging.WARNING):
        got = room.run(start_date="2030-01-01")
    assert got.windows("by_day") == []
    assert "`start_date` lies in the future (2030-01-01)" in caplog.text


def test_a_bookmark_moved_back_by_hand_is_read_from(room):
    """Whatever state says was read: this is how people have a month read again."""
    state = room.run().last_state
    state["bookmarks"]["by_day"]["replication_key_value"] = "2026-03-05"
    assert days(room.run(state)) == ("2026-03-02", "2026-03-20")  # with the lookback before it


def test_what_was_read_with_a_wrong_clock_is_read_again(room, caplog):
    """A day too far is not refused, but what state says of it is not believed, and said."""
    state = room.run(now="2026-03-21T12:00:00+00:00").last_state
    with caplog.at_level(logging.WARNING):
        room.run(state, now=NOON)
    assert "which is in the future: the clock of that run was wrong" in caplog.text
    assert days(room.run(state, now="2026-03-21T12:00:00+00:00"))[1] == "2026-03-21"


def test_what_a_clock_that_was_ahead_called_final_is_read_again(room):
    """A day ahead, it settled a day too early; the next run, with the right clock, takes it back."""
    state = room.run(now="2026-03-19T12:00:00+00:00").last_state
    wrong = room.run(state, now="2026-03-21T11:00:00+00:00")
    early = {r["day"] for r in wrong.records["by_day"] if r["_data_state"] == "settled"}
    assert "2026-03-17" in early  # over for three days only at midnight before the 21st
    right = room.run(wrong.last_state)
    assert {r["_data_state"] for r in right.records["by_day"] if r["day"] == "2026-03-17"} == {"provisional"}  # fmt: skip


def test_a_clock_that_was_ahead_is_not_forgotten_of_an_account_that_is_away(room):
    """The next run reads another account alone; what the first was called too early is read again once it is back."""
    state = room.run(now="2026-03-19T12:00:00+00:00", accounts=["a", "b"]).last_state
    wrong = room.run(state, now="2026-03-21T11:00:00+00:00", accounts=["a", "b"]).last_state
    state = room.run(wrong, accounts=["b"]).last_state
    got = room.run(state, now="2026-03-22T12:00:00+00:00", accounts=["a", "b"])
    mine = [w for w in got.windows("by_day") if w["account"] == '{"account":"a"}']
    assert min(w["window_start"] for w in mine)[:10] == "2026-03-16"


def test_a_run_that_was_killed_and_started_again_leaves_the_state_of_one_that_was_not(room):
    """When it was read before the last time is what that was before either."""
    more = {"start_date": "2026-02-20"}
    whole = room.run(**more).last_state
    again = room.run(room.run(**more).states[0], now="2026-03-20T12:05:00+00:00", **more)
    assert again.last_state == whole


def test_a_clock_a_year_ahead_stops_the_next_run_and_is_healed_by_hand(room):
    """Three monthly runs asked nothing once; now the first is refused, and the bookmark set back reads it all."""
    more = {"stream": "by_month", "start_date": "2025-10-01", "lookback_days": 30}
    state = room.run(**more).last_state
    wrong = room.run(state, now="2027-03-20T12:00:00+00:00", **more).last_state
    with pytest.raises(SettingsError, match=r"2027-03-01.* lies in the future"):
        room.run(wrong, now="2026-04-20T12:00:00+00:00", **more)
    wrong["bookmarks"]["by_month"]["replication_key_value"] = "2026-03-01"
    got = room.run(wrong, now="2026-04-20T12:00:00+00:00", **more)
    assert days(got, "by_month") == ("2026-01-01", "2026-04-01")
    assert {r["_data_state"] for r in got.records["by_month"] if r["month"] == "2026-03-01"} == {"provisional"}  # fmt: skip


def test_a_reading_is_never_dated_before_the_one_before_it(room):
    """A clock that was ahead once must not make what is read later look like the earlier reading."""
    ahead = datetime(2031, 5, 5, 12, tzinfo=UTC)

    class Wrong(Clock):
        def now(self) -> datetime:
            return ahead

        def read_at(self) -> datetime:
            return ahead

    with patch("adtap_core.tap._clock", Wrong):
        wrong = room.run(start_date="2031-05-01", now=ahead.isoformat())
    state = copied(wrong.last_state)
    state["bookmarks"]["by_day"]["replication_key_value"] = "2031-05-04"

    class Right(Clock):
        def now(self) -> datetime:
            return datetime(2031, 5, 4, 13, tzinfo=UTC)

        def read_at(self) -> datetime:
            return self.now()

    for _ in range(2):  # the run after the next one, too
        with patch("adtap_core.tap._clock", Right):
            right = room.run(state, start_date="2031-05-01", now="2031-05-04T13:00:00+00:00")
        before = max(w["synced_at"] for w in wrong.windows("by_day"))
        assert min(w["synced_at"] for w in right.windows("by_day")) > before
        wrong, state = right, right.last_state


def test_rows_read_with_a_clock_hours_ahead_hide_none_that_are_read_later(room):
    """Rows, ledger and ghosts of a run that was eleven hours ahead, a backfill and a run after it, all within those."""
    server, store, state = room.server, Warehouse(), None
    config = {"api_url": server.url, "start_date": "2026-03-10", "max_retries": 0}
    catalog = select(TapRestating, config, {"by_day"})
    backfill = {"backfill": {"from": "2026-03-17", "to": "2026-03-19"}}
    dated = []
    for hour, ahead, more in (
        (6, 11, {}),
        (7, 0, backfill),
        (8, 0, {}),
        (9, 0, backfill),
        (10, 0, {}),
    ):
        now = datetime(2026, 3, 20, hour, tzinfo=UTC)
        server.now = now.isoformat()
        with patch("adtap_core.tap._clock", lambda at=now + timedelta(hours=ahead): Played(at)):
            got = run_tap(TapRestating, config | more, state=state, catalog=catalog)
        store.load(got)
        dated.append({w["synced_at"] for w in got.windows("by_day")})
        state = state if more else copied(got.last_state)
    assert all(max(one) < min(other) for one, other in pairwise(dated))
    assert len(store.live(Grain.DAY)) == sum(
        len(truth(Grain.DAY, Zone("UTC"), datetime(2026, 3, day), "", now)) for day in range(10, 20)
    )


def test_shards_whose_runs_were_read_at_different_times_are_merged(room):
    """The last reading is the later one, and what was trusted before is what both had read."""
    state = room.run(accounts=["a", "b"]).last_state
    split = parts(state)
    shards = [room.run(split[part_name({"account": a})], now=f"2026-03-2{n}T12:00:00+00:00", accounts=[a]).last_state for n, a in enumerate("ab", 1)]  # fmt: skip
    whole = merged(shards)
    assert whole["bookmarks"]["by_day"]["read_at"] == ["2026-03-20T12:00", "2026-03-22T12:00"]
    got = room.run(whole, now="2026-03-23T12:00:00+00:00", accounts=["a", "b"])
    assert days(got) == ("2026-03-18", "2026-03-23")


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


# -- broken runs ---------------------------------------------------------------------------------


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


def test_a_setting_that_is_gone_does_not_come_back_by_a_merge(room):
    """The report was loaded anew without it: the next run must not be refused for a setting of the old one."""
    stored = room.run(stream="mine", reports=[MINE | {"flavour": "sweet"}]).last_state
    for state in room.run(stream="mine", reports=[MINE]).states:
        stored = meltano_merged(state, stored)
    room.run(stored, stream="mine", reports=[MINE])


def test_days_that_were_left_out_while_young_are_read_again(room):
    """Start moved later, a run, moved back: what was provisional then is read once more."""
    state = room.run(start_date="2026-03-02").last_state
    state = room.run(state, start_date="2026-03-21", now="2026-03-22T12:00:00+00:00").last_state
    got = room.run(state, start_date="2026-03-02", now="2026-03-26T12:00:00+00:00")
    read = {w["window_start"][:10] for w in got.windows("by_day")}
    assert min(read) == "2026-03-17"


# -- catalogs, wrappers, metrics -----------------------------------------------------------------


def test_a_state_in_meltanos_wrapper_is_understood(room):
    """What `meltano state get` prints."""
    state = room.run().last_state
    for wrapped in ({"singer_state": state}, {"completed": {"singer_state": state}, "partial": {}}):
        assert days(room.run(wrapped)) == ("2026-03-17", "2026-03-20")


def edited(change: Any) -> dict[str, Any]:
    """A catalog with the report selected, changed by hand."""
    catalog = select(TapRestating, {}, {"by_day"})
    for entry in catalog["streams"]:
        if entry["tap_stream_id"] == "by_day":
            change(entry)
    return catalog


def run_with(room: Room, catalog: dict[str, Any], state: Any = None) -> Messages:
    """Run with a catalog."""
    room.server.now = NOON
    config = {"api_url": room.server.url, "start_date": "2026-03-02", "max_retries": 0}
    with patch.dict(os.environ, {"ADTAPS_NOW": NOON}):
        return run_tap(TapRestating, config, state=state, catalog=catalog)


def test_a_catalog_may_ask_for_a_full_read(room):
    """FULL_TABLE reads everything, whatever state says was read."""
    state = room.run().last_state
    full = edited(lambda entry: entry.update(replication_method="FULL_TABLE"))
    assert days(run_with(room, full, state)) == ("2026-03-02", "2026-03-20")


def test_a_full_read_may_be_asked_for_in_the_metadata(room):
    """`forced-replication-method` goes before the method that discovery wrote into the entry itself."""
    state = room.run().last_state

    def force(entry: dict[str, Any]) -> None:
        assert entry["replication_method"] == "INCREMENTAL"
        (root,) = (m["metadata"] for m in entry["metadata"] if not m["breadcrumb"])
        root["forced-replication-method"] = "FULL_TABLE"

    assert days(run_with(room, edited(force), state)) == ("2026-03-02", "2026-03-20")


def test_keys_come_from_the_tap(room, caplog):
    """Narrowed in a catalog they would make rows collide."""
    narrow = edited(lambda entry: entry.update(key_properties=["day"]))
    with caplog.at_level(logging.WARNING):
        got = run_with(room, narrow)
    assert got.schemas["by_day"]["key_properties"] == ["_row_key"]
    assert "key_properties" in caplog.text


def test_a_metric_that_is_new_is_said_with_the_setting_that_fills_it(room, caplog):
    """It is null in what was read before; `adtap status` knows from when on it is filled."""
    state = room.run(stream="mine", reports=[MINE]).last_state
    with caplog.at_level(logging.WARNING):
        got = room.run(state, stream="mine", reports=[MINE | {"metrics": ["value", "worth"]}])
    assert "worth is new: null before 2026-03-17" in caplog.text
    backfill = caplog.text.partition("setting backfill: ")[2].partition("\n")[0]
    assert json.loads(backfill) == {"from": "2026-03-02", "to": "2026-03-17", "streams": ["mine"]}
    assert got.last_state["bookmarks"]["mine"]["report"]["metrics"] == [["value", None], ["worth", "2026-03-17"]]  # fmt: skip
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        room.run(got.last_state, stream="mine", reports=[MINE | {"metrics": ["value", "worth"]}])
    assert "is new" not in caplog.text


def test_a_new_metric_is_null_in_the_old_rows_of_one_account_whatever_a_new_account_reads(
    room, caplog
):
    """The new account is read from the start with it: that says nothing of the others."""
    old, new = MINE, MINE | {"metrics": ["value", "worth"]}
    state = room.run(stream="mine", reports=[old], accounts=["a"]).last_state
    got = room.run(state, stream="mine", reports=[new], accounts=["a", "b"])
    assert "worth is new: null before 2026-03-17" in caplog.text
    assert got.last_state["bookmarks"]["mine"]["report"]["metrics"] == [["value", None], ["worth", "2026-03-17"]]  # fmt: skip


def test_a_new_metric_is_filled_from_where_a_killed_run_came_to(room):
    """Until the run has ended it is filled only from the bookmark on that it began with."""
    old, new = MINE, MINE | {"metrics": ["value", "worth"]}
    state = room.run(stream="mine", reports=[old], lookback_days=14).last_state
    got = room.run(state, stream="mine", reports=[new], lookback_days=14)
    said = [s["bookmarks"]["mine"]["report"]["metrics"][1][1] for s in got.states]
    assert said == [*["2026-03-20"] * (len(said) - 1), "2026-03-06"]
