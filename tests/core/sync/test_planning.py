"""What a report sync will ask for: how far back, which windows, whole weeks and months only."""

import logging
import os
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adtap_core.declare import Report
from adtap_core.platform import Partition
from adtap_core.sync.planning import (
    PartitionPlan,
    bundles,
    cut_out,
    lookback_days,
    settle_days,
)
from adtap_core.tap import RunFailed
from adtap_core.testing import run_tap, select
from adtap_core.windows import Grain, Interval
from tests.core.conftest import Tiny
from tests.core.restating import RestatingServer, TapRestating
from tests.core.tiny import TapTiny, TinyPlatform

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)


def run(grain: str, **settings: object):
    """One run of the restating tap, of one grain."""
    with RestatingServer() as server:
        server.now = NOW.isoformat()
        config = {
            "api_url": server.url,
            "accounts": ["a"],
            "start_date": "2026-02-02",
            "max_retries": 0,
            **settings,
        }
        catalog = select(TapRestating, config, {f"by_{grain}"})
        with patch.dict(os.environ, {"ADTAPS_NOW": NOW.isoformat()}):
            return run_tap(TapRestating, config, catalog=catalog)


@pytest.mark.parametrize(("grain", "first"), [("week", "2026-02-02"), ("month", "2026-02-01")])
def test_a_backfill_of_part_of_a_bucket_fails_and_names_the_whole(grain, first, caplog):
    """Nothing would be asked, and exit 0 would say that all was."""
    with pytest.raises(RunFailed):
        run(grain, backfill={"from": "2026-02-03", "to": "2026-02-07"})
    assert f"only whole ones are read, and there is none; ask for {first} to " in caplog.text


def test_a_backfill_that_cuts_a_bucket_reads_the_whole_ones_and_says_so(caplog):
    """The weeks at its ends are left out, by name."""
    found = run("week", backfill={"from": "2026-02-03", "to": "2026-02-25"})
    assert {r["week"] for r in found.records["by_week"]} == {"2026-02-09", "2026-02-16"}
    assert (
        "`backfill` lies inside a week; only whole ones are read: 2026-02-09 to 2026-02-23"
        in caplog.text
    )


def test_a_start_inside_a_month_is_said(caplog):
    """The month that it lies in is not read: the days before it were not wanted."""
    with caplog.at_level(logging.WARNING):
        run("month", start_date="2026-01-15")
    assert (
        "`start_date` lies inside a month; only whole ones are read, from 2026-02-01" in caplog.text
    )


def test_whole_buckets_need_no_word(caplog):
    """Days, and what begins and ends with a bucket."""
    run("week", backfill={"from": "2026-02-02", "to": "2026-02-16"})
    run("day", backfill={"from": "2026-02-03", "to": "2026-02-05"})
    assert "only whole ones" not in caplog.text


DAYS = st.none() | st.integers(0, 30)
MONDAY = datetime(2026, 3, 2)


def report(**fields: object) -> Report:
    return Report(name="mine", dimensions=(), metrics=("clicks",), **fields)


@given(own=DAYS, setting=DAYS, built_in=DAYS, platform=st.integers(0, 30))
def test_the_nearest_word_on_a_lookback_is_the_one_that_counts(own, setting, built_in, platform):
    """The definition's, the setting's, the report's, the platform's: 0 is a word, null is none."""
    made = report(own_lookback_days=own, lookback_days=built_in)
    said = [days for days in (own, setting, built_in, platform) if days is not None]
    assert lookback_days(made, {"lookback_days": setting}, platform) == said[0]


@given(own=DAYS, setting=DAYS, settles=DAYS, platform=st.integers(0, 30))
def test_nothing_is_settled_while_it_is_read_again_or_the_platform_may_restate_it(own, setting, settles, platform):  # fmt: skip
    """Whatever lookback the user chose."""
    made = report(own_lookback_days=own, settle_days=settles)
    days = settle_days(made, {"lookback_days": setting}, platform)
    assert days >= lookback_days(made, {"lookback_days": setting}, platform)
    assert days >= (platform if settles is None else settles)


@given(
    stretches=st.lists(st.integers(1, 9), min_size=1, max_size=4),
    jobs=st.lists(st.tuples(st.integers(-2, 40), st.integers(0, 9)), max_size=4),
)
def test_what_is_read_is_the_same_wherever_jobs_are_on_their_way(stretches, jobs):
    """Cut where their windows begin and end, so that they are polled on; no day more, none less, none twice."""
    left, at = [], MONDAY
    for days in stretches:  # with a day between two
        left.append(Interval(at, at + timedelta(days)))
        at += timedelta(days + 1)
    windows = [Interval(MONDAY + timedelta(a), MONDAY + timedelta(a + n)) for a, n in jobs]
    names = [f"{w.start.date()}/{w.end.date()}" for w in windows]
    cut = cut_out(left, names, Grain.DAY)
    assert days_of(cut) == days_of(left)
    assert all(a.end <= b.start for a, b in pairwise(cut))
    for window in windows[:1]:  # it finds all as it was
        inside = any(s.start <= window.start and window.end <= s.end for s in left)
        if inside and not window.is_empty:
            assert {window.start, window.end} <= borders(cut)


def days_of(stretches: list[Interval]) -> list[datetime]:
    return [s.start + timedelta(n) for s in stretches for n in range((s.end - s.start).days)]


def borders(stretches: list[Interval]) -> set[datetime]:
    return {border for s in stretches for border in (s.start, s.end)}


def test_a_job_of_part_of_a_bucket_is_polled_on_only_where_that_part_is_read():
    """Of a day that was running it holds less than the whole."""
    hours = [Interval(MONDAY, MONDAY + timedelta(days=2))]
    half = "2026-03-02/2026-03-02T12"
    assert cut_out(hours, [half], Grain.DAY) == hours
    to_noon = [Interval(MONDAY, MONDAY + timedelta(hours=12))]
    assert cut_out(to_noon, [half], Grain.DAY) == to_noon


@given(windows=st.lists(st.integers(0, 2), max_size=12), size=st.integers(1, 4))
def test_accounts_share_a_request_if_their_windows_agree(windows, size):
    """At most so many, each once, in their order."""
    plans = [
        PartitionPlan(Partition({"account": str(n)}), None, [Interval(MONDAY, MONDAY + timedelta(w))], None)  # type: ignore[arg-type]
        for n, w in enumerate(windows)
    ]  # fmt: skip
    made = list(bundles(plans, size))
    assert sorted(id(p) for b in made for p in b.plans) == sorted(map(id, plans))
    for bundle in made:
        assert 0 < len(bundle.plans) <= size
        assert all(p.windows == bundle.windows for p in bundle.plans)
    for bundle in made:
        alike = [p for b in made if b.windows == bundle.windows for p in b.plans]
        assert alike == [p for p in plans if p.windows == bundle.windows]


def asked(tiny: Tiny, **settings: object):
    """What the tiny tap's settings ask for."""
    (stream,) = TapTiny(config=tiny.config | settings).report_streams()
    return stream.planner().requested()


def test_today_is_read_by_whoever_wants_it_and_never_complete(tiny: Tiny) -> None:
    """The bookmark does not pass the last bucket that is over; an end that is set is not passed either."""
    today, tomorrow = datetime(2026, 3, 18), datetime(2026, 3, 19)
    plain, running = asked(tiny), asked(tiny, include_today=True)
    assert (plain.start, plain.end, plain.complete) == (datetime(2026, 3, 8), today, today)
    assert (running.end, running.complete) == (tomorrow, today)
    ended = asked(tiny, include_today=True, end_date="2026-03-12")
    assert (ended.end, ended.complete) == (datetime(2026, 3, 12),) * 2


def test_without_a_start_thirty_days_are_asked_for(tiny: Tiny) -> None:
    """A start that nobody set moves with the clock: what it is gets into the state."""
    found = asked(tiny, start_date=None)
    assert (found.start, found.default_start) == (datetime(2026, 2, 16), True)
    assert not asked(tiny).default_start


@pytest.mark.parametrize(("first", "said"), [(datetime(2026, 3, 10), True), (datetime(2026, 3, 1), False)])  # fmt: skip
def test_what_the_platform_does_not_hold_is_no_day_without_rows(tiny: Tiny, monkeypatch, caplog, first, said):  # fmt: skip
    """It is neither asked for nor covered; what is missing before it is said, and what comes after it waits."""
    held = Interval(first, datetime(2026, 3, 15))
    monkeypatch.setattr(TinyPlatform, "available_range", lambda *_: held)
    got = tiny.run(accounts=["x"])
    days = [row["day"] for row in got.records["spend_daily"]]
    assert min(days) == max(f"{first:%Y-%m-%d}", "2026-03-08")
    assert max(days) == "2026-03-14"
    (mark,) = got.last_state["bookmarks"]["spend_daily"]["partitions"]
    assert mark["replication_key_value"] == "2026-03-15"
    assert ("the platform holds data only from 2026-03-10 on" in caplog.text) is said
