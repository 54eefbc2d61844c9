"""The documents that a tap is given: understood whatever wraps them, or named with what is wrong."""

import pytest

from adtap_core.errors import SettingsError
from tests.core.restating import days

ENTRY = {
    "replication_key_value": "2026-03-18",
    "covered": [["2026-03-02", "2026-03-18"]],
    "reread": [["2026-03-15", "2026-03-18", "2026-03-18T12"]],
}


@pytest.mark.parametrize(
    ("mark", "words"),
    [
        ("soon", "can't be understood"),
        ({**ENTRY, "replication_key_value": "soon"}, "not a date"),
        ({**ENTRY, "replication_key_value": None}, "has no `replication_key_value`"),
        ({**ENTRY, "covered": [["2026-03-18", "2026-03-02"]]}, "ends before it begins"),
        ({**ENTRY, "covered": ["2026-03-18"]}, "not a date"),
        ({**ENTRY, "unfinished": 1}, "not a date"),
        ({**ENTRY, "jobs": [["x", {}]]}, "not a date"),
        ({**ENTRY, "report": ["grain"]}, "`report` can't be understood"),
        ({**ENTRY, "greatest_ids": "x"}, "`greatest_ids` can't be understood"),
        ({**ENTRY, "greatest_ids": {"things": "7"}}, "`greatest_ids` can't be understood"),
        ({**ENTRY, "greatest_ids_before": [7]}, "`greatest_ids_before` can't be understood"),
        ({**ENTRY, "greatest_ids_at": "soon"}, "not a date"),
        ({"partitions": [{"context": {"account": "a"}}] * 2}, "two entries of"),
        ({"partitions": ["a"]}, "a partition of 'by_day' can't be understood"),
        ({"alike": [{"context": {"account": "a"}}]}, "`alike` is not a list of entries"),
    ],
)
def test_a_damaged_state_is_named_with_what_to_do(room, mark, words):
    """Cut off, edited by hand, put together of two: better no run than one that reads all or nothing."""
    with pytest.raises(SettingsError) as refusal:
        room.run({"bookmarks": {"by_day": mark}})
    assert words in str(refusal.value)
    assert room.server.log == []


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"bookmark": {"by_day": {}}}, "there are no `bookmarks` in it (bookmark)"),
        (
            {"bookmarks": {"orders": {"replication_key_value": "2026-01-01"}}},
            "is it another tap's?",
        ),
    ],
    ids=["no bookmarks", "none of ours"],
)
def test_a_state_that_says_nothing_of_us_is_said(room, caplog, state, words):
    """All is read from its start, and nobody must wonder why."""
    assert days(room.run(state)) == ("2026-03-02", "2026-03-20")
    assert words in caplog.text


def test_a_state_in_meltanos_wrapper_is_understood(room):
    """What `meltano state get` prints."""
    state = room.run().last_state
    for wrapped in ({"singer_state": state}, {"completed": {"singer_state": state}, "partial": {}}):
        assert days(room.run(wrapped)) == ("2026-03-17", "2026-03-20")
