"""A load in shards: what a shard is depends on its own accounts alone, and a backfill's pieces tile it."""

import itertools
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adtap_core.http.client import HttpOptions
from adtap_core.inspect.shards import place, share_of, stretches
from adtap_core.windows import Grain

ACCOUNTS = st.lists(st.text("abc123", min_size=1, max_size=6), min_size=1, max_size=60, unique=True)
DAYS = st.dates(date(2024, 1, 1), date(2026, 12, 31))


def groups(accounts: list[str], count: int) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    for account in accounts:
        found.setdefault(place(account, count), set()).add(account)
    return found


@given(accounts=ACCOUNTS, new=st.text("xyz", min_size=1), count=st.integers(1, 12))
def test_a_new_account_changes_one_group_and_no_other(accounts, new, count):
    """Its own group has one member more; the others are what they were."""
    before, after = groups(accounts, count), groups([*accounts, new], count)
    changed = {n for n in after if after[n] != before.get(n, set())}
    assert changed == {place(new, count)}
    assert after[place(new, count)] - before.get(place(new, count), set()) == {new}


@given(accounts=ACCOUNTS, count=st.integers(1, 12))
def test_one_group_more_takes_accounts_and_moves_no_other(accounts, count):
    """Whoever is not in the new group is where he was."""
    for account in accounts:
        assert place(account, count + 1) in {place(account, count), count}


def test_groups_are_of_about_the_same_size():
    """Five hundred accounts in eight groups: none has less than half or more than twice its part."""
    sizes = [len(g) for g in groups([f"app-{n}" for n in range(500)], 8).values()]
    assert len(sizes) == 8
    assert min(sizes) > 500 / 8 / 2
    assert max(sizes) < 500 / 8 * 2


@given(start=DAYS, days=st.integers(1, 500), grain=st.sampled_from([Grain.DAY, Grain.WEEK, Grain.MONTH]))  # fmt: skip
def test_a_backfill_is_cut_where_the_calendar_is_and_nothing_is_missing(start, days, grain):
    """Pieces follow on one another from the first day to the last; all but the outer ends are the calendar's."""
    end = start + timedelta(days=days)
    pieces = stretches(start, end, grain)
    assert pieces[0][0] == start
    assert pieces[-1][1] == end
    assert all(a[1] == b[0] for a, b in itertools.pairwise(pieces))
    for _, cut in pieces[:-1]:
        assert grain is not Grain.MONTH or cut.day == 1
        assert grain is not Grain.WEEK or cut.weekday() == 0


@given(processes=st.integers(1, 200), concurrency=st.integers(1, 64), rate=st.floats(0.5, 100))
def test_shares_never_add_up_to_more_than_the_whole(processes, concurrency, rate):
    """Of the rate: never. Of what is in flight: never, as long as there are no more processes than that."""
    limits = HttpOptions(
        concurrency=concurrency, timeout_seconds=1, max_retries=0, user_agent="x", per_second=rate, burst=40
    )  # fmt: skip
    part = limits.shared(share_of(processes))
    assert part.per_second * processes <= rate * (1 + 1e-9)
    assert part.concurrency * processes <= max(concurrency, processes)
    assert part.concurrency == max(1, concurrency // processes)
    assert processes == 1 or part.burst == 1


@pytest.mark.parametrize("share", [1, 1.0])
def test_the_whole_share_changes_nothing(share):
    """A single process keeps its burst."""
    limits = HttpOptions(concurrency=4, timeout_seconds=1, max_retries=0, user_agent="x", per_second=10, burst=40)  # fmt: skip
    assert limits.shared(share) is limits
