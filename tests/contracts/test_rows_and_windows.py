"""Rows, windows, state: what a sync promises (contract §3 and §4), on each platform."""

import json
from decimal import Decimal
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

from adtap_core.sync.planning import lookback_days
from tests.contracts.conftest import Bench, day_after, plain, tables
from tests.contracts.platforms import START, TODAY
from tests.running import Messages

NEXT = "2026-03-19T12:00:00+00:00"
AFTER_NEXT = "2026-03-20T12:00:00+00:00"


def tiles(messages: Messages, stream: str) -> dict[str, tuple[str, str]]:
    """First and last day of each partition's windows; fails if they leave a gap or overlap."""
    found: dict[str, tuple[str, str]] = {}
    windows = messages.windows(stream)
    assert windows, f"no window of {stream} was read"
    for window in sorted(windows, key=lambda w: (w["account"], w["window_start"])):
        partition = window["account"]
        first, last = found.get(partition, (window["window_start"], window["window_start"]))
        assert window["window_start"] == last, f"{partition}: {last} then {window['window_start']}"
        found[partition] = (first, window["window_end"])
    return found


def days(pair: tuple[str, str]) -> tuple[str, str]:
    return pair[0][:10], pair[1][:10]


def bookmarks(state: dict[str, Any], stream: str) -> list[dict[str, Any]]:
    mark = state["bookmarks"][stream]
    return mark.get("partitions") or [mark]


def report_of(bench: Bench, name: str) -> Any:
    return next(r for r in bench.case.tap.reports if r.name == name)


def looks_back(bench: Bench, name: str) -> int:
    """Days that the report reads again."""
    report = report_of(bench, name)
    return lookback_days(report, {}, bench.case.tap.platform_class.lookback_days)


# -- rows ------------------------------------------------------------------------------------------


def test_records_are_what_the_schema_says(bench: Bench) -> None:
    """Every column is there, of its type; keys tell rows apart; no number went through a float."""
    got = bench.undisturbed({bench.case.entity, bench.case.daily, bench.case.hourly})
    for stream, schema in got.schemas.items():
        rows = got.records[stream]
        assert rows, f"{stream} is empty"
        properties = schema["schema"]["properties"]
        check = Draft202012Validator(schema["schema"], format_checker=FormatChecker())
        assert all(row.keys() == properties.keys() for row in rows), stream
        for row in rows[:: max(1, len(rows) // 50)]:  # each fiftieth: a slow validator
            assert not list(check.iter_errors(row)), (stream, row)
        keys = [tuple(r[k] for k in schema["key_properties"]) for r in rows]
        assert len(set(keys)) == len(keys), f"{stream}: a key comes twice"
        floats = {c for r in rows for c, v in r.items() if isinstance(v, Decimal)}
        assert not floats - {c for c, p in properties.items() if "object" in p["type"]}, stream


def test_a_reports_rows_say_what_they_are(bench: Bench) -> None:
    """Bucket inside its window, state, zone, currency where there is money, one time a window read."""
    got = bench.undisturbed({bench.case.entity, bench.case.daily, bench.case.hourly})
    for stream, bucket in ((bench.case.daily, "day"), (bench.case.hourly, "hour")):
        inside = 0
        for window in got.windows(stream):
            rows = [
                r
                for r in got.records[stream]
                if r["_account"] == window["account"]
                and window["window_start"][: len(r[bucket])]
                <= r[bucket]
                < window["window_end"][: len(r[bucket])]
            ]
            assert {r["_synced_at"] for r in rows} <= {window["synced_at"]}
            assert len(rows) == window["row_count"]
            inside += len(rows)
        assert inside == len(got.records[stream]) > 0
        rows = got.records[stream]
        assert {r["_data_state"] for r in rows} <= {"provisional", "settled"}
        fresh = [r for r in rows if r[bucket] >= day_after(bench.until, -1)]
        assert {r["_data_state"] for r in fresh} == {"provisional"}
        assert all(r["_time_zone"] for r in rows)
        money = [
            c
            for c, p in got.schemas[stream]["schema"]["properties"].items()
            if p.get("x-unit") == "currency"
        ]
        assert not money or all(
            r["_currency"] for r in rows if any(r[c] is not None for c in money)
        )


def test_an_hourly_report_reads_todays_complete_hours(bench: Bench) -> None:
    """Without `include_today`: they are complete, only their day is not."""
    got = bench.undisturbed({bench.case.entity, bench.case.daily, bench.case.hourly})
    hours = {r["hour"] for r in got.records[bench.case.hourly]}
    assert any(h.startswith(TODAY) for h in hours)
    assert max(hours) < "2026-03-18T12:00:00Z"
    last = max(r["day"] for r in got.records[bench.case.daily])
    assert last == day_after(bench.until, -1)


def test_the_same_run_twice_changes_nothing_but_when_it_was_read(bench: Bench) -> None:
    """Keys and values are functions of the data alone; so are windows and state."""
    one, other = bench.run(), bench.run()
    assert tables(one) == tables(other)
    assert [plain(w) for w in one.records["sync_windows"]] == [
        plain(w) for w in other.records["sync_windows"]
    ]
    assert one.last_state == other.last_state


def test_requests_in_flight_change_nothing_in_what_is_written(bench: Bench) -> None:
    """One after the other or four at once: the same messages in the same order."""
    streams = {bench.case.daily, bench.case.hourly}
    one, four = (bench.run(streams, concurrency=n) for n in (1, 4))
    assert tables(one) == tables(four)
    assert [(w["stream"], w["window_start"]) for w in one.records["sync_windows"]] == [
        (w["stream"], w["window_start"]) for w in four.records["sync_windows"]
    ]
    assert bench.sandbox.stats()["max_in_flight"][bench.case.platform] <= 4


# -- windows ---------------------------------------------------------------------------------------


def test_a_first_run_reads_from_the_start_to_yesterday(bench: Bench) -> None:
    """Windows tile exactly these days in each account; every bookmark stands at their end."""
    got = bench.undisturbed()
    for pair in tiles(got, bench.case.daily).values():
        assert days(pair) == (START, bench.until)
    marks = bookmarks(got.last_state, bench.case.daily)
    assert {m["replication_key_value"] for m in marks} == {bench.until}
    assert '"unfinished": {' not in json.dumps(got.last_state)


def test_a_second_run_reads_the_lookback_and_what_is_new(bench: Bench) -> None:
    """From the bookmark back, never past the start; nothing else."""
    first = bench.run()
    bench.at(NEXT)
    second = bench.run(state=first.last_state)
    mark = day_after(bench.until, -1)
    begin = max(START, day_after(mark, -looks_back(bench, bench.case.daily)))
    for pair in tiles(second, bench.case.daily).values():
        assert days(pair) == (begin, bench.until)
    third = bench.run(state=second.last_state, lookback_days=0)
    assert not third.records[bench.case.daily]
    assert not third.windows(bench.case.daily)


def test_an_incremental_entity_reads_what_changed_since(bench: Bench) -> None:
    """The second run asks from the bookmark on, so it gives fewer records, none of them older."""
    stream = bench.case.incremental
    if stream is None:
        assert not [e for e in bench.case.tap.entities if e.replication_key]
        return
    key = next(e.replication_key for e in bench.case.tap.entities if e.name == stream)
    first = bench.run({stream})
    mark = first.last_state["bookmarks"][stream]["replication_key_value"]
    second = bench.run({stream}, state=first.last_state)
    assert len(second.records[stream]) < len(first.records[stream])
    assert all(r[key] >= mark for r in second.records[stream])
    assert second.last_state == first.last_state


def test_start_date_moved_earlier_reads_only_the_gap(bench: Bench) -> None:
    """What was read before is not read again."""
    first = bench.run({bench.case.daily}, start_date="2026-03-14", lookback_days=0)
    second = bench.run({bench.case.daily}, first.last_state, lookback_days=0)
    for pair in tiles(second, bench.case.daily).values():
        assert days(pair) == (START, "2026-03-14")
    both = {**tables(first)[bench.case.daily], **tables(second)[bench.case.daily]}
    assert both.keys() == tables(bench.undisturbed())[bench.case.daily].keys()
    marks = bookmarks(second.last_state, bench.case.daily)
    assert {m["replication_key_value"] for m in marks} == {bench.until}


def test_nothing_on_or_after_the_end_date_is_asked(bench: Bench) -> None:
    """Exclusive; the next run without it goes on from there."""
    first = bench.run({bench.case.daily}, end_date="2026-03-12")
    for pair in tiles(first, bench.case.daily).values():
        assert days(pair) == (START, "2026-03-12")
    assert max(r["day"] for r in first.records[bench.case.daily]) == "2026-03-11"
    second = bench.run({bench.case.daily}, first.last_state, lookback_days=0)
    for pair in tiles(second, bench.case.daily).values():
        assert days(pair) == ("2026-03-12", bench.until)


def test_today_is_partial_and_the_bookmark_stays_before_it(bench: Bench) -> None:
    """`include_today` reads the running day as well; the next run reads it again."""
    got = bench.run({bench.case.daily}, include_today=True, start_date="2026-03-15")
    rows, until = got.records[bench.case.daily], bench.until
    assert {r["_data_state"] for r in rows if r["day"] == TODAY} == {"partial"}
    assert "partial" not in {r["_data_state"] for r in rows if r["day"] < until}
    marks = bookmarks(got.last_state, bench.case.daily)
    assert {m["replication_key_value"] for m in marks} == {until}
    bench.at(NEXT)
    again = bench.run({bench.case.daily}, got.last_state, lookback_days=0, start_date="2026-03-15")
    assert {r["day"] for r in again.records[bench.case.daily]} == {until}
    assert {r["_data_state"] for r in again.records[bench.case.daily]} == {"provisional"}


def test_a_backfill_reads_exactly_its_range_and_leaves_the_state_as_it_was(bench: Bench) -> None:
    """Byte for byte, and no entity with it; of the streams that it names only."""
    streams = {bench.case.entity, bench.case.daily, bench.case.hourly}
    state = bench.run(streams).last_state
    state["bookmarks"]["another tap's"] = {"kept": [1, {"z": 1, "a": 2}]}
    bench.sandbox.clear_log()
    got = bench.run(
        streams,
        state,
        backfill={"from": "2026-03-02", "to": "2026-03-05", "streams": [bench.case.daily]},
    )
    for pair in tiles(got, bench.case.daily).values():
        assert days(pair) == ("2026-03-02", "2026-03-05")
    assert not got.records[bench.case.entity]
    assert not got.records[bench.case.hourly]
    assert {r["day"] for r in got.records[bench.case.daily]} == {
        "2026-03-02",
        "2026-03-03",
        "2026-03-04",
    }
    assert {json.dumps(s) for s in got.states} == {json.dumps(state)}


# -- restatement -----------------------------------------------------------------------------------


def test_a_restated_day_is_corrected_by_the_next_run(bench: Bench) -> None:
    """A day read two days ago, by now D-3, has changed: same keys, the values of a first read today."""
    first, newest = bench.run({bench.case.daily}), day_after(bench.until, -1)
    bench.at(AFTER_NEXT)
    second = bench.run({bench.case.daily}, first.last_state)
    fresh = bench.run({bench.case.daily})
    old, new, whole = (tables(m)[bench.case.daily] for m in (first, second, fresh))
    loaded = {**old, **new}
    metrics = [
        c
        for c, p in first.schemas[bench.case.daily]["schema"]["properties"].items()
        if "x-additivity" in p
    ]

    def numbers(row: dict[str, Any]) -> list[Any]:
        return [row[m] for m in metrics]

    changed = {row["day"] for k, row in old.items() if k in new and numbers(row) != numbers(new[k])}
    assert newest in changed, "the sandbox restated nothing"
    begin = day_after(newest, 1 - looks_back(bench, bench.case.daily))
    for key, row in whole.items():
        if row["day"] >= begin or numbers(loaded[key]) == numbers(row):
            assert numbers(loaded[key]) == numbers(row), row["day"]
        else:
            # Older than what is read again: then nobody may have called it final.
            assert loaded[key]["_data_state"] == "provisional", row["day"]


def test_a_vanished_row_is_recognised_through_the_ledger(bench: Bench) -> None:
    """A row that the platform took back is one that a later window covers and did not bring."""
    runs, state = [], None
    for day in (15, 16, 17, 18):
        bench.at(f"2026-03-{day}T12:00:00+00:00")
        runs.append(bench.run({bench.case.vanishing}, state, include_today=True))
        state = runs[-1].last_state
    fresh = bench.run({bench.case.vanishing}, include_today=True)
    rows: dict[str, dict[str, Any]] = {}
    windows: dict[tuple[str, ...], dict[str, Any]] = {}
    for run in runs:
        rows |= {r["_row_key"]: r for r in run.records[bench.case.vanishing]}
        windows |= {
            (w["account"], w["window_start"], w["window_end"]): w
            for w in run.windows(bench.case.vanishing)
        }

    def is_ghost(row: dict[str, Any]) -> bool:
        return any(
            w["account"] == row["_account"]
            and w["window_start"][:10] <= row["day"] < w["window_end"][:10]
            and w["synced_at"] > row["_synced_at"]
            for w in windows.values()
        )

    ghosts = {k for k, r in rows.items() if is_ghost(r)}
    assert ghosts, "the sandbox took nothing back"
    assert rows.keys() - ghosts == {r["_row_key"] for r in fresh.records[bench.case.vanishing]}


# -- reports of one's own --------------------------------------------------------------------------


def test_no_catalog_takes_a_key_out(bench: Bench) -> None:
    """One written by hand may lack `inclusion`: objects, reports and the ledger keep their keys."""
    from tests.running import run_tap

    catalog = bench.catalog({bench.case.entity, bench.case.daily})
    changed = json.loads(json.dumps(catalog))
    for entry in changed["streams"]:
        for item in entry["metadata"]:
            if item["breadcrumb"]:
                item["metadata"] = {"selected": False}
    got = run_tap(bench.case.tap, bench.config(), catalog=changed)
    for name in (bench.case.entity, bench.case.daily, "sync_windows"):
        keys = set(got.schemas[name]["key_properties"])
        assert keys <= got.schemas[name]["schema"]["properties"].keys()
        assert got.records[name]
        assert all(keys <= row.keys() for row in got.records[name])


def test_a_users_report_is_read_like_a_built_in_one(bench: Bench) -> None:
    """Its dimensions and metrics are the columns; it has windows and a bookmark of its own."""
    reports = [
        bench.case.report,
        {**bench.case.report, "name": "other", "start_date": "2026-03-15"},
    ]
    catalog_free = bench.config(reports=reports)
    from tests.running import run_tap, select

    chosen = select(bench.case.tap, catalog_free, {"mine", "other"})
    got = run_tap(bench.case.tap, catalog_free, catalog=chosen)
    assert got.records["mine"]
    for pair in tiles(got, "mine").values():
        assert days(pair) == (START, bench.until)
    for pair in tiles(got, "other").values():
        assert days(pair) == ("2026-03-15", bench.until)
    same = {tuple(v for k, v in plain(r).items() if k != "_row_key") for r in got.records["mine"]}
    for row in got.records["other"]:
        assert tuple(v for k, v in plain(row).items() if k != "_row_key") in same


def test_decimals_are_exact_either_way(bench: Bench) -> None:
    """The same digits as text and, where a target wants that, as JSON numbers."""
    messages = bench.undisturbed(), bench.undisturbed(decimals_as="number")
    text, number = (tables(m)[bench.case.daily] for m in messages)
    properties = messages[0].schemas[bench.case.daily]["schema"]["properties"]
    exact = [c for c, p in properties.items() if p.get("format") == "x-singer.decimal"]
    assert exact
    for key, row in text.items():
        for one, other in ((row[c], number[key][c]) for c in exact):
            assert (one, other) == (None, None) or Decimal(one) == Decimal(other)


def test_nothing_is_settled_before_the_platforms_own_rule(bench: Bench) -> None:
    """A user who reads nothing twice still learns that yesterday may change."""
    got = bench.run({bench.case.daily}, lookback_days=0, start_date="2026-03-15")
    assert {r["_data_state"] for r in got.records[bench.case.daily]} == {"provisional"}


def test_entities_are_the_same_whether_the_sdk_handles_each_or_not(bench: Bench) -> None:
    """A stream map that changes nothing takes the SDK's path for every record: the same records leave."""
    tap, config = bench.case.tap, bench.config()
    streams = {
        e.name
        for e in tap.entities
        if e.selected and e.parent is None and tap.platform_class.offers(e, config)
    }
    first = bench.run(streams)
    maps = {name: {key: key for key in m["key_properties"]} for name, m in first.schemas.items()}
    second = bench.run(streams, stream_maps=maps)
    assert sum(map(len, first.records.values())) > 50
    assert second.records == first.records
    assert second.schemas.keys() == first.schemas.keys()
