"""A lookback that learns reads less, and misses nothing for longer than a week."""

import json
import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adtap_core.inspect.plan import make_plan
from adtap_core.sync.learned_lookback import FEWEST_RUNS, LONGEST, MOST, WEEK, Learned
from adtap_core.testing import Messages, run_tap, select
from adtap_core.windows import ONE_DAY, Grain, Interval, Zone
from tests.core import restating
from tests.core.restating import RestatingServer, TapRestating, copied

BEGIN = datetime(2026, 3, 20, 12)
UTC_ZONE = Zone("UTC")


def learned(kept: object = None, *, lookback: int = 30, over: datetime = BEGIN, **more: Any) -> Learned:  # fmt: skip
    meaning = more.pop("meaning", ["report"])
    grain = more.pop("grain", Grain.DAY)
    accounts = more.pop("accounts", ["{}"])
    return Learned.of(
        kept,
        meaning,
        accounts=accounts,
        lookback_days=lookback,
        grain=grain,
        zone=UTC_ZONE,
        over=over,
    )


def played(
    moves: Mapping[int, bool], *, runs: int, lookback: int = 30, gap: float = 1, hour: int = 0
) -> tuple[Learned, dict[datetime, list[int]], list[int]]:
    """Run after run of one account: which days are read at which ages, and how many are read again in each run.

    Args:
        moves: The ages at which every day moves.
        runs: How many.
        lookback: Days.
        gap: Days between two runs.
        hour: Of the day, at which days move.
    """
    kept: Any = None
    read: dict[datetime, datetime] = {}
    ages: dict[datetime, list[int]] = {}
    again = []
    mark = BEGIN.replace(hour=0) - ONE_DAY * 60
    for number in range(runs):
        over = BEGIN + ONE_DAY * gap * number
        made = learned(kept, lookback=lookback, over=over)
        young = [
            (Interval(d, d + ONE_DAY), r)
            for d, r in read.items()
            if d >= (r - ONE_DAY * lookback).replace(hour=0)
        ]
        later = {d.start for d in _days(made.later(young, over))}
        days = [d.start for d, _ in young if d.start not in later]
        again.append(len(days))
        new = [mark + ONE_DAY * n for n in range((over.replace(hour=0) - mark).days)]
        mark = over.replace(hour=0)
        for day in (*days, *new):
            age = (over - day - ONE_DAY).days
            moved_to = (over - day - ONE_DAY - timedelta(hours=hour)).days
            moved = sum(1 for a in range(moved_to + 1) if moves.get(a))
            made.note(
                ["{}"], Interval(day, day + ONE_DAY), {("{}", day.date().isoformat()): moved + 1}
            )
            read[day] = over
            ages.setdefault(day, []).append(age)
        kept = json.loads(json.dumps(made.ended()))
    return learned(kept, lookback=lookback, over=over), ages, again


def _days(stretches: list[Interval]) -> Iterator[Interval]:
    for stretch in stretches:
        day = stretch.start
        while day < stretch.end:
            yield Interval(day, day + ONE_DAY)
            day += ONE_DAY


def test_of_several_runs_a_day_one_counts():
    """Fourteen hourly runs have seen a day at one or two ages: what moves at others must not wait for a week."""
    hourly = 1 / 24
    assert played({2: True}, runs=24 * (FEWEST_RUNS - 2), gap=hourly)[0].is_learning
    assert played({2: True}, runs=24 * 20, gap=hourly)[0].due_ages() == (1, 2, 3, 10, 17, 24, 30)


def test_what_moves_between_two_runs_of_a_day_is_seen():
    """Restated at noon: no reading at midnight differs from the one an hour before."""
    made = played({2: True}, runs=24 * (FEWEST_RUNS - 2), gap=1 / 24, hour=12)[0]
    assert sorted(made.moving()) == [2, 3, 4]


def test_at_first_everything_is_read_again():
    """Until fourteen runs were seen the whole lookback is read, as with `fixed`."""
    made, _, again = played({1: True}, runs=FEWEST_RUNS)
    assert again[1:] == [30] * (FEWEST_RUNS - 1)
    assert not made.is_learning
    assert played({}, runs=FEWEST_RUNS - 1)[0].is_learning


def test_days_are_read_again_at_the_ages_at_which_days_moved():
    """The moving ages with a day's margin, then once a week, and at the end; where nothing moves, once a week."""
    assert played({2: True}, runs=20)[0].moving() == [1, 2, 3]
    assert played({2: True}, runs=20)[0].due_ages() == (1, 2, 3, 10, 17, 24, 30)
    assert played({}, runs=20)[0].due_ages() == (7, 14, 21, 28, 30)
    assert played({9: True, 14: True}, runs=40, lookback=14)[0].due_ages()[-1] == 14


@pytest.mark.parametrize("lookback", [3, 7, 14, 30, 45, 123])
def test_never_more_than_its_share_is_read_again(lookback):
    """Even if every day moves at every age: 29 % of what `fixed` reads, unless one reading each is more than that."""
    made, _, again = played(dict.fromkeys(range(400), True), runs=60, lookback=lookback)
    assert len(made.due_ages()) <= max(1, MOST * lookback)
    assert max(again[FEWEST_RUNS + 20 :]) <= len(made.due_ages())


@settings(max_examples=25)
@given(
    lookback=st.integers(1, 40),
    gap=st.sampled_from([1, 2, 3, 5, 7, 9]),
    moves=st.sets(st.integers(0, 60)),
)
def test_no_day_waits_longer_than_a_week_and_each_is_read_at_its_end(lookback, gap, moves):
    """Whatever moves and however often runs come: a reading a week, or at every run, and one when it is settled."""
    runs = FEWEST_RUNS + 60 // gap
    _, ages, _ = played(dict.fromkeys(moves, True), runs=runs, lookback=lookback, gap=gap)
    last = BEGIN + ONE_DAY * gap * (runs - 1)
    for day, at in ages.items():
        assert at == sorted(set(at))
        now = (last - day - ONE_DAY).days
        until = [*at, now] if at[-1] < lookback else at
        assert all(b - a <= max(WEEK, gap) for a, b in pairwise(until))
        if now >= lookback + max(WEEK, gap) and at[0] < lookback:
            assert at[-1] >= lookback
            assert len([a for a in at if a >= lookback]) == 1


@pytest.mark.parametrize("lookback", [7, 30, LONGEST, 400])
def test_state_grows_by_less_than_two_kilobytes(lookback):
    """Whatever the lookback and however many runs: digests and ages of a report take at most 2 kB."""
    made, _, _ = played(dict.fromkeys(range(500), True), runs=FEWEST_RUNS + 40, lookback=lookback)
    assert len(json.dumps({"learned": made.ended()}, separators=(",", ":"))) <= 2000


def test_what_changed_is_learned_anew():
    """Another report, account, time zone or lookback, or a state that is damaged: as if nothing had been seen."""
    made, _, _ = played({1: True}, runs=20)
    kept = made.ended()
    assert not learned(kept).is_learning
    assert learned(kept, meaning=["another"]).is_learning
    assert learned(kept, accounts=["a"]).is_learning
    assert learned(kept, lookback=29).is_learning
    for damaged in (
        {**kept, "days": "no base64"},
        {**kept, "ages": 7},
        {k: v for k, v in kept.items() if k != "runs"},
        ["not", "a", "state"],
    ):
        assert learned(damaged).is_learning
        assert learned(damaged).runs == 0


def test_only_what_was_read_of_every_account_is_learned():
    """A day that one account lacks, or that was read in part, says nothing of that day."""
    both = ["a", "b"]
    made = learned(accounts=both)
    day = BEGIN.replace(hour=0) - ONE_DAY * 3
    two = Interval(day, day + ONE_DAY * 2)
    made.note(["a"], two, {})
    assert made.ended()["first"] is None
    assert made.runs == 0
    made.note(["b"], Interval(day, day + ONE_DAY), {})
    assert made.ended()["first"] == day.date().isoformat()
    assert set(made.days) == {day}
    hours = learned(grain=Grain.HOUR)
    hours.note(["{}"], Interval(day + timedelta(hours=5), day + ONE_DAY * 2), {})
    hours.ended()
    assert set(hours.days) == {day + ONE_DAY}


# -- a tap, day after day --------------------------------------------------------------------


class Life:
    """A tap of two accounts that runs once a day in one mode."""

    def __init__(self, server: RestatingServer, mode: str, **more: Any) -> None:
        self.server, self.state, self.held = server, {}, {}
        self.config = {
            "api_url": server.url,
            "accounts": ["a", "b"],
            "start_date": "2026-01-20",
            "lookback_days": 21,
            "lookback_mode": mode,
            **more,
        }
        self.catalog = select(TapRestating, self.config, {"by_day", "sync_days"})
        self.again = 0

    def run(self, now: datetime) -> Messages:
        """Run at a moment."""
        self.server.now = now.isoformat()
        with patch.dict(os.environ, {"ADTAPS_NOW": now.isoformat()}):
            messages = run_tap(TapRestating, self.config, state=self.state, catalog=self.catalog)
        self.state = copied(messages.last_state)
        self.again = 0
        for row in messages.records["sync_days"]:
            place = (row["account"], row["bucket"])
            self.again += row["row_count"] if place in self.held else 0
            self.held[place] = row["digest"]
        return messages


def test_less_is_read_and_nothing_waits_longer_than_a_week():
    """Sixty days: 70 % fewer rows read again than `fixed`, every change and a late surprise found within a week."""
    surprise = datetime(2026, 3, 30)
    usual = restating.truth

    def late(grain: Any, zone: Any, bucket: Any, account: str, now: datetime) -> dict[str, int]:
        rows = usual(grain, zone, bucket, account, now)
        if bucket == surprise and now >= datetime(2026, 4, 18, tzinfo=UTC):
            rows = {**rows, "steady": rows["steady"] + 1}
        return rows

    with RestatingServer() as server, patch.object(restating, "truth", late):
        fixed, lean = Life(server, "fixed"), Life(server, "learned")
        rows = {"fixed": 0, "learned": 0}
        since: dict[Any, int] = {}
        waited = set()
        for day in range(FEWEST_RUNS + 60):
            now = (BEGIN - ONE_DAY * 10 + ONE_DAY * day).replace(tzinfo=UTC)
            fixed.run(now)
            lean.run(now)
            if day >= FEWEST_RUNS:
                rows["fixed"] += fixed.again
                rows["learned"] += lean.again
            for place, digest in fixed.held.items():
                if lean.held[place] != digest:
                    since.setdefault(place, day)
                elif place in since:
                    waited.add((day - since.pop(place), place[1][:10] == "2026-03-30"))
        assert all(day - first < WEEK for first in since.values())
    assert rows["learned"] <= 0.3 * rows["fixed"]
    assert max(days for days, _ in waited) <= WEEK
    assert any(late for _, late in waited), "the surprise was not seen"


def test_a_killed_run_learns_nothing():
    """What is learned is kept at the end of a run alone: the state of a broken one still says what was known before."""
    with RestatingServer() as server:
        life = Life(server, "learned")
        for day in range(3):
            life.run((BEGIN + ONE_DAY * day).replace(tzinfo=UTC))
        known = life.state["bookmarks"]["by_day"]["learned"]
        assert known[0]["runs"] == 3
        messages = life.run((BEGIN + ONE_DAY * 3).replace(tzinfo=UTC))
        early = [s["bookmarks"]["by_day"].get("learned") for s in messages.states]
        assert early[:-1] == [known] * (len(early) - 1)
        assert early[-1][0]["runs"] == 4


def test_back_to_fixed_forgets_and_reads_all():
    """`fixed` reads every young day again, also those that were left to later runs, and keeps nothing learned."""
    with RestatingServer() as server:
        life = Life(server, "learned")
        for day in range(FEWEST_RUNS + 3):
            messages = life.run((BEGIN + ONE_DAY * day).replace(tzinfo=UTC))
        fewer = {r["bucket"] for r in messages.records["sync_days"]}
        life.config["lookback_mode"] = "fixed"
        messages = life.run((BEGIN + ONE_DAY * (FEWEST_RUNS + 3)).replace(tzinfo=UTC))
        every = {r["bucket"] for r in messages.records["sync_days"]}
        assert len(fewer) < 10
        assert len(every) > 21
        assert life.state["bookmarks"]["by_day"]["learned"] is None


def test_the_plan_says_what_is_read_and_why():
    """`adtap plan`: how many runs were seen, at which ages days are read again, what is left to later runs."""

    def note(life: Life, now: datetime) -> str:
        with patch.dict(os.environ, {"ADTAPS_NOW": now.isoformat()}):
            tap = TapRestating(config=life.config, state=life.state, catalog=life.catalog)
            (plan,) = make_plan(tap).streams
        (found,) = plan.notes
        assert plan.document()["notes"] == [found]
        return found

    with RestatingServer() as server:
        life = Life(server, "learned")
        life.run(BEGIN.replace(tzinfo=UTC))
        now = (BEGIN + ONE_DAY).replace(tzinfo=UTC)
        assert "1 of 14 runs seen; until then the whole lookback is read again" in note(life, now)
        for day in range(1, FEWEST_RUNS):
            life.run((BEGIN + ONE_DAY * day).replace(tzinfo=UTC))
        now = (BEGIN + ONE_DAY * FEWEST_RUNS).replace(tzinfo=UTC)
        words = note(life, now)
        assert "from 14 runs: days were seen to move at the ages 1 to 4;" in words
        assert "read again at the ages 1 to 3, 10, 17, 21, and 7 days after its last" in words
        messages = life.run(now)
        read = len(messages.records["sync_days"]) - 2  # the new day of both accounts
        assert f"Of {2 * 21} days of lookback {read} are read now, {42 - read} are left" in words
