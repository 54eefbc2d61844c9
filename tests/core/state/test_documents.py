"""The documents that a tap is given: understood whatever wraps them, or named with what is wrong."""

import io
import logging
from pathlib import Path
from typing import Any

import pytest

from adtap_core.errors import SettingsError
from adtap_core.state import documents
from adtap_core.state.documents import catalog, document, say_whose_it_is, unreadable, unwrapped
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


def file(content: str) -> Any:
    made = io.StringIO(content)
    made.name = "here.json"
    return made


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "the file is empty; leave the option out if there is none"),
        (" \n", "the file is empty"),
        ("[1]", "a JSON object is expected"),
        ("{", "can't be read as JSON"),
    ],
)
def test_a_file_that_is_no_document_is_one_line(content: str, words: str) -> None:
    """It names the option and the file."""
    with pytest.raises(SettingsError) as error:
        document(file(content), "state")
    (line,) = error.value.errors
    assert line.startswith("--state here.json: ")
    assert words in line


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"bookmarks": {}}', "not a Singer catalog: there is no list `streams` in it"),
        ('{"streams": {}}', "not a Singer catalog: there is no list `streams` in it"),
        ('{"streams": [1]}', "not a Singer catalog ("),
    ],
)
def test_a_document_that_is_no_catalog_selects_not_nothing(content: str, words: str) -> None:
    """A state or a settings file under the wrong option would read nothing, and exit 0."""
    with pytest.raises(SettingsError) as error:
        catalog(file(content))
    assert words in str(error.value)


@pytest.mark.parametrize(
    ("name", "words"), [("gone.json", "there is no such file"), (".", "that is a folder")]
)
def test_a_file_that_can_not_be_opened_says_why(tmp_path: Path, name: str, words: str) -> None:
    """In our words, not in those of the system."""
    path = tmp_path / name
    with pytest.raises(OSError) as error:
        path.open()
    said = str(unreadable("catalog", path, error.value))
    assert said.startswith(f"--catalog {path}: {words}")


@pytest.mark.parametrize("wrapper", documents.WRAPPERS)
def test_a_wrapper_is_taken_off(wrapper: str) -> None:
    """One in another, too; a state that has bookmarks is left as it is."""
    state = {"bookmarks": {"a": {}}, "singer_state": {"bookmarks": {}}}
    assert unwrapped({wrapper: state}) == state
    assert unwrapped({"completed": {wrapper: state}}) == state
    assert unwrapped({wrapper: "text"}) == {wrapper: "text"}


def test_a_state_that_knows_one_of_our_streams_is_ours(caplog: pytest.LogCaptureFixture) -> None:
    """Also beside others; an empty one is anybody's."""
    caplog.set_level(logging.WARNING)
    say_whose_it_is({"bookmarks": {"a": {}, "theirs": {}}}, ["a", "b"], "tap-x")
    say_whose_it_is({}, ["a"], "tap-x")
    assert not caplog.messages
    say_whose_it_is({"bookmarks": {"theirs": {}}}, ["a"], "tap-x")
    (line,) = caplog.messages
    assert "it knows theirs, and none of these is a stream of tap-x" in line
