"""Windows: pure arithmetic, held by properties."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adtap_core.state.bookmarks import Bookmark, SyncRange
from adtap_core.sync.planning import cut_out
from adtap_core.windows import Grain, Interval, Zone, cut, join, midnight, subtract
from tests.core.tiny import local as moment_of

DAYS = st.dates(date(2025, 1, 1), date(2026, 12, 31))
ONE_DAY = timedelta(days=1)


def days_in(windows: list[Interval]) -> list[date]:
    """Every day that the windows hold, in order."""
    return [
        w.start.date() + n * ONE_DAY for w in windows for n in range((w.end - w.start) // ONE_DAY)
    ]


def days(first: date, end: date) -> list[date]:
    """The days from one up to another, the end left out."""
    return [first + n * ONE_DAY for n in range(max(0, (end - first).days))]


def wish(start: date, end: date, lookback: int = 0, today: date | None = None) -> SyncRange:
    """A wish for whole days that are over, made at noon of the day after the last one."""
    now = midnight(today or end) + timedelta(hours=12)
    return SyncRange(
        start=midnight(start),
        end=midnight(end),
        complete=midnight(end),
        closed=midnight(today or end),
        lookback_days=lookback,
        over=now,
        now=now.replace(tzinfo=UTC),
    )


@given(start=DAYS, length=st.integers(0, 400), span=st.integers(1, 90))
def test_windows_tile_the_days_asked_for(start: date, length: int, span: int) -> None:
    """No day is asked for twice, none is left out, none lies outside, none is longer than allowed."""
    end = start + length * ONE_DAY
    whole = [Interval(midnight(start), midnight(end))] if length else []
    windows = list(cut(whole, grain=Grain.DAY, span_days=span))
    assert days_in(windows) == days(start, end)
    assert all(w.end - w.start <= span * ONE_DAY for w in windows)


@given(start=DAYS, hours=st.integers(1, 24 * 40), span=st.integers(1, 31))
def test_hourly_windows_tile_up_to_the_last_hour(start: date, hours: int, span: int) -> None:
    """Windows of an hourly report end at midnights, the last one at the hour that is over."""
    end = midnight(start) + timedelta(hours=hours)
    windows = list(cut([Interval(midnight(start), end)], grain=Grain.HOUR, span_days=span))
    assert windows[0].start == midnight(start)
    assert windows[-1].end == end
    assert all(a.end == b.start for a, b in pairwise(windows))
    assert all(w.end.hour == 0 for w in windows[:-1])


@given(start=DAYS, months=st.integers(1, 20), span=st.integers(1, 90))
def test_monthly_windows_hold_whole_months(start: date, months: int, span: int) -> None:
    """A month is never cut, however short the span."""
    first = Grain.MONTH.floor(midnight(start))
    end = Grain.MONTH.after(first, months)
    windows = list(cut([Interval(first, end)], grain=Grain.MONTH, span_days=span))
    assert windows[0].start == first
    assert windows[-1].end == end
    assert all(w.start.day == 1 and w.end.day == 1 for w in windows)


@given(
    pieces=st.lists(st.tuples(st.integers(0, 60), st.integers(0, 20)), max_size=8),
    holes=st.lists(st.tuples(st.integers(0, 60), st.integers(-20, 20)), max_size=8),
)
def test_what_is_left_is_what_no_hole_holds(
    pieces: list[tuple[int, int]], holes: list[tuple[int, int]]
) -> None:
    """Sets of days, done by intervals, equal sets of days done one by one."""
    zero = midnight(date(2026, 1, 1))

    def made(pairs: list[tuple[int, int]]) -> list[Interval]:
        return [Interval(zero + a * ONE_DAY, zero + (a + n) * ONE_DAY) for a, n in pairs]

    left = days_in(subtract(made(pieces), made(holes)))
    expected = set(days_in(join(made(pieces)))) - set(days_in(join(made(holes))))
    assert left == sorted(expected)


@given(
    start=DAYS,
    length=st.integers(1, 120),
    lookback=st.integers(0, 40),
    later=st.integers(0, 20),
    span=st.integers(1, 31),
)
def test_a_second_run_reads_the_new_days_and_the_lookback_only(
    start: date, length: int, lookback: int, later: int, span: int
) -> None:
    """Lookback counts from the bookmark and never crosses the start."""
    entry: dict[str, object] = {}
    end = start + length * ONE_DAY
    run(entry, wish(start, end, lookback), span)
    assert entry["replication_key_value"] == end.isoformat()
    then = end + later * ONE_DAY
    read = run(entry, wish(start, then, lookback), span)
    assert days_in(read) == days(max(start, end - lookback * ONE_DAY), then)


@given(
    start=DAYS,
    first_run=st.integers(1, 60),
    lookback=st.integers(0, 20),
    new=st.integers(1, 40),
    span=st.integers(1, 10),
    dies_after=st.integers(0, 12),
)
def test_a_killed_run_goes_on_where_it_was(
    start: date, first_run: int, lookback: int, new: int, span: int, dies_after: int
) -> None:
    """Killed after any window and begun again: each window is read once, the lookback included."""
    entry: dict[str, object] = {}
    end = start + first_run * ONE_DAY
    run(entry, wish(start, end, lookback), span)
    wanted = wish(start, end + new * ONE_DAY, lookback)
    before = run(entry, wanted, span, stop_after=dies_after)
    rest = run(entry, wanted, span)
    first = max(start, end - lookback * ONE_DAY)
    assert days_in(before) + days_in(rest) == days(first, end + new * ONE_DAY) or (
        # A run that had ended already begins a new one, with a lookback of its own.
        days_in(before) == days(first, end + new * ONE_DAY)
    )
    assert entry["unfinished"] is None


@given(start=DAYS, earlier=st.integers(1, 100), span=st.integers(1, 31))
def test_a_start_date_moved_earlier_reads_only_the_gap(
    start: date, earlier: int, span: int
) -> None:
    """What was read stays read; the bookmark does not move back."""
    entry: dict[str, object] = {}
    end = start + 10 * ONE_DAY
    run(entry, wish(start, end), span)
    sooner = start - earlier * ONE_DAY
    assert days_in(run(entry, wish(sooner, end), span)) == days(sooner, start)
    assert entry["replication_key_value"] == end.isoformat()
    assert run(entry, wish(sooner, end), span) == []


@given(
    start=DAYS,
    steps=st.lists(st.tuples(st.integers(-5, 9), st.integers(0, 5)), min_size=1, max_size=8),
)
def test_the_bookmark_never_moves_back(start: date, steps: list[tuple[int, int]]) -> None:
    """Whatever the clock and the lookback do."""
    entry: dict[str, object] = {}
    end, highest = start + ONE_DAY, ""
    for move, lookback in steps:
        end = end + move * ONE_DAY
        run(entry, wish(start, end, lookback), 3)
        value = str(entry.get("replication_key_value", ""))
        assert value >= highest
        highest = value


def test_a_run_resumed_days_later_loses_no_restatement() -> None:
    """Had the broken run ended, the next one would look back from its end: so does this one."""
    start = date(2026, 1, 1)
    entry: dict[str, object] = {}
    run(entry, wish(start, date(2026, 2, 1), 7), 1)
    run(entry, wish(start, date(2026, 2, 2), 7), 1, stop_after=5)
    read = run(entry, wish(start, date(2026, 2, 10), 7), 1)
    assert days_in(read) == days(date(2026, 1, 26), date(2026, 2, 10))


def test_a_partial_bucket_is_read_but_never_bookmarked() -> None:
    """`include_today`: today is read each time, the bookmark stops before it."""
    entry: dict[str, object] = {}
    start, today = date(2026, 3, 1), date(2026, 3, 5)
    wanted = replace(wish(start, today), end=midnight(today + ONE_DAY))
    assert days_in(run(entry, wanted, 30)) == days(start, today + ONE_DAY)
    assert entry["replication_key_value"] == "2026-03-05"
    assert days_in(run(entry, wanted, 30)) == [today]


@pytest.mark.parametrize(
    ("zone", "local", "instant"),
    [
        ("Europe/Berlin", "2026-03-29T01:00", "2026-03-29T00:00"),
        ("Europe/Berlin", "2026-03-29T03:00", "2026-03-29T01:00"),
        ("Europe/Berlin", "2026-10-25T02:00", "2026-10-25T00:00"),
        ("America/New_York", "2026-11-01T00:00", "2026-11-01T04:00"),
        ("+05:30", "2026-11-01T00:00", "2026-10-31T18:30"),
    ],
)
def test_hours_are_instants_on_the_days_that_clocks_change(
    zone: str, local: str, instant: str
) -> None:
    """A wall-clock hour is the UTC instant it happened at."""
    moment = Zone(zone).instant(datetime.fromisoformat(local))
    assert moment == datetime.fromisoformat(instant).replace(tzinfo=UTC)


def run(
    entry: dict[str, object], wanted: SyncRange, span: int, stop_after: int | None = None
) -> list[Interval]:
    """Plan and close windows as a sync does; give those that were closed."""
    bookmark = Bookmark(entry, Grain.DAY, Zone("UTC"))
    if wanted.start >= wanted.end:
        return []
    windows = list(cut(bookmark.plan(wanted), grain=Grain.DAY, span_days=span))
    for count, window in enumerate(windows):
        if count == stop_after:
            return windows[:count]
        bookmark.close(window, wanted)
    bookmark.end()
    return windows


def test_a_window_whose_job_runs_stays_a_window():
    """A day later the asked days end a day later; the job that was bought for fewer is polled on."""
    asked = [Interval(moment_of("2026-11-10"), moment_of("2026-11-22"))]
    jobs = {"2026-11-17/2026-11-21": {}, "2026-11-10/2026-11-12": {}, "2026-10-01/2026-10-05": {}}
    cuts = [(w.start.day, w.end.day) for w in cut_out(asked, jobs, Grain.DAY)]
    assert cuts == [(10, 12), (12, 17), (17, 21), (21, 22)]
    assert join(cut_out(asked, jobs, Grain.DAY)) == asked
    assert cut_out(asked, {"2026-11-20/2026-11-25": {}}, Grain.DAY) == asked


def test_a_job_of_a_running_day_cuts_no_later_reading_of_it():
    """Half a day would be asked for behind it; where the day still ends there, the job is polled on."""
    jobs = ["2026-11-17/2026-11-18T14"]
    later = [Interval(moment_of("2026-11-10"), moment_of("2026-11-22"))]
    assert cut_out(later, jobs, Grain.DAY) == later
    (before, running) = cut_out(
        [Interval(moment_of("2026-11-10"), moment_of("2026-11-18T14:00"))], jobs, Grain.DAY
    )
    assert (before.end, running.end) == (running.start, moment_of("2026-11-18T14:00"))
    assert cut_out(later, jobs, Grain.HOUR) != later
