"""A warehouse held against the platform's own totals: who read a bucket last, and what would mend it."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from adtap_core.declare import Report
from adtap_core.inspect.coverage import Read
from adtap_core.inspect.reconcile import (
    Backfill,
    Difference,
    LatestReads,
    Reconciled,
    moment_of,
    repairs,
    spelled,
)
from adtap_core.rows.report_rows import DataState
from adtap_core.sync.control_totals import Mismatch
from adtap_core.windows import Grain, Interval, Zone

FIRST = datetime(2026, 1, 1)
NEW_YORK = Zone("America/New_York")


def day(number: int) -> datetime:
    return FIRST + timedelta(days=number)


def made(name: str, *days: str, span: int = 10, grain: Grain = Grain.DAY) -> Reconciled:
    """Return a report with differences on these days."""
    report = Report(name=name, dimensions=(), metrics=("clicks",), span_days=span, grain=grain)
    nothing = Mismatch((), "clicks", None, None)
    differences = [Difference(nothing, d, "", DataState.SETTLED, None) for d in days]
    return Reconciled(report, differences=differences)


def test_repairs_are_the_fewest_ranges() -> None:
    """Days within one request of each other are one range; those further apart are two."""
    a = made("a", "2026-01-01", "2026-01-04", "2026-02-01")
    b = made("b", "2026-01-10", "2026-01-11", "2026-02-02")
    assert [r.setting() for r in repairs([a, b])] == [
        {"from": "2026-01-01", "to": "2026-01-12", "streams": ["a", "b"]},
        {"from": "2026-02-01", "to": "2026-02-03", "streams": ["a", "b"]},
    ]
    assert repairs([made("a")]) == []
    assert repairs([a]) == [
        Backfill(datetime(2026, 1, 1), datetime(2026, 1, 5), {"a"}),
        Backfill(datetime(2026, 2, 1), datetime(2026, 2, 2), {"a"}),
    ]


@given(days=st.sets(st.integers(0, 60), max_size=12), span=st.integers(1, 31))
def test_every_differing_day_is_read_again_once(days, span):
    """By ranges that lie apart; each begins and ends with a day that differs, and costs no request in vain."""
    found = repairs([made("a", *(day(n).date().isoformat() for n in days), span=span)])
    for backfill in found:
        first, last = (backfill.first - FIRST).days, (backfill.last - FIRST).days - 1
        assert {first, last} <= days
        inside = sorted(n for n in days if first <= n <= last)
        assert all(b - a == 1 or b + 1 - first <= span for a, b in pairwise(inside))
    held = [n for n in range(70) for b in found if b.first <= day(n) < b.last]
    assert len(held) == len({*held})
    assert days <= {*held}
    assert all(a.last < b.first for a, b in pairwise(found))


def test_of_weeks_and_months_the_whole_bucket_is_read_again():
    """A backfill of part of one reads nothing."""
    (week,) = repairs([made("w", "2026-01-07", grain=Grain.WEEK)])
    (month,) = repairs([made("m", "2026-02-10", grain=Grain.MONTH)])
    (hour,) = repairs([made("h", "2026-02-10", grain=Grain.HOUR)])
    assert (week.first, week.last) == (datetime(2026, 1, 5), datetime(2026, 1, 12))
    assert (month.first, month.last) == (datetime(2026, 2, 1), datetime(2026, 3, 1))
    assert (hour.first, hour.last) == (datetime(2026, 2, 10), datetime(2026, 2, 11))


@given(
    reads=st.lists(st.tuples(st.integers(0, 19), st.integers(1, 6)), max_size=9),
    order=st.randoms(),
)
def test_the_last_reading_of_a_bucket_is_found_among_thousands(reads, order):
    """As a look at every window would find it; between windows there is none."""
    windows = [
        Read(Interval(day(start), day(start + days)), datetime(2026, 3, 1, tzinfo=UTC) + timedelta(hours=at), "settled", 1, 1)
        for at, (start, days) in enumerate(reads)
    ]  # fmt: skip
    plain = {
        n: next((r for r in reversed(windows) if r.window.start <= day(n) < r.window.end), None)
        for n in range(-1, 30)
    }
    order.shuffle(windows)
    latest = LatestReads({"x": windows})
    assert {n: latest.of("x", day(n)) for n in plain} == plain
    assert latest.of("another", FIRST) is None


def test_hours_are_compared_as_instants_and_days_by_the_calendar():
    """As the ledger spells them, on the night the clocks go forward too."""
    night = Interval(datetime(2026, 3, 8), datetime(2026, 3, 9))
    assert spelled(night, Grain.DAY, NEW_YORK) == night
    hours = spelled(night, Grain.HOUR, NEW_YORK)
    assert hours == Interval(datetime(2026, 3, 8, 5), datetime(2026, 3, 9, 4))
    assert moment_of("2026-03-08T05:00:00Z") == hours.start
    assert moment_of("2026-03-08") == night.start


def test_a_report_ties_out_unless_something_settled_does_not():
    """What may still be restated is shown and is no difference; a report that can't be compared is none either."""
    good = made("a")
    good.provisional = made("a", "2026-01-01").differences
    assert good.ties
    assert not made("a", "2026-01-01").ties
    good.why_not = "it counts people once"
    assert good.ties
    good.wrong = True
    assert not good.ties
    good.wrong, good.accounts = False, {'{"account":"x"}': "403"}
    assert not good.ties
