"""What a report's rows mean, as state keeps it: a change is refused with the ways out; a metric that is new is said."""

import json
import logging
from typing import Any

import pytest

from adtap_core.errors import SettingsError
from tests.core.restating import MINE, days, meltano_merged


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ({}, {"filters": {"thing": "late"}}, "`filters` was not set"),
        ({"flavour": "sweet"}, {"flavour": "sour"}, "`flavour` was sweet, now it is sour"),
        ({"flavour": "sweet"}, {}, "`flavour` was sweet, now it is not set"),
    ],
    ids=["filter added", "extra changed", "extra removed"],
)
def test_a_setting_that_changes_what_rows_mean_is_refused(room, before, after, words):
    """Before any request, with three ways out; the same settings go on."""
    state = room.run(stream="mine", reports=[MINE | before]).last_state
    with pytest.raises(SettingsError, match=words) as refusal:
        room.run(state, stream="mine", reports=[MINE | after])
    assert room.server.log == []
    for way in ("new name", "--clear", "drop the table", "backfill", "--accept"):
        assert way in str(refusal.value)
    room.run(state, stream="mine", reports=[MINE | before])
    # A backfill is one of the ways out: it must not be refused.
    room.run(state, stream="mine", reports=[MINE | after], backfill={"from": "2026-03-10", "to": "2026-03-12"})  # fmt: skip


def test_a_metric_is_no_other_meaning(room):
    """Adding one changes no row that is there."""
    state = room.run(stream="mine", reports=[MINE]).last_state
    room.run(state, stream="mine", reports=[MINE | {"metrics": ["value", "worth"]}])


@pytest.mark.parametrize("first", [None, ["a", "b"]], ids=["login first", "accounts first"])
def test_another_kind_of_account_is_refused(room, first):
    """Each day would be there twice: under the login and under its accounts; the setting that chooses is named."""
    other = ["a", "b"] if first is None else None
    state = room.run(accounts=first).last_state
    words = r"\(chosen by the setting `accounts`\): each day would be there twice"
    with pytest.raises(SettingsError, match=words):
        room.run(state, accounts=other)
    assert room.server.log == []


def test_a_state_of_0_1_is_brought_forward(room):
    """It keeps neither settings nor how final days were: it is taken as it is, and looks back once."""
    old = {
        "replication_key": "day",
        "replication_key_value": "2026-03-18",
        "covered": [["2026-03-02", "2026-03-18"]],
        "unfinished": {"until": "2026-03-19", "again": [["2026-03-15", "2026-03-16"]]},
        "report": {"grain": ["_partition", "day", "thing"], "time_zone": "UTC"},
    }
    got = room.run({"bookmarks": {"by_day": old}})
    assert days(got) == ("2026-03-15", "2026-03-20")
    assert got.last_state["bookmarks"]["by_day"]["report"]["grain"] == ["_account", "day", "thing"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"tap": "tap-other"}, "was written by tap-other"),
        ({"version": 3}, "by a later version"),
    ],
    ids=["another tap", "a later version"],
)
def test_a_state_of_somebody_else_is_refused(room, change, words):
    """Two taps may have a report of one name; a later version may mean something else by the same words."""
    state = room.run().last_state
    state["bookmarks"]["by_day"]["report"] |= change
    with pytest.raises(SettingsError, match=words):
        room.run(state)
    assert room.server.log == []


@pytest.mark.parametrize("shape", ["own", "partitions", "folded"])
def test_a_bookmark_in_the_future_is_refused_by_name(room, shape):
    """Nothing would be read, and nobody would know; the line says how to set it back."""
    entry = {"replication_key": "day", "replication_key_value": "2030-01-01"}
    marks: dict[str, Any] = {
        "own": entry,
        "partitions": {"partitions": [{"context": {"account": "a"}, **entry}]},
        "folded": {"alike": [{"contexts": {"account": ["a", "b"]}, **entry}]},
    }
    accounts = None if shape == "own" else ["a", "b"]
    with pytest.raises(SettingsError, match=r"2030-01-01.* lies in the future") as refusal:
        room.run({"bookmarks": {"by_day": marks[shape]}}, accounts=accounts)
    assert "adtap state set tap-restating" in str(refusal.value)
    assert room.server.log == []


def test_a_setting_that_is_gone_does_not_come_back_by_a_merge(room):
    """The report was loaded anew without it: the next run must not be refused for a setting of the old one."""
    stored = room.run(stream="mine", reports=[MINE | {"flavour": "sweet"}]).last_state
    for state in room.run(stream="mine", reports=[MINE]).states:
        stored = meltano_merged(state, stored)
    room.run(stored, stream="mine", reports=[MINE])


def test_a_metric_that_is_new_is_said_with_the_setting_that_fills_it(room, caplog):
    """It is null in what was read before; `adtap status` knows from when on it is filled."""
    state = room.run(stream="mine", reports=[MINE]).last_state
    with caplog.at_level(logging.WARNING):
        got = room.run(state, stream="mine", reports=[MINE | {"metrics": ["value", "worth"]}])
    assert "worth is new: null before 2026-03-17" in caplog.text
    backfill = caplog.text.partition("setting backfill: ")[2].partition("\n")[0]
    assert json.loads(backfill) == {"from": "2026-03-02", "to": "2026-03-17", "streams": ["mine"]}
    assert got.last_state["bookmarks"]["mine"]["report"]["metrics"] == [["value", None], ["worth", "2026-03-17"]]  # fmt: skip
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        room.run(got.last_state, stream="mine", reports=[MINE | {"metrics": ["value", "worth"]}])
    assert "is new" not in caplog.text


def test_a_new_metric_is_null_in_the_old_rows_of_one_account_whatever_a_new_account_reads(
    room, caplog
):
    """The new account is read from the start with it: that says nothing of the others."""
    old, new = MINE, MINE | {"metrics": ["value", "worth"]}
    state = room.run(stream="mine", reports=[old], accounts=["a"]).last_state
    got = room.run(state, stream="mine", reports=[new], accounts=["a", "b"])
    assert "worth is new: null before 2026-03-17" in caplog.text
    assert got.last_state["bookmarks"]["mine"]["report"]["metrics"] == [["value", None], ["worth", "2026-03-17"]]  # fmt: skip


def test_a_new_metric_is_filled_from_where_a_killed_run_came_to(room):
    """Until the run has ended it is filled only from the bookmark on that it began with."""
    old, new = MINE, MINE | {"metrics": ["value", "worth"]}
    state = room.run(stream="mine", reports=[old], lookback_days=14).last_state
    got = room.run(state, stream="mine", reports=[new], lookback_days=14)
    said = [s["bookmarks"]["mine"]["report"]["metrics"][1][1] for s in got.states]
    assert said == [*["2026-03-20"] * (len(said) - 1), "2026-03-06"]
