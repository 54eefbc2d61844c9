"""State of many accounts: equal entries are written once, and read back as if they had not been."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adtap_core.errors import SettingsError
from adtap_core.state.compaction import FEWEST, compacted, expanded
from adtap_core.tap import RunFailed
from tests.core.tiny import TapTiny

MARKS = st.dictionaries(
    st.sampled_from(["replication_key_value", "covered", "unfinished"]),
    st.sampled_from(["2026-01-01", [["2026-01-01", "2026-02-01"]], {"until": "2026-03-01"}]),
)


def by_account(state):
    entries = state["bookmarks"]["spend"]["partitions"]
    return {json.dumps(e["context"]): e for e in entries}


@given(marks=st.lists(MARKS, max_size=3 * FEWEST))
def test_what_was_folded_unfolds_to_the_same_accounts(marks):
    """None lost, none changed, however many are alike."""
    entries = [{"context": {"account": f"a{n}"}, **mark} for n, mark in enumerate(marks)]
    mark = {"partitions": entries, "report": {"grain": ["day"]}}
    state = {"bookmarks": {"spend": compacted(mark)}, "mine": 1}
    again = expanded(json.loads(json.dumps(state)))
    assert by_account(again) == {json.dumps(e["context"]): e for e in entries}
    assert again["mine"] == 1
    assert again["bookmarks"]["spend"]["report"] == mark["report"]


def test_an_account_of_its_own_beats_the_one_it_shared():
    """A state of few accounts that Meltano merged into one of many: the newer part has an entry for each."""
    mark = {
        "partitions": [{"context": {"account": "a"}, "replication_key_value": "2026-02-01"}],
        "alike": [{"contexts": {"account": ["a", "b"]}, "replication_key_value": "2026-01-01"}],
    }
    assert [e["replication_key_value"] for e in expanded({"bookmarks": {"spend": mark}})["bookmarks"]["spend"]["partitions"]] == ["2026-02-01", "2026-01-01"]  # fmt: skip


def test_a_few_accounts_are_written_as_every_tap_does():
    """One entry for each, with its context and its bookmark."""
    mark = {"partitions": [{"context": {"account": str(n)}} for n in range(FEWEST - 1)]}
    assert compacted(mark) is mark


def test_accounts_that_were_read_together_go_on_alone(tiny):
    """A failed account stays behind with its own entry; the next run reads it, and only it, from its start."""
    accounts = [f"account{n:03}" for n in range(60)]
    tiny.config |= {"accounts": accounts, "start_date": "2026-03-01"}
    bad = accounts[7]
    refuse = lambda _p, q: (400, {}, b"no") if bad in q["account"][0] else None  # noqa: E731
    tiny.server.before.append(refuse)
    tap = TapTiny(config=tiny.config)
    with pytest.raises(RunFailed):
        tap.run()
    state = json.loads(
        json.dumps({"bookmarks": {n: compacted(m) for n, m in tap.state["bookmarks"].items()}})
    )
    (shared,) = state["bookmarks"]["spend_daily"]["alike"]
    assert sorted(shared["contexts"]["account"]) == sorted({*accounts} - {bad})
    (own,) = state["bookmarks"]["spend_daily"]["partitions"]
    assert own == {"context": {"account": bad}, "lookback_days": 2}, "no bookmark"
    tiny.server.before.clear()
    got = tiny.run(state)
    alone = [q for q in tiny.asked() if q[2] == bad]
    assert alone[0][0] == "2026-03-01"
    assert {a for a, _, who in tiny.asked() if bad not in who} == {"2026-03-16"}
    assert len(got.states[-1]["bookmarks"]["spend_daily"]["alike"]) == 1


def test_what_can_not_be_unfolded_is_refused_with_the_reason(tiny):
    """Better than to read everything again."""
    state = {"bookmarks": {"spend_daily": {"alike": [{"contexts": 5}]}}}
    with pytest.raises(SettingsError, match="alike"):
        tiny.run(state)
