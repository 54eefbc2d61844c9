"""What was read by now: from a state, or from the ledger in a warehouse."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adtap_core.inspect.coverage import from_ledger, from_state, reads_of, spell
from adtap_core.windows import Interval
from tests.core.conftest import Tiny
from tests.core.restating import Room

FIRST = datetime(2026, 3, 1)
STATES = ("partial", "provisional", "settled")
READS = st.lists(
    st.tuples(st.integers(0, 19), st.integers(1, 5), st.sampled_from(STATES)),
    min_size=1,
    max_size=9,
)


def day(number: int) -> datetime:
    return FIRST + timedelta(days=number)


def ledger(reads: list[tuple[int, int, str]]) -> list[dict[str, Any]]:
    """Return the rows of readings, each later than the one before it: first day, days, state."""
    return [
        {
            "stream": "mine",
            "account": "{}",
            "window_start": day(start),
            "window_end": day(start + days),
            "synced_at": datetime(2026, 4, 1, tzinfo=UTC) + timedelta(hours=at),
            "row_count": 2,
            "requests": 1,
            "data_state": state,
        }
        for at, (start, days, state) in enumerate(reads)
    ]


@given(reads=READS)
def test_a_ledger_is_read_as_day_by_day_it_would_be(reads):
    """What was read whole, the gaps in it, and up to where the latest reading of every day was final."""
    latest: dict[int, str] = {}
    whole: set[int] = set()
    for start, days, state in reads:
        for n in range(start, start + days):
            latest[n] = state
            if state != "partial":
                whole.add(n)
    (found,) = from_ledger(ledger(reads), "ads")
    inside = {n for n in range(40) for i in found.covered if i.start <= day(n) < i.end}
    assert inside == whole
    if not whole:
        assert (found.bookmark, found.settled_until, found.gaps) == (None, None, [])
        return
    gaps = {n for n in range(40) for i in found.gaps if i.start <= day(n) < i.end}
    assert gaps == {*range(min(whole), max(whole))} - whole
    assert found.bookmark == day(max(whole) + 1)
    # A running bucket may have been read whole before: it is not over, whatever a wrong clock said then.
    changing = [n for n, state in latest.items() if state != "settled"]
    assert found.settled_until == min([day(n) for n in changing] + [day(max(whole) + 1)])


def test_a_ledger_keeps_streams_and_accounts_apart():
    """Rows and requests are those of each; texts and moments, with a zone or without, are understood."""
    rows = ledger([(0, 2, "settled"), (2, 2, "settled")])
    rows[1] |= {
        "account": '{"account":"x"}',
        "window_start": "2026-03-03T00:00:00+00:00",
        "window_end": "2026-03-05T00:00:00",
        "synced_at": "2026-04-01T02:00:00+02:00",
        "row_count": None,
    }
    account, login = from_ledger(rows, "ads")
    assert (login.account, account.account) == ({}, {"account": "x"})
    assert (login.rows, account.rows, account.requests) == (2, 0, 1)
    assert account.covered == [Interval(day(2), day(4))]
    assert account.last_run == datetime(2026, 4, 1, tzinfo=UTC)
    assert reads_of(rows)["mine"]["{}"][0].data_state == "settled"


def test_state_and_ledger_of_a_run_say_the_same(room: Room) -> None:
    """Of each account: what was read, where the next run begins, what is settled, and that nothing is missing."""
    got = room.run(accounts=["a", "b"])
    settle = {"by_day": 3}
    state = {str(c.account): c for c in from_state(got.last_state, settle)}
    ledger = {str(c.account): c for c in from_ledger(got.windows("by_day"), "ads")}
    assert state.keys() == ledger.keys()
    for account, found in state.items():
        other = ledger[account]
        assert (
            found.covered
            == other.covered
            == [Interval(datetime(2026, 3, 2), datetime(2026, 3, 20))]
        )
        assert found.bookmark == other.bookmark
        assert found.settled_until <= other.bookmark
        assert found.gaps == other.gaps == []
        assert not found.entity
    assert date(2026, 3, 16) <= state["{'account': 'a'}"].settled_until.date() <= date(2026, 3, 17)


def test_a_state_of_0_1_says_what_it_can(tiny: Tiny) -> None:
    """It has no `settled`: the bookmark less the days that the platform may restate."""
    mark = {"replication_key_value": "2026-03-18", "covered": [["2026-03-02", "2026-03-10"], ["2026-03-12", "2026-03-18"]]}  # fmt: skip
    (found,) = from_state({"bookmarks": {"mine": mark}}, {"mine": 2})
    assert found.settled_until == datetime(2026, 3, 16)
    assert found.gaps == [Interval(datetime(2026, 3, 10), datetime(2026, 3, 12))]
    assert found.document()["gaps"] == [["2026-03-10", "2026-03-12"]]


def test_an_entity_has_a_bookmark_and_no_windows():
    """Nothing is said of gaps that it can't have."""
    mark = {"replication_key": "updated_on", "replication_key_value": "2026-01-07T05:00:00Z"}
    (found,) = from_state({"bookmarks": {"things": mark}}, {})
    assert found.entity
    assert found.document() == {
        "stream": "things",
        "account": {},
        "place": "state",
        "kind": "entity",
        "bookmark": "2026-01-07T05:00",
    }


def test_what_is_no_date_is_an_error():
    """A command that reads a state by hand must name it."""
    with pytest.raises(ValueError, match="soon"):
        from_state({"bookmarks": {"things": {"replication_key_value": "soon"}}}, {})


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (None, None),
        (datetime(2026, 3, 1), "2026-03-01"),
        (datetime(2026, 3, 1, 5), "2026-03-01T05:00"),
    ],
)
def test_a_border_is_a_date_where_it_is_midnight(moment, text):
    """As people write it."""
    assert spell(moment) == text
