"""One state made of several, and several of one: nothing is lost on the way."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adtap_core.state.compaction import compacted, expanded
from adtap_core.state.parts import REST, merged, part_name, parts
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


CONTEXTS = st.dictionaries(st.sampled_from(["app_token", "organization_id"]), st.text("abc1", min_size=1, max_size=4), min_size=1, max_size=1)  # fmt: skip
VALUES = st.dictionaries(st.sampled_from(["replication_key_value", "covered", "jobs", "x"]), st.none() | st.text("ab", max_size=3), max_size=3)  # fmt: skip
MARK = st.fixed_dictionaries(
    {},
    optional={
        "partitions": st.lists(st.tuples(CONTEXTS, VALUES), min_size=1, max_size=80, unique_by=lambda p: json.dumps(p[0])),
        "report": VALUES,
        "replication_key_value": st.text("ab", max_size=3),
    },
)  # fmt: skip


@given(marks=st.dictionaries(st.sampled_from(["one", "two", "three"]), MARK, max_size=3), fold=st.booleans(), foreign=VALUES)  # fmt: skip
def test_split_then_merge_is_the_identity(marks, fold, foreign):
    """Whatever a state holds: accounts, entities, folded accounts, keys that others keep."""
    state: dict[str, Any] = {**foreign, "bookmarks": {}}
    for name, mark in marks.items():
        made = dict(mark)
        if "partitions" in made:
            made["partitions"] = [{"context": c, **v} for c, v in made["partitions"]]
        state["bookmarks"][name] = dict(compacted(made)) if fold else made
    found = parts(state)
    assert REST in found
    plain = expanded(state)
    for mark in plain["bookmarks"].values():
        if mark.get("partitions"):
            mark["partitions"].sort(key=lambda e: json.dumps(e["context"], separators=(",", ":")))
    assert merged(found.values()) == plain


def test_parts_have_names_for_files_that_differ():
    """Two accounts whose readable names are alike."""
    assert part_name({"id": "a b"}) != part_name({"id": "a-b"})
    assert "/" not in part_name({"id": "../x"})


def test_parts_of_different_ages_are_not_put_together():
    """Two runs of one account, and two meanings of one report: nobody can say which is right."""
    one = {
        "bookmarks": {
            "daily": {"report": {"grain": ["day"]}, "partitions": [{"context": {"a": "1"}, "n": 1}]}
        }
    }
    other = json.loads(json.dumps(one).replace('"n": 1', '"n": 2'))
    with pytest.raises(ValueError, match="two parts hold different entries of"):
        merged([one, other])
    changed = json.loads(json.dumps(one).replace('"day"', '"hour"'))
    with pytest.raises(ValueError, match="two parts disagree on `report`"):
        merged([one, changed])
    assert merged([one, one]) == one
