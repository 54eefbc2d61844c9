"""A report stream from its first sync on: scenarios on emitted messages."""

import gc
import json
import logging
import re
import threading
import time
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from adtap_core.errors import CredentialsError, RequestError, SettingsError
from adtap_core.sync.reports import ReportStream
from adtap_core.sync.streams import goes_straight
from adtap_core.tap import RunFailed
from tests.core.conftest import Tiny
from tests.core.tiny import Answer, TapTiny, TinyPlatform, TinyServer
from tests.running import Messages, run_tap, select, without


def test_first_sync_reads_from_the_start_to_yesterday(tiny: Tiny) -> None:
    """Windows of four days, both accounts in one request, today left out."""
    got = tiny.run()
    assert tiny.asked() == [
        ("2026-03-08", "2026-03-12", "x,y"),
        ("2026-03-12", "2026-03-16", "x,y"),
        ("2026-03-16", "2026-03-18", "x,y"),
    ]
    rows = got.records["spend_daily"]
    assert len(rows) == 10 * 2 * 3
    assert len({r["_row_key"] for r in rows}) == len(rows)
    assert {r["campaign_id"] for r in rows} == {"a", "", None}
    states = {r["day"]: r["_data_state"] for r in rows}
    assert states["2026-03-15"] == "settled"
    assert states["2026-03-16"] == states["2026-03-17"] == "provisional"
    assert {r["spend"] for r in rows} == {"1.10"}
    assert {r["_currency"] for r in rows} == {"EUR"}
    schema = got.schemas["spend_daily"]["schema"]
    assert schema["properties"]["spend"]["format"] == "x-singer.decimal"
    assert schema["x-grain"] == ["_account", "day", "account", "campaign_id"]
    assert got.schemas["spend_daily"]["key_properties"] == ["_row_key"]


def test_messages_close_each_window_in_order(tiny: Tiny) -> None:
    """Rows, then the ledger, then STATE; the ledger's time equals the rows'."""
    got = tiny.run()
    kinds = [
        line["type"] if line["type"] == "STATE" else line["stream"]
        for line in got.lines
        if line["type"] != "SCHEMA"
    ]
    squeezed = [k for k, before in zip(kinds, [None, *kinds], strict=False) if k != before]
    assert squeezed == ["spend_daily", "sync_windows", "STATE"] * 3
    for window in got.windows("spend_daily"):
        inside = [
            r
            for r in got.records["spend_daily"]
            if window["window_start"][:10] <= r["day"] < window["window_end"][:10]
            and r["_account"] == window["account"]
        ]
        assert len(inside) == window["row_count"]
        assert {r["_synced_at"] for r in inside} == {window["synced_at"]}


def test_second_sync_reads_the_lookback_and_follows_a_restatement(tiny: Tiny) -> None:
    """The restated day has the same key and the new value."""
    first = tiny.run()
    tiny.at("2026-03-19T12:00:00Z")
    tiny.server.spend["2026-03-17"] = "9.99"
    second = tiny.run(first.last_state)
    assert tiny.asked() == [("2026-03-16", "2026-03-19", "x,y")]
    before, after = first.final("spend_daily"), second.final("spend_daily")
    changed = {k for k in after if k in before and after[k]["spend"] != before[k]["spend"]}
    assert {after[k]["day"] for k in changed} == {"2026-03-17"}
    assert len(changed) == 6


def test_the_same_run_twice_changes_nothing_but_when_it_was_read(tiny: Tiny) -> None:
    """Keys and values are functions of the data alone."""

    def plain(messages: Messages) -> list[dict[str, Any]]:
        rows = messages.records["spend_daily"]
        return [{k: v for k, v in r.items() if k != "_synced_at"} for r in rows]

    assert plain(tiny.run()) == plain(tiny.run())


def test_an_empty_window_moves_the_bookmark(tiny: Tiny) -> None:
    """A paused account is not read again from its last delivery day on every sync."""
    tiny.server.before.append(lambda _p, _q: TinyServer.json({"rows": []}))
    got = tiny.run()
    marks = got.last_state["bookmarks"]["spend_daily"]["partitions"]
    assert [m["replication_key_value"] for m in marks] == ["2026-03-18"] * 2
    assert [w["row_count"] for w in got.windows("spend_daily")] == [0] * 6


def test_a_new_account_starts_from_its_own_start_the_others_untouched(tiny: Tiny) -> None:
    """Bundled where windows agree, alone where they don't."""
    first = tiny.run()
    tiny.run(first.last_state, accounts=["x", "y", "z"])
    assert tiny.asked() == [
        ("2026-03-16", "2026-03-18", "x,y"),
        ("2026-03-08", "2026-03-12", "z"),
        ("2026-03-12", "2026-03-16", "z"),
        ("2026-03-16", "2026-03-18", "z"),
    ]


def test_a_backfill_of_a_day_that_is_not_yet_makes_the_tables_and_asks_nothing(
    tiny: Tiny,
) -> None:
    """So a loader has every table, the ledger's too, before several processes write at once."""
    got = tiny.run(backfill={"from": "2026-03-20", "to": "2026-03-21"})
    assert {"spend_daily", "sync_windows"} <= got.schemas.keys()
    assert not tiny.asked()
    assert not got.records


def test_a_report_that_a_backfill_names_and_nobody_selected_is_said(tiny: Tiny, caplog) -> None:
    """Nothing of it is read: without a word, exit code 0 would look like a backfill that was done."""
    days = {"from": "2026-01-01", "to": "2026-01-02", "streams": ["spend_daily"]}
    run_tap(TapTiny, tiny.config | {"backfill": days}, catalog=select(TapTiny, tiny.config, set()))
    assert not tiny.asked()
    assert "backfill.streams: spend_daily is not selected in the catalog" in caplog.text


def test_a_backfill_reads_exactly_its_range_and_leaves_the_state_as_it_was(tiny: Tiny) -> None:
    """Byte for byte, and without a lookback."""
    state = tiny.run().last_state
    got = tiny.run(state, backfill={"from": "2025-12-30", "to": "2026-01-02"})
    assert tiny.asked() == [("2025-12-30", "2026-01-02", "x,y")]
    assert [json.dumps(s) for s in got.states] == [json.dumps(state)]
    assert len(got.windows("spend_daily")) == 2


def test_today_is_partial_and_read_again(tiny: Tiny) -> None:
    """`include_today` reads the running day; the bookmark stays before it."""
    got = tiny.run(include_today=True, lookback_days=0)
    today = [r for r in got.records["spend_daily"] if r["day"] == "2026-03-18"]
    assert {r["_data_state"] for r in today} == {"partial"}
    tiny.run(got.last_state, include_today=True, lookback_days=0)
    assert tiny.asked() == [("2026-03-18", "2026-03-19", "x,y")]


def test_nothing_on_or_after_the_end_date_is_asked(tiny: Tiny) -> None:
    """Exclusive."""
    tiny.run(end_date="2026-03-10")
    assert tiny.asked() == [("2026-03-08", "2026-03-10", "x,y")]


def test_a_refused_stream_is_only_a_warning_when_nobody_selected_it(tiny: Tiny) -> None:
    """Without a catalog: a warning. Selected by a catalog: an error that says to deselect it."""
    tiny.server.before.append(lambda _p, _q: (403, {}, b"no"))
    assert tiny.run().records["spend_daily"] == []
    catalog = select(TapTiny, tiny.config, {"spend_daily"})
    with pytest.raises(RunFailed):
        run_tap(TapTiny, tiny.config, catalog=catalog)


def test_a_static_token_that_is_refused_ends_the_run_at_once(tiny: Tiny) -> None:
    """One request, no retry, no second account."""
    tiny.server.before.append(lambda _p, _q: (401, {}, b"bad token"))
    with pytest.raises(CredentialsError):
        tiny.run(concurrency=1)
    assert len(tiny.server.log) == 1


def test_a_wrong_static_token_goes_out_once_whatever_the_concurrency(tiny: Tiny) -> None:
    """No other request follows until one has shown that the token is good."""
    tiny.server.before.append(lambda _p, _q: (401, {}, b'{"error": "unknown token"}'))
    with pytest.raises(CredentialsError):
        tiny.run(concurrency=8, reports=OWN)
    assert len(tiny.server.log) == 1


OWN = [
    {"name": name, "dimensions": ["account"], "metrics": ["clicks"], "start_date": start}
    for name, start in (("first", "2026-03-14"), ("second", "2026-03-01"), ("third", "2026-03-17"))
]


def bare(message: dict[str, Any]) -> dict[str, Any]:
    """A message without the moments at which it was made."""
    record = message.get("record", {})
    timeless = {k: v for k, v in record.items() if k not in {"_synced_at", "synced_at"}}
    made = {k: v for k, v in message.items() if k != "time_extracted"} | {"record": timeless}
    # A run under way also notes when it began.
    return json.loads(re.sub(r'"begun": "[^"]*"', '"begun": ""', json.dumps(made, default=str)))


def test_windows_of_several_reports_fly_together_and_land_in_the_same_order(tiny: Tiny) -> None:
    """Rows, ledger and every STATE are those of one request after the other."""
    in_flight: set[int] = set()
    most: list[int] = []
    together = threading.Event()
    wanted = 1

    def slow(_path: str, _query: dict[str, list[str]]) -> None:
        in_flight.add(threading.get_ident())
        most.append(len(in_flight))
        if len(in_flight) >= wanted:
            together.set()
        # As long as it takes until as many fly as may, on a busy machine too; then no longer. The first request
        # goes alone: it proves the token.
        if len(most) > 1:
            together.wait(30)
        time.sleep(0.01)
        in_flight.discard(threading.get_ident())

    tiny.server.before.append(slow)
    runs, highest = [], []
    for concurrency in (1, 4):
        most.clear()
        together.clear()
        wanted = concurrency
        runs.append(tiny.run(concurrency=concurrency, reports=OWN, accounts=["x"]))
        highest.append(max(most))
    one, four = runs
    assert [bare(m) for m in four.lines] == [bare(m) for m in one.lines]
    assert {m["stream"] for m in four.lines if m["type"] == "RECORD"} > {"first", "second", "third"}
    # The second report has five windows, the third a single one: four fly only if reports overlap.
    assert highest == [1, 4]


def test_the_next_window_is_on_its_way_while_rows_are_written(tiny: Tiny) -> None:
    """Even with one request at a time: the network does not wait for the target."""
    asked = []
    write = ReportStream.write_window

    def patient(self: ReportStream, *window: Any) -> None:
        until = time.monotonic() + 60
        while len(tiny.asked()) < 2 and time.monotonic() < until:
            time.sleep(0.01)
        asked.append(len(tiny.asked()))
        write(self, *window)

    tiny.patch.setattr(ReportStream, "write_window", patient)
    tiny.run(accounts=["x"])
    assert len(asked) == 3
    assert asked[0] >= 2


@pytest.mark.parametrize("concurrency", [1, 4])
def test_behind_a_failed_window_nothing_more_of_its_account_is_asked_for(
    tiny: Tiny, concurrency: int
) -> None:
    """But for what was in flight already; the bookmark stays in front of it."""
    tiny.server.before.append(lambda _p, q: (500, {}, b"broken") if "from" in q else None)
    tap = TapTiny(
        config=tiny.config
        | {"accounts": ["x"], "concurrency": concurrency, "start_date": "2026-01-01"}
    )
    with pytest.raises(RunFailed):
        tap.run()
    assert len(tiny.asked()) <= concurrency
    assert "replication_key_value" not in json.dumps(tap.state)


@pytest.mark.parametrize("wish", ["warn", "fail"])
def test_an_empty_run_means_what_the_setting_says(tiny: Tiny, wish: str) -> None:
    """`fail` ends with an error and has moved no bookmark; `warn` goes on."""
    tiny.server.before.append(lambda _p, _q: TinyServer.json({"rows": []}))
    if wish == "warn":
        assert tiny.run(on_empty=wish).last_state["bookmarks"]["spend_daily"]["partitions"]
        return
    tap = TapTiny(config=tiny.config | {"on_empty": wish})
    with pytest.raises(RunFailed):
        tap.run()
    assert "replication_key_value" not in json.dumps(tap.state)


def test_a_run_with_nothing_left_to_read_is_not_empty(
    tiny: Tiny, caplog: pytest.LogCaptureFixture
) -> None:
    """Each day was read by an earlier run of the day: nobody was asked, so nobody had no rows."""
    more = {"lookback_days": 0, "on_empty": "fail"}
    state = tiny.run(**more).last_state
    caplog.clear()
    assert tiny.run(state=state, **more).records["spend_daily"] == []
    assert "no row in the whole run" not in caplog.text


def test_the_rest_of_a_run_that_broke_off_may_be_empty(tiny: Tiny) -> None:
    """Rows came before it was killed: with `fail` no window is closed before a first row, so none of it was empty."""
    more = {"on_empty": "fail", "start_date": "2026-01-01", "accounts": ["x"]}
    states = tiny.run(**more).states
    early = next(s for s in states if s["bookmarks"]["spend_daily"]["partitions"][0].get("covered"))
    tiny.server.before.append(lambda _p, _q: TinyServer.json({"rows": []}))
    got = tiny.run(state=early, **more)
    assert tiny.asked(), "there was nothing left to read"
    ends = [
        s["bookmarks"]["spend_daily"]["partitions"][0]["covered"] for s in (early, got.last_state)
    ]
    assert ends[0] < ends[1]


def test_too_much_is_halved_until_it_is_whole(tiny: Tiny) -> None:
    """Two gateway errors in a row split the window; the rows are those of the whole."""
    whole = tiny.run()

    def cut(_path: str, query: dict[str, list[str]]) -> Answer | None:
        if "from" not in query:
            return None
        length = date.fromisoformat(query["to"][0]) - date.fromisoformat(query["from"][0])
        return (504, {}, b"too slow") if length > timedelta(days=1) else None

    tiny.server.before.append(cut)
    tiny.patch.setattr("time.sleep", lambda _s: None)
    pieces = tiny.run(max_retries=3)
    assert pieces.final("spend_daily").keys() == whole.final("spend_daily").keys()
    assert len(pieces.windows("spend_daily")) == len(whole.windows("spend_daily"))
    assert {w["splits"] for w in pieces.windows("spend_daily") if w["requests"]} == {3, 1}
    # The first window is asked for in vain, twice; the next ones in days from the start.
    lengths = [(date.fromisoformat(b) - date.fromisoformat(a)).days for a, b, _ in tiny.asked()]
    assert lengths == [4, 4, 2, 2, 1, 1, 1, 1, *[1] * 6]


def test_rows_that_the_platform_repeats_are_all_kept(tiny: Tiny) -> None:
    """The same grain twice: two rows with two keys, the same keys in the next run."""
    row = {"day": "2026-03-08", "account": "x", "campaignId": "a", "clicks": 1, "spend": "1"}
    tiny.server.before.append(
        lambda _p, q: TinyServer.json({"rows": [row, row]}) if "from" in q else None
    )
    settings = {"accounts": ["x"], "end_date": "2026-03-09"}
    first, second = tiny.run(**settings), tiny.run(**settings)
    assert len(first.final("spend_daily")) == 2
    assert first.final("spend_daily").keys() == second.final("spend_daily").keys()


def test_decimals_can_be_written_as_numbers(tiny: Tiny) -> None:
    """For targets that don't know the format; exact as well."""
    tiny.server.spend = dict.fromkeys(
        [f"2026-03-{d:02d}" for d in range(8, 18)], "2.739120012072817"
    )
    got = tiny.run(decimals_as="number")
    assert {r["spend"] for r in got.records["spend_daily"]} == {Decimal("2.739120012072817")}
    assert got.schemas["spend_daily"]["schema"]["properties"]["spend"]["type"] == ["number", "null"]


def test_selecting_fewer_metrics_asks_for_fewer(tiny: Tiny) -> None:
    """What is not selected is not asked, not written, not in the schema; dimensions stay."""
    catalog = without(select(TapTiny, tiny.config, {"spend_daily"}), "clicks", "campaign_id")
    tiny.server.log.clear()
    got = run_tap(TapTiny, tiny.config, catalog=catalog)
    assert {q["metrics"][0] for q in tiny.server.log} == {"spend"}
    assert "clicks" not in got.schemas["spend_daily"]["schema"]["properties"]
    row = got.records["spend_daily"][0]
    assert "clicks" not in row
    assert "campaign_id" in row


def test_a_metric_that_is_asked_for_because_one_must_be_is_not_written(tiny: Tiny) -> None:
    """All are deselected: a platform needs one to say that a row exists, the warehouse does not."""
    catalog = without(select(TapTiny, tiny.config, {"spend_daily"}), "clicks", "spend")
    got = run_tap(TapTiny, tiny.config, catalog=catalog)
    assert got.records["spend_daily"]
    for row in got.records["spend_daily"]:
        assert not {"clicks", "spend"} & row.keys()


def test_the_short_way_and_the_sdks_way_write_the_same_messages(tiny: Tiny) -> None:
    """A stream map that changes nothing takes the SDK's full path: same records, same schema."""
    for settings, straight in (
        ({}, True),
        ({"flattening_enabled": True, "flattening_max_depth": 1}, False),
    ):
        tap = TapTiny(config=tiny.config | settings)
        assert goes_straight(tap.streams["spend_daily"]) is straight
    short = tiny.run()
    long = tiny.run(stream_maps={"spend_daily": {"clicks": "clicks"}})

    def plain(messages: Messages) -> list[dict[str, Any]]:
        rows = messages.records["spend_daily"]
        return [{k: v for k, v in r.items() if k != "_synced_at"} for r in rows]

    assert plain(long) == plain(short)
    one, other = (m.schemas["spend_daily"]["schema"]["properties"] for m in (short, long))
    assert one["spend"] == other["spend"]
    assert one["spend"]["scale"] == 18


def test_a_report_whose_grain_changed_is_refused_with_the_reason(tiny: Tiny) -> None:
    """A new dimension is a new report: rows of both grains would mix."""
    report = {"name": "mine", "dimensions": ["account"], "metrics": ["spend"]}
    state = tiny.run(reports=[report]).last_state
    with pytest.raises(SettingsError, match="its grain was"):
        tiny.run(state, reports=[report | {"dimensions": ["account", "campaignId"]}])
    assert tiny.asked() == []
    tiny.run(state, reports=[report | {"metrics": ["spend", "clicks"]}])


def test_what_others_keep_in_the_state_document_stays(tiny: Tiny) -> None:
    """Unknown keys and the bookmarks of streams that are not here."""
    state = {
        "singer_state": {"x": 1},
        "bookmarks": {"elsewhere": {"replication_key_value": "2026-01-01"}},
    }
    got = tiny.run(state).last_state
    assert got["singer_state"] == {"x": 1}
    assert got["bookmarks"]["elsewhere"] == state["bookmarks"]["elsewhere"]


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"start_date": "soon"}, "start_date: 'soon' is not a date"),
        ({"end_date": "2026-03-01"}, "end_date: '2026-03-01' is not after start_date"),
        ({"time_zone": "Mars/Base"}, "'Mars/Base' is not a time zone"),
        ({"time_zone": "+25:00"}, "'+25:00' is not a time zone"),
        ({"concurrency": 0}, "concurrency: 0 is too small"),
        ({"lookback_days": "many"}, "lookback_days: 'many' is not a whole number"),
        ({"on_empty": "shrug"}, "on_empty: 'shrug' is not one of ok, warn, fail"),
        (
            {"backfill": {"from": "2026-01-05", "to": "2026-01-01"}},
            "backfill.to: '2026-01-01' is not after",
        ),
        ({"backfill": {"from": "2026-01-05"}}, "backfill: to is missing"),
        ({"api_url": "api.example.com"}, "api_url: 'api.example.com' is not an address"),
        ({"api_url": "me:secret@example.com"}, "api_url: 'example.com' is not an address"),
        (
            {"reports": [{"name": "spend_daily", "dimensions": [], "metrics": ["a"]}]},
            "built-in stream",
        ),
        ({"reports": [{"name": "a", "dimensions": [], "metrics": ["m"]}] * 2}, "used twice"),
        ({"reports": [{"name": "a", "dimensions": ["day"], "metrics": ["m"]}]}, "set `grain`"),
        (
            {"reports": [{"name": "a", "dimension": [], "metrics": ["m"]}]},
            "did you mean dimensions?",
        ),
    ],
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_a_bad_setting_is_one_clear_line_before_any_request(
    tiny: Tiny, settings: dict[str, Any], line: str
) -> None:
    """Setting, value, what is expected."""
    with pytest.raises(SettingsError) as raised:
        tiny.run(**settings)
    assert any(line in fault for fault in raised.value.errors), raised.value.errors
    assert tiny.server.log == []


def test_a_stream_that_was_done_when_the_run_broke_off_is_not_read_again(tiny: Tiny) -> None:
    """Its lookback was read a moment ago; only the streams after it go on."""
    reports = [{"name": "yours", "dimensions": ["account"], "metrics": ["spend"]}]
    first = tiny.run(reports=reports)
    tiny.at("2026-03-19T12:00:00Z")
    whole = tiny.run(first.last_state, reports=reports)
    assert [len(whole.windows(s)) for s in ("spend_daily", "yours")] == [2, 2]
    rest = tiny.run(whole.states[0], reports=reports)
    assert {w["stream"] for w in rest.records["sync_windows"]} == {"yours"}
    assert rest.last_state == whole.last_state
    again = tiny.run(rest.last_state, reports=reports)
    assert {w["stream"] for w in again.records["sync_windows"]} == {"spend_daily", "yours"}


def frozen(wanted: object) -> bool:
    """Whether the collector passes over an object."""
    return not any(one is wanted for one in gc.get_objects())


def test_a_process_that_runs_taps_again_and_again_keeps_its_memory(tiny):
    """No tap outlives its run, but the last one, whose signal handlers are set; the collector is set as before.

    What was frozen, here all that was imported before the first test, stays so.
    """
    collector = gc.get_threshold(), frozen(TapTiny)
    assert collector[1]
    for _ in range(3):
        tiny.run()
    with pytest.raises(RunFailed):
        tiny.run(reports=[{"name": "own", "dimensions": ["no_such"], "metrics": ["value"]}])
    gc.collect()
    assert sum(isinstance(o, TapTiny) for o in gc.get_objects()) <= 1
    assert (gc.get_threshold(), frozen(TapTiny)) == collector


@pytest.mark.parametrize(
    "start", ["2026-03-16T12:00:00Z", "2026-03-16T23:59:59", "2026-03-16T01:00:00+01:00"]
)
def test_a_start_within_a_day_asks_for_that_day(tiny: Tiny, start: str) -> None:
    """The first day ever asked is the day that holds the moment: a part of it can't be asked for."""
    tiny.run(start_date=start)
    assert tiny.asked() == [("2026-03-16", "2026-03-18", "x,y")]


def test_a_report_that_failed_before_it_began_counts(tiny: Tiny, caplog: Any) -> None:
    """`0 of 1 streams`, not `0 of 0`: it was to be read."""
    refuse = RequestError("the metadata can't be read")

    def fail(*_: object) -> list[str]:
        raise refuse

    tiny.patch.setattr(TinyPlatform, "report_errors", fail)
    with caplog.at_level(logging.INFO), pytest.raises(RunFailed):
        tiny.run()
    assert "Run ended: 0 of 1 stream read whole" in caplog.text
