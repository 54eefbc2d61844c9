"""One state made of several, and several of one: nothing is lost on the way."""

from adtap_core.state.parts import merged, part_name, parts
from tests.core.restating import days


def test_shards_whose_runs_were_read_at_different_times_are_merged(room):
    """The last reading is the later one, and what was trusted before is what both had read."""
    state = room.run(accounts=["a", "b"]).last_state
    split = parts(state)
    shards = [room.run(split[part_name({"account": a})], now=f"2026-03-2{n}T12:00:00+00:00", accounts=[a]).last_state for n, a in enumerate("ab", 1)]  # fmt: skip
    whole = merged(shards)
    assert whole["bookmarks"]["by_day"]["read_at"] == ["2026-03-20T12:00", "2026-03-22T12:00"]
    got = room.run(whole, now="2026-03-23T12:00:00+00:00", accounts=["a", "b"])
    assert days(got) == ("2026-03-18", "2026-03-23")
