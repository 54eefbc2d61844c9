"""When a report was read, by clocks that may be wrong: what was called final too early is read again."""

import logging
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from unittest.mock import patch

import pytest

from adtap_core.clock import Clock
from adtap_core.errors import SettingsError
from adtap_core.testing import run_tap, select
from adtap_core.windows import Grain, Zone
from tests.core.restating import NOON, Played, TapRestating, Warehouse, copied, days, truth


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
