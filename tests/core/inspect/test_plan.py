"""What a sync would do, told before it does it."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adtap_core.errors import SettingsError
from adtap_core.inspect.plan import buckets, make_plan
from adtap_core.windows import Grain, Interval
from tests.core.conftest import Tiny
from tests.core.tiny import TapTiny

HOUR = timedelta(hours=1)


@pytest.mark.parametrize("grain", list(Grain))
@given(start=st.integers(0, 20_000), hours=st.integers(-5, 5_000))
def test_buckets_are_counted_as_one_by_one_they_would_be(grain, start, hours):
    """One that is cut counts whole; an empty stretch holds none."""
    begin = datetime(2024, 1, 1) + start * HOUR
    stretch = Interval(begin, begin + hours * HOUR)
    counted, bucket = 0, grain.floor(stretch.start)
    while bucket < stretch.end and not stretch.is_empty:
        counted += 1
        bucket = grain.after(bucket)
    assert buckets(stretch, grain) == counted


def asked(tiny: Tiny) -> list[tuple[str, str, str]]:
    """What a plan would ask, as the tiny server's log has it."""
    (stream,) = tiny_plan(tiny).streams
    return [
        (p["from"], p["to"], p["account"]) for p in (dict(r.call.params) for r in stream.requests)
    ]


def tiny_plan(tiny: Tiny, **more):
    return make_plan(TapTiny(config=tiny.config, **more))


def test_a_plan_is_what_the_run_then_asks_and_asks_nothing_itself(tiny: Tiny) -> None:
    """Each window, account and metric."""
    planned = asked(tiny)
    assert tiny.server.log == []
    tiny.run()
    assert planned == tiny.asked()
    assert len(planned) == 3


def test_the_next_runs_plan_tells_new_days_from_those_that_are_read_again(tiny: Tiny) -> None:
    """By the state; which it leaves as it was."""
    state = tiny.run().last_state
    tiny.server.log.clear()
    tiny.at("2026-03-20T12:00:00Z")
    plan = tiny_plan(tiny, state=state)
    (stream,) = plan.streams
    assert tiny.server.log == []
    assert [(a.new, a.again) for a in stream.accounts] == [(2, 2), (2, 2)]
    assert {w.kind for a in stream.accounts for w in a.windows} == {"new and lookback"}
    totals = plan.document()["totals"]
    assert (totals["new"], totals["lookback"], totals["requests"]) == (4, 4, plan.requests)
    tiny.at("2026-03-20T12:00:00Z")
    tiny.run(state=state)
    assert [tuple(dict(r.call.params)[k] for k in ("from", "to", "account")) for r in stream.requests] == tiny.asked()  # fmt: skip


def test_a_backfill_is_planned_as_one(tiny: Tiny) -> None:
    """Nothing of it is new, and no bookmark says where it begins."""
    tiny.config["backfill"] = {"from": "2026-03-01", "to": "2026-03-03"}
    (stream,) = tiny_plan(tiny).streams
    assert {w.kind for a in stream.accounts for w in a.windows} == {"backfill"}
    assert {a.bookmark for a in stream.accounts} == {None}


def test_what_a_run_would_refuse_its_plan_refuses(tiny: Tiny) -> None:
    """With the same words."""
    entry = {"replication_key": "day", "replication_key_value": "2030-01-01"}
    partitions = {"partitions": [{"context": {"account": "x"}, **entry}]}
    with pytest.raises(SettingsError, match="lies in the future"):
        tiny_plan(tiny, state={"bookmarks": {"spend_daily": partitions}})


def test_nothing_to_read_is_no_request(tiny: Tiny) -> None:
    """A start that has not come yet."""
    tiny.config["start_date"] = "2030-01-01"
    plan = tiny_plan(tiny)
    assert (plan.requests, plan.is_least) == (0, False)


def test_a_window_is_new_or_read_again_or_both(tiny: Tiny) -> None:
    """The first sync's are new; where no day has passed since, all is the lookback."""

    def kinds(state: object) -> set[str]:
        (stream,) = tiny_plan(tiny, state=state).streams
        return {w.kind for a in stream.accounts for w in a.windows}

    assert kinds(None) == {"new"}
    state = tiny.run().last_state
    assert kinds(state) == {"lookback"}
