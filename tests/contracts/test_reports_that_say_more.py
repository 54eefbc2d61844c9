"""A report's answer that says it is not all is never taken for the whole, in whatever words it says so."""

import logging

import pytest

from adtap_core.tap import RunFailed
from tests.contracts.wires import STREAM, WIRES

SAYING = [name for name, wire in WIRES.items() if wire.says]
MORE = (
    {"has_more": True},
    {"truncated": "true"},
    {"isTruncated": 1},
    {"partial": True},
    {"is_complete": False},
    {"next_page": "https://elsewhere.example/?page=2&api_key=canary-key"},
    {"page_index": 0, "total_pages": 3},
)
WHOLE = {
    "has_more": False,
    "truncated": None,
    "partial": "",
    "incomplete": "false",
    "next": {},
    "is_complete": True,
}


def place(name, words):
    """Where this wire says such things: in its own line, or beside its rows, at the top or below it."""
    return words if name == "terminalone v2" else {"metadata": words, **words}


@pytest.mark.parametrize("words", MORE, ids=lambda w: next(iter(w)))
@pytest.mark.parametrize("name", SAYING)
def test_what_is_promised_and_does_not_come_fails_the_window(name, words, caplog):
    """No bookmark moves and no window is in the ledger; an address is not shown, as it may carry a key."""
    wire, written = WIRES[name], []
    with pytest.raises(RunFailed, match=STREAM):
        wire.run(lambda _: wire.write([wire.row()], place(name, words)), written=written.append)
    assert not written[0].windows(STREAM)
    marks = written[0].last_state.get("bookmarks", {}).get(STREAM, {})
    entries = [marks, *(marks.get("partitions") or [])]
    assert not any(e.get("replication_key_value") for e in entries)
    assert "says that there is more" in caplog.text or "lies on another host" in caplog.text
    assert "canary-key" not in caplog.text


@pytest.mark.parametrize("name", SAYING)
def test_false_null_and_empty_promise_nothing(name, caplog):
    """No warning, nothing in the ledger."""
    wire = WIRES[name]
    with caplog.at_level(logging.WARNING):
        found = wire.run(lambda _: wire.write([wire.row()], place(name, WHOLE)))
    assert len(found.records[STREAM]) == 1
    assert [w["warnings"] for w in found.windows(STREAM)] == [None]
    assert [r for r in caplog.records if r.levelno >= logging.WARNING] == []


def test_a_cut_window_is_asked_for_again_in_parts():
    """As where the platform says by its status that it was too much: three days become one and two."""
    wire = WIRES["adjust json"]

    def answer(asked):
        first, _, last = asked.query["date_period"].partition(":")
        return wire.write([wire.row(day=first)], {"truncated": first != last})

    found = wire.run(answer, start_date="2026-03-13", end_date="2026-03-17")
    assert sorted(r["day"] for r in found.records[STREAM]) == [
        "2026-03-13",
        "2026-03-14",
        "2026-03-15",
        "2026-03-16",
    ]
    assert [w["row_count"] for w in found.windows(STREAM)] == [4]
