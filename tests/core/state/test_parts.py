"""One state made of several, and several of one: nothing is lost on the way."""

from adtap_core.state.parts import merged, part_name, parts
from tests.core.restating import MINE, days


def test_shards_whose_runs_were_read_at_different_times_are_merged(room):
    """The last reading is the later one, and what was trusted before is what both had read."""
    state = room.run(accounts=["a", "b"]).last_state
    split = parts(state)
    shards = [room.run(split[part_name({"account": a})], now=f"2026-03-2{n}T12:00:00+00:00", accounts=[a]).last_state for n, a in enumerate("ab", 1)]  # fmt: skip
    whole = merged(shards)
    assert whole["bookmarks"]["by_day"]["read_at"] == ["2026-03-20T12:00", "2026-03-22T12:00"]
    got = room.run(whole, now="2026-03-23T12:00:00+00:00", accounts=["a", "b"])
    assert days(got) == ("2026-03-18", "2026-03-23")


def test_shards_that_got_a_metric_on_different_days_are_merged(room):
    """Filled for all from the later day on, as in one process; one that a shard lacks is new to the whole."""
    more = {"stream": "mine", "reports": [MINE]}
    wide = {"stream": "mine", "reports": [MINE | {"metrics": ["value", "worth"]}]}
    split = parts(room.run(accounts=["a", "b"], **more).last_state)
    a, b = (split[part_name({"account": account})] for account in "ab")
    a = room.run(a, now="2026-03-21T12:00:00+00:00", accounts=["a"], **more).last_state
    late = "2026-03-22T12:00:00+00:00"
    wide_a, wide_b = (
        room.run(state, now=late, accounts=[account], **wide).last_state
        for state, account in ((a, "a"), (b, "b"))
    )
    found = merged([wide_a, wide_b])["bookmarks"]["mine"]["report"]["metrics"]
    assert found == [["value", None], ["worth", "2026-03-18"]]
    whole = merged([a, wide_b])
    assert whole["bookmarks"]["mine"]["report"]["metrics"] == [["value", None]]
    room.run(whole, now="2026-03-23T12:00:00+00:00", accounts=["a", "b"], **wide)
