"""Rows are held against the platform's totals while they are written, and what each bucket held is kept."""

import logging
import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from typing_extensions import override

from adtap_core.tap import RunFailed
from adtap_core.testing import Messages, run_tap, select
from adtap_core.windows import Grain, Zone
from tests.core.restating import RestatingServer, TapRestating, truth

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
START = "2026-03-14"


class Server(RestatingServer):
    """Says something else to every second question, as a platform whose rows and totals disagree."""

    def __init__(self) -> None:
        super().__init__()
        self.wrong: str | None = None
        self.forbidden = False
        self.asked = 0

    @override
    def answer(
        self, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str]
    ) -> tuple[int, object]:
        self.asked += 1
        second = self.asked % 2 == 0
        if second and self.forbidden:
            return 403, {"error": "no totals for you"}
        status, document = super().answer(method, path, query, headers)
        if second and self.wrong and isinstance(document, dict):
            row = next(r for r in document["rows"] if r["account"] == self.wrong)
            row["value"] += 1
        return status, document


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        running.now = NOW.isoformat()
        yield running


def run(server: Server, now: datetime = NOW, grain: Grain = Grain.DAY, **more: Any) -> Messages:
    """Run the tap; a run that fails gives what it wrote, and 1 as its code."""
    config = {
        "api_url": server.url,
        "accounts": ["a", "b"],
        "start_date": START,
        "max_retries": 0,
        **more,
    }
    state = config.pop("state", None)
    streams = {f"by_{grain.value}", *config.pop("streams", ())}
    written: list[Messages] = []
    server.now = now.isoformat()
    with patch.dict(os.environ, {"ADTAPS_NOW": now.isoformat()}):
        try:
            run_tap(
                TapRestating,
                config,
                state=state,
                catalog=select(TapRestating, config, streams),
                written=written.append,
            )
        except RunFailed:
            written[0].code = 1
    return written[0]


def value(messages: Messages, window: Mapping[str, Any]) -> int:
    """What a window's rows add up to."""
    return sum(
        r["value"]
        for r in messages.records["by_day"]
        if r["_account"] == window["account"]
        and window["window_start"][:10] <= r["day"] < window["window_end"][:10]
    )


# -- control totals --------------------------------------------------------------------------


def test_each_window_has_its_control(server):
    """The platform's totals of each account stand in the ledger, and whether the rows add up to them."""
    plain = run(server)
    assert {(w["control"], w["ties"]) for w in plain.windows("by_day")} == {(None, None)}
    requests = sum(w["requests"] for w in plain.windows("by_day"))
    checked = run(server, control_totals=True)
    windows = checked.windows("by_day")
    assert len(windows) == 4
    for window in windows:
        total = str(value(checked, window))
        assert window["control"] == {"value": total, "worth": total}
        assert window["ties"] is True
    assert sum(w["requests"] for w in windows) == 2 * requests


def test_a_mismatch_is_said_and_kept(server, caplog):
    """`warn`: the account whose rows do not add up is named with both numbers, in the log and in the ledger."""
    server.wrong = "b"
    messages = run(server, control_totals=True)
    assert messages.code == 0
    ties = {w["account"]: w["ties"] for w in messages.windows("by_day")[:2]}
    assert ties == {'{"account":"a"}': True, '{"account":"b"}': False}
    wrong = messages.windows("by_day")[1]
    total = value(messages, wrong)
    assert wrong["control"] == {"value": str(total + 1), "worth": str(total)}
    (line, *_) = [r.message for r in caplog.records if "does not tie out" in r.message]
    assert '{"account":"b"} 2026-03-14: value: the rows add up to ' in line
    assert messages.last_state["bookmarks"]["by_day"]["partitions"][0]["replication_key_value"]


def test_a_mismatch_may_fail_the_window(server):
    """`fail`: no ledger row, the bookmark stays, and the next good run reads the window again."""
    server.wrong = "b"
    failed = run(server, control_totals=True, on_mismatch="fail")
    assert failed.code == 1
    assert failed.windows("by_day") == []
    marks = failed.last_state["bookmarks"]["by_day"]["partitions"]
    assert not any(entry.get("replication_key_value") for entry in marks)
    server.wrong, server.asked = None, 0
    again = run(server, control_totals=True, on_mismatch="fail", state=failed.last_state)
    assert again.code == 0
    assert {w["ties"] for w in again.windows("by_day")} == {True}


def test_totals_that_can_not_be_had_are_null(server, caplog):
    """The platform refuses the totals: said once in its words; the rows are read, nothing is claimed of them."""
    server.forbidden = True
    messages = run(server, control_totals=True, on_mismatch="fail")
    assert messages.code == 0
    assert {(w["control"], w["ties"]) for w in messages.windows("by_day")} == {(None, None)}
    said = [r for r in caplog.records if "no control totals" in r.message]
    # Of the windows after the first one it is only information.
    warned = [r.message for r in said if r.levelno >= logging.WARNING]
    assert len(warned) == 1
    assert "no totals for you" in warned[0]


def test_a_run_killed_beside_its_controls_leaves_no_window_without_one(server):
    """Killed at any message and run again: all windows have totals, once each, and none of a window not closed."""
    whole = run(server, control_totals=True)
    windows = {window_key(w): (w["control"], w["ties"]) for w in whole.windows("by_day")}
    assert {ties for _, ties in windows.values()} == {True}
    for at, line in enumerate(whole.lines):
        if line["type"] != "STATE":
            continue
        before = Messages(whole.lines[: at + 1])
        again = run(server, control_totals=True, state=line["value"])
        closed = [window_key(w) for w in before.windows("by_day")]
        assert len(set(closed)) == len(closed)
        found = {window_key(w): (w["control"], w["ties"]) for w in before.windows("by_day")}
        found |= {window_key(w): (w["control"], w["ties"]) for w in again.windows("by_day")}
        assert windows.items() <= found.items()
        assert {ties for _, ties in found.values()} == {True}


def window_key(window: Mapping[str, Any]) -> tuple[str, str, str]:
    """What tells a window from all others of its stream."""
    return window["account"], window["window_start"], window["window_end"]


# -- what each bucket held -------------------------------------------------------------------


def test_each_bucket_has_a_row_for_each_reading(server):
    """Rows, sums and age of every account's bucket, also of one without rows; every reading is kept."""
    first = run(server, streams={"sync_days"})
    later = NOW + timedelta(days=2)
    second = run(server, later, streams={"sync_days"}, state=first.last_state)
    readings = [(first, NOW), (second, later)]
    seen = set()
    for messages, now in readings:
        for row in messages.records["sync_days"]:
            key = (row["stream"], row["account"], row["bucket"], row["synced_at"])
            assert key not in seen
            seen.add(key)
            bucket = datetime.fromisoformat(row["bucket"]).replace(tzinfo=None)
            account = row["account"].split('"')[3]
            there = truth(Grain.DAY, Zone("UTC"), bucket, account, now)
            assert row["row_count"] == len(there)
            total = str(sum(there.values()))
            assert row["totals"] == {"value": total, "worth": total}
            assert row["age_days"] == (now.replace(tzinfo=None) - bucket).days - 1
            assert row["synced_at"] in {r["_synced_at"] for r in messages.records["by_day"]}
    windows = [w for m, _ in readings for w in m.windows("by_day")]
    days = sum(
        (datetime.fromisoformat(w["window_end"]) - datetime.fromisoformat(w["window_start"])).days
        for w in windows
    )
    assert len(seen) == days


def test_nobody_asked_nothing_is_written(server):
    """`sync_days` is not selected by default, and costs nothing where it is not."""
    assert not TapRestating(config={"api_url": server.url}).streams["sync_days"].selected
    assert run(server).records["sync_days"] == []


def test_how_it_was_read_does_not_change_what_was_there(server):
    """Digests and sums are the same however windows are cut and however many are read side by side."""

    def held(**more: Any) -> dict[tuple[str, str], tuple[Any, ...]]:
        rows = run(server, streams={"sync_days"}, **more).records["sync_days"]
        return {
            (r["account"], r["bucket"]): (r["digest"], r["totals"], r["row_count"]) for r in rows
        }

    usual = held()
    assert len({digest for digest, _, _ in usual.values()}) > 5
    assert held(concurrency=4) == usual
    whole = TapRestating.reports
    from dataclasses import replace

    for span in (1, 2, 31):
        with patch.object(
            TapRestating, "reports", tuple(replace(r, span_days=span) for r in whole)
        ):
            assert held() == usual


def test_an_hour_that_clocks_repeat_is_two_buckets(server):
    """Where clocks go back both hours are kept, where they go forward the one that is skipped is not."""
    zone = "Europe/Berlin"
    for now, first, count in (
        (datetime(2026, 10, 26, 12, tzinfo=UTC), "2026-10-25", 25),
        (datetime(2026, 3, 30, 12, tzinfo=UTC), "2026-03-29", 23),
    ):
        messages = run(
            server,
            now,
            Grain.HOUR,
            streams={"sync_days"},
            accounts=["a"],
            time_zone=zone,
            start_date=first,
            end_date=(datetime.fromisoformat(first) + timedelta(days=1)).date().isoformat(),
        )
        assert len({r["bucket"] for r in messages.records["sync_days"]}) == count
