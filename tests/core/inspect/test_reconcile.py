"""A warehouse held against the platform's own totals: who read a bucket last, and what would mend it."""

import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adtap_core.declare import Report
from adtap_core.inspect.coverage import Read, reads_of
from adtap_core.inspect.reconcile import (
    Backfill,
    Difference,
    Group,
    LatestReads,
    Reconciled,
    moment_of,
    reconcile,
    repairs,
    spelled,
)
from adtap_core.rows.report_rows import DataState
from adtap_core.rows.totals import Sums
from adtap_core.sync.control_totals import Mismatch, Question
from adtap_core.testing import select
from adtap_core.windows import Grain, Interval, Zone
from tests.core.restating import NOON, Room, TapRestating

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


class Books:
    """What a run of two accounts wrote, as a warehouse holds it; a test may spoil it."""

    def __init__(self, room: Room) -> None:
        self.room = room
        got = room.run(accounts=["a", "b"])
        self.rows: list[dict[str, Any]] = got.records["by_day"]
        self.ledger = got.windows("by_day")

    def _holds(self, asked: Question, stretch: Interval) -> Iterator[Group]:
        for row in self.rows:
            if stretch.start <= moment_of(row["day"]) < stretch.end:
                key = (row["_account"], row["day"], row["_currency"], row["_time_zone"])
                sums = Sums({c: Decimal(row[c]) for c in asked.columns}, rows=1)
                read = datetime.fromisoformat(row["_synced_at"].rstrip("Z"))
                yield Group(key, read, DataState(row["_data_state"]), sums)

    def compared(self, accounts: Sequence[str] = ("a", "b"), **more: Any) -> Reconciled:
        """Hold it against the platform, as this tap sees it."""
        config = {"api_url": self.room.server.url, "accounts": [*accounts], "start_date": "2026-03-02", "max_retries": 0, **more}  # fmt: skip
        with patch.dict(os.environ, {"ADTAPS_NOW": NOON}):
            tap = TapRestating(config=config, catalog=select(TapRestating, config, {"by_day"}))
        (stream,) = (s for s in tap.report_streams() if s.name == "by_day")
        reads = reads_of(self.ledger).get("by_day", {})
        try:
            return reconcile(stream, reads, self._holds, (None, None))
        finally:
            tap.workers.close()


@pytest.fixture
def books(room: Room) -> Books:
    return Books(room)


def test_what_was_read_and_not_touched_ties_out(books: Books) -> None:
    """Every day that is over, of every account and metric."""
    found = books.compared()
    assert found.ties
    assert not found.provisional
    assert (found.first, found.last) == (datetime(2026, 3, 2), datetime(2026, 3, 20))
    assert found.compared == 18 * 2 * 2
    assert found.remarks == []
    assert found.requests > 0


@pytest.mark.parametrize(("day_", "settled"), [("2026-03-05", True), ("2026-03-19", False)])
def test_a_number_that_is_another_is_named_with_its_day_and_account(books: Books, day_: str, settled: bool) -> None:  # fmt: skip
    """Of a day that the platform may still restate it is shown apart."""
    row = next(r for r in books.rows if r["day"] == day_ and r["_account"] == '{"account":"b"}')
    row["value"] += 5
    found = books.compared()
    (one,) = found.differences if settled else found.provisional
    assert (one.day, one.account, one.found.column) == (day_, '{"account":"b"}', "value")
    assert one.found.difference == 5
    assert found.ties is not settled


def test_a_row_that_a_later_reading_no_longer_had_is_not_counted(books: Books) -> None:
    """It is a ghost: the views leave it out too."""
    ghost = {**books.rows[0], "_synced_at": "2026-01-01T00:00:00.000000Z"}
    books.rows.append(ghost)
    assert books.compared().ties
    ghost["_synced_at"] = books.rows[0]["_synced_at"]
    assert not books.compared().ties


def test_days_and_accounts_without_a_row_say_so(books: Books) -> None:
    """And whether they were ever read."""
    books.rows = [r for r in books.rows if r["_account"] != '{"account":"b"}' and r["day"] != "2026-03-05"]  # fmt: skip
    books.ledger = [w for w in books.ledger if w["account"] != '{"account":"b"}']
    found = books.compared()
    remarks = {(d.account, d.day): d.remark for d in found.differences}
    assert remarks['{"account":"a"}', "2026-03-05"] == "no row of this bucket"
    assert remarks['{"account":"b"}', "2026-03-05"] == "never read, no row of this account at all"


def test_rows_of_an_account_that_this_login_does_not_see_are_said(books: Books) -> None:
    """They are no difference: nobody could mend it."""
    found = books.compared(accounts=["a"])
    assert found.ties
    (remark,) = found.remarks
    assert 'rows of {"account":"b"} are not compared: this login does not see it' in remark


@pytest.mark.parametrize("error", [403, 503])
def test_an_account_that_can_not_be_asked_is_named_and_the_others_are_compared(books: Books, error: int) -> None:  # fmt: skip
    """Refused, or broken: as in a sync. It does not tie out."""
    books.room.server.refused, books.room.server.error = {"b"}, error
    found = books.compared()
    assert list(found.accounts) == ['{"account":"b"}']
    assert str(error) in found.accounts['{"account":"b"}']
    assert not found.differences
    assert not found.ties


def test_nothing_that_was_read_is_nothing_to_compare(books: Books) -> None:
    """It is a fault: whoever asks expects something."""
    books.ledger = []
    found = books.compared()
    assert (found.why_not, found.wrong) == ("nothing of it was read in these days", True)
    assert not found.ties
