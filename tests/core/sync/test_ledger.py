"""The streams that are written beside reports."""

from adtap_core.rows.schemas import DAYS_KEYS, LEDGER_KEYS, LEDGER_SCHEMA
from tests.core.conftest import Tiny
from tests.core.tiny import TapTiny
from tests.running import run_tap, select


def test_the_ledger_is_announced_though_nothing_is_read(tiny: Tiny) -> None:
    """A view that looks at it, and a second writer, need the table from the first run on; no row is written."""
    got = tiny.run(start_date="2030-01-01")
    schema = got.schemas["sync_windows"]
    assert schema["key_properties"] == list(LEDGER_KEYS)
    assert {*schema["schema"]["properties"]} == {*LEDGER_SCHEMA["properties"]}
    assert got.records["sync_windows"] == []


def test_it_is_announced_once_and_before_its_rows(tiny: Tiny) -> None:
    """However many reports write into it; each window of each account has a line."""
    got = tiny.run()
    kinds = [line["type"] for line in got.lines if line.get("stream") == "sync_windows"]
    assert kinds[0] == "SCHEMA"
    assert kinds.count("SCHEMA") == 1
    lines = got.windows("spend_daily")
    assert len({tuple(line[key] for key in LEDGER_KEYS) for line in lines}) == len(lines) == 6


def test_buckets_are_kept_for_whoever_selects_them(tiny: Tiny) -> None:
    """`sync_days` grows by a row a day and reading: not by default."""
    assert "sync_days" not in tiny.run().schemas
    catalog = select(TapTiny, tiny.config, {"spend_daily", "sync_days"})
    got = run_tap(TapTiny, tiny.config, catalog=catalog)
    assert got.schemas["sync_days"]["key_properties"] == list(DAYS_KEYS)
    days = {(row["account"], row["bucket"][:10]) for row in got.records["sync_days"]}
    rows = {(row["_account"], row["day"]) for row in got.records["spend_daily"]}
    assert days == rows


def test_a_ledger_that_nobody_selected_is_not_written(tiny: Tiny) -> None:
    """The reports are read all the same."""
    catalog = select(TapTiny, tiny.config, {"spend_daily"})
    for entry in catalog["streams"]:
        if entry["tap_stream_id"] == "sync_windows":
            (root,) = (m["metadata"] for m in entry["metadata"] if not m["breadcrumb"])
            root["selected"] = False
    got = run_tap(TapTiny, tiny.config, catalog=catalog)
    assert "sync_windows" not in got.schemas
    assert got.records["spend_daily"]
