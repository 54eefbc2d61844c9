"""What a catalog may say of a stream: how it is read, which of its columns; never its keys."""

import logging
import os
from typing import Any
from unittest.mock import patch

from adtap_core.testing import Messages, run_tap, select
from tests.core.restating import NOON, Room, TapRestating, days


def edited(change: Any) -> dict[str, Any]:
    """A catalog with the report selected, changed by hand."""
    catalog = select(TapRestating, {}, {"by_day"})
    for entry in catalog["streams"]:
        if entry["tap_stream_id"] == "by_day":
            change(entry)
    return catalog


def run_with(room: Room, catalog: dict[str, Any], state: Any = None) -> Messages:
    """Run with a catalog."""
    room.server.now = NOON
    config = {"api_url": room.server.url, "start_date": "2026-03-02", "max_retries": 0}
    with patch.dict(os.environ, {"ADTAPS_NOW": NOON}):
        return run_tap(TapRestating, config, state=state, catalog=catalog)


def test_a_catalog_may_ask_for_a_full_read(room):
    """FULL_TABLE reads everything, whatever state says was read."""
    state = room.run().last_state
    full = edited(lambda entry: entry.update(replication_method="FULL_TABLE"))
    assert days(run_with(room, full, state)) == ("2026-03-02", "2026-03-20")


def test_a_full_read_may_be_asked_for_in_the_metadata(room):
    """`forced-replication-method` goes before the method that discovery wrote into the entry itself."""
    state = room.run().last_state

    def force(entry: dict[str, Any]) -> None:
        assert entry["replication_method"] == "INCREMENTAL"
        (root,) = (m["metadata"] for m in entry["metadata"] if not m["breadcrumb"])
        root["forced-replication-method"] = "FULL_TABLE"

    assert days(run_with(room, edited(force), state)) == ("2026-03-02", "2026-03-20")


def test_keys_come_from_the_tap(room, caplog):
    """Narrowed in a catalog they would make rows collide."""
    narrow = edited(lambda entry: entry.update(key_properties=["day"]))
    with caplog.at_level(logging.WARNING):
        got = run_with(room, narrow)
    assert got.schemas["by_day"]["key_properties"] == ["_row_key"]
    assert "key_properties" in caplog.text
