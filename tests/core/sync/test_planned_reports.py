"""What a report asks for, as its settings and its state leave it."""

import logging
from datetime import UTC, datetime, timedelta

import pytest

from adtap_core.tap import RunFailed
from adtap_core.testing import select
from tests.core.conftest import Tiny
from tests.core.restating import Room
from tests.core.tiny import TapTiny
from tests.running import run_tap


def test_a_start_in_the_future_is_said(room, caplog):
    """Nothing is read, and a line says why."""
    with caplog.at_level(logging.WARNING):
        got = room.run(start_date="2030-01-01")
    assert got.windows("by_day") == []
    assert "`start_date` lies in the future (2030-01-01)" in caplog.text


def without(tiny: Tiny, *columns: str) -> TapTiny:
    """Return the tiny tap with a catalog that leaves columns out."""
    catalog = select(TapTiny, tiny.config, {"spend_daily"})
    for entry in catalog["streams"]:
        for mark in entry["metadata"]:
            if mark["breadcrumb"][1:] and mark["breadcrumb"][1] in columns:
                mark["metadata"] = {"inclusion": "available", "selected": False}
    return TapTiny(config=tiny.config, catalog=catalog)


def test_metrics_that_nobody_selected_are_not_asked_for(tiny: Tiny) -> None:
    """One always is: a platform needs it to say that a row exists."""
    (some,) = without(tiny, "clicks").report_streams()
    assert some.asked().metrics == ("spend",)
    (none,) = without(tiny, "clicks", "spend").report_streams()
    assert none.asked().metrics == ("clicks",)


def test_what_a_row_is_can_not_be_left_out(tiny: Tiny) -> None:
    """Key, bucket, dimensions and our own columns: without them rows would be others."""
    tap = without(tiny, "_row_key", "day", "campaign_id", "_currency", "spend")
    (stream,) = tap.report_streams()
    assert {*stream.unselectable()} == {*stream.schema["properties"]} - {"clicks", "spend"}
    catalog = {"streams": tap.catalog_dict["streams"]}
    got = run_tap(TapTiny, tiny.config, catalog=catalog)
    assert {"_row_key", "day", "campaign_id", "_currency"} <= {*got.records["spend_daily"][0]}


@pytest.mark.parametrize("accounts", [None, ["a"], ["a", "b"]], ids=str)
def test_accounts_have_entries_of_their_own_and_the_login_has_the_report_itself(room: Room, accounts) -> None:  # fmt: skip
    """A single account, too: another may come."""
    mark = room.run(accounts=accounts).last_state["bookmarks"]["by_day"]
    assert ("replication_key_value" in mark) is (accounts is None)
    found = [entry["context"]["account"] for entry in mark.get("partitions") or ()]
    assert found == (accounts or [])
    fingerprint = mark["report"]
    assert (fingerprint["tap"], fingerprint["time_zone"]) == ("tap-restating", "UTC")
    assert fingerprint["grain"] == ["_account", "day", "thing"]


def test_an_account_that_is_new_is_read_from_the_start_and_the_others_go_on(room: Room) -> None:
    """Its entry comes beside theirs."""
    state = room.run(accounts=["a"]).last_state
    got = room.run(state, accounts=["a", "b"])
    first = {w["account"]: w["window_start"][:10] for w in reversed(got.windows("by_day"))}
    assert first == {'{"account":"a"}': "2026-03-17", '{"account":"b"}': "2026-03-02"}


def test_a_backfill_of_part_of_a_week_fails_before_any_request(room: Room, caplog) -> None:
    """Nothing would be left of it."""
    with pytest.raises(RunFailed):
        room.run(stream="by_week", backfill={"from": "2026-03-03", "to": "2026-03-05"})
    assert room.server.log == []


def test_a_full_read_takes_no_account_of_state(tiny: Tiny) -> None:
    """Everything from the start on."""
    state = tiny.run().last_state
    catalog = select(TapTiny, tiny.config, {"spend_daily"})
    for entry in catalog["streams"]:
        entry["replication_method"] = "FULL_TABLE"
    got = run_tap(TapTiny, tiny.config, state=state, catalog=catalog)
    assert min(row["day"] for row in got.records["spend_daily"]) == "2026-03-08"
    (stream,) = TapTiny(config=tiny.config, catalog=catalog).report_streams()
    assert stream.reads_fully


def test_rows_are_dated_by_the_machine_and_never_before_an_earlier_run(tiny: Tiny) -> None:
    """Whose clock was ahead: time creeps on from there, so that the later reading is the later one."""
    ahead = datetime.now(UTC) + timedelta(days=400)
    state = {"bookmarks": {"spend_daily": {"synced_at": ahead.isoformat()}}}
    (stream,) = TapTiny(config=tiny.config, state=state).report_streams()
    first, second = (stream.dated(datetime.now(UTC) + timedelta(seconds=n)) for n in (0, 9))
    assert ahead < first < second < ahead + timedelta(days=1)
    (plain,) = TapTiny(config=tiny.config).report_streams()
    moment = datetime.now(UTC)
    assert plain.dated(moment) == moment
