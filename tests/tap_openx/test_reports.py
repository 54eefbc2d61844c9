"""The Data Service's reports: sums, windows, shapes, faults."""

import json
import logging
from decimal import Decimal

import pytest

from adtap_core.errors import SettingsError
from adtap_core.tap import RunFailed
from tap_openx.streams import REPORTS
from tests.tap_openx.conftest import money_of_a_day, rows_of, sums

LEGACY = {r.name: r for r in REPORTS if r.generations == ("legacy",)}


def truth_of(room, stream, end):
    return room.truth(stream=f"report_{stream}", start="2026-03-16T00:00:00Z", end=end)


@pytest.mark.parametrize("stream", LEGACY)
def test_a_preset_sums_to_the_world(room, stream):
    """Rows and every metric, money to the last digit that went over the wire."""
    found = room.run(room.legacy(), stream)
    report = LEGACY[stream]
    hourly = report.grain.value == "hour"
    # Demand fields lag an hour more; a day is read when it is over.
    end = found.windows(stream)[-1]["window_end"]
    assert end == {
        "inventory_hourly": "2026-03-18T11:00:00Z",
        "deal_hourly": "2026-03-18T10:00:00Z",
    }.get(stream, "2026-03-18T00:00:00Z")
    expected = truth_of(room, stream, end)
    records = found.records[stream]
    names = report.columns
    assert len(records) == expected["rows"]
    assert sums(records, {m: names[m] for m in report.metrics}) == {
        k: Decimal(v) for k, v in expected["sent"].items()
    }
    assert len(found.final(stream)) == len(records)
    assert {r["_currency"] for r in records} == {"EUR", "USD"}
    assert {r["_currency"] == r["publisher_currency"] for r in records} == {True}
    bucket = report.grain.value
    assert {r["_data_state"] for r in records if r[bucket] >= "2026-03-16T12"} == {"provisional"}
    assert all(r[bucket].endswith(":00:00Z") == hourly for r in records)


def test_the_vendors_own_sample_of_money_arrives_as_it_is(room):
    """`2.739120012072817` is not rounded to a float's fifteen digits on its way."""
    sent = {
        "reportData": [
            {
                "day": "2026-03-17",
                "publisherSiteId": "1",
                "publisherCurrency": "EUR",
                "marketPublisherRevenueInPCoin": "MONEY",
            }
        ],
        "reportMetadata": {"reportCreated": "2026-03-18T04:00:00-08:00"},
    }
    body = json.dumps(sent).replace('"MONEY"', "2.739120012072817000001")
    room.answer_reports(status=200, body=body)
    found = money_of_a_day(room)
    (row,) = found.records["money_daily"]
    assert row["market_publisher_revenue"] == "2.739120012072817000001"
    assert (row["publisher_site_id"], row["_currency"]) == ("1", "EUR")


def test_money_that_comes_in_several_currencies_is_the_publishers(room):
    """Whatever comes first in a row, the column holds `…InPCoin`; the others stay in `_extra`."""
    one = '{"day":"2026-03-17","publisherSiteId":"1","publisherCurrency":"EUR",'
    other = one.replace('"1"', '"2"')
    body = (
        f'{{"reportData":[{one}"publisherRevenueInUSD":2.5,"publisherRevenueInPCoin":2.25}},'
        f'{other}"publisherRevenueInPCoin":3.25,"publisherRevenueInUSD":3.5}}],"reportMetadata":{{}}}}'
    )
    room.answer_reports(status=200, body=body)
    report = {
        "name": "money_daily",
        "dimensions": ["publisherSiteId"],
        "metrics": ["publisherRevenue"],
    }
    found = room.run(room.legacy(start_date="2026-03-17", reports=[report]), "money_daily")
    rows = found.records["money_daily"]
    assert [r["publisher_revenue"] for r in rows] == ["2.25", "3.25"]
    assert [r["_extra"] for r in rows] == [
        {"publisher_revenue_in_usd": Decimal("2.5")},
        {"publisher_revenue_in_usd": Decimal("3.5")},
    ]


@pytest.mark.parametrize(
    "shapes",
    [
        {"wrapped_fields": False, "date_range_as_list": False},
        {"account_id_spelling": "publisherAccountId", "dimension_path_as_object": True},
        {"rename_metrics": False, "numeric_ids": True, "omit_nulls": False},
        {"day_format": "%Y%m%d"},
        {"day_format": "%Y-%m-%dT00:00:00Z"},
        {"prefixes": ["/data/1.0"]},
    ],
    ids=str,
)
def test_shapes_that_differ_between_the_page_and_the_wire_give_the_same_rows(room, shapes):
    """Wrapped or bare, list or object, text or number, renamed or not: the keys do not move."""
    plain = room.run(room.legacy(), "inventory_daily").final("inventory_daily")
    room.sandbox.switch("openx", **shapes)
    other = room.run(room.legacy(), "inventory_daily").final("inventory_daily")
    drop = {"_synced_at"}
    assert {k: {c: v for c, v in r.items() if c not in drop} for k, r in other.items()} == {
        k: {c: v for c, v in r.items() if c not in drop} for k, r in plain.items()
    }


def test_what_the_account_does_not_list_is_left_out_of_a_preset_with_a_warning(room, caplog):
    """The column stays, empty; the platform is not asked for the field."""
    listed = [
        {"id": m, "path": "a::b", "format": "Number", "description": "", "example": ""}
        for m in ("marketRequests", "clicks")
    ]
    dimensions = [
        {"id": d, "path": "a::b", "format": "String", "description": "", "example": ""}
        for d in ("publisherAccountID", "publisherSiteId", "publisherCurrency")
    ]
    room.sandbox.fault(
        "status",
        path="/report/fields",
        status=200,
        body={"metrics": listed, "dimensions": dimensions},
        times=None,
    )
    with caplog.at_level(logging.WARNING):
        found = room.run(room.legacy(), "inventory_daily", "deal_hourly")
    said = [m for m in caplog.messages if m.startswith("inventory_daily: ")]
    assert any("publisherAdUnitId is left empty" in m for m in said)
    assert len(said) == len({m.split()[1] for m in said})  # once each
    asked = json.loads(room.asked("/report")[-1]["body"])
    assert [m["id"] for m in asked["metrics"]] == ["marketRequests", "clicks"]
    assert [a["id"] for a in asked["attributes"]] == [
        "day",
        "publisherAccountID",
        "publisherSiteId",
        "publisherCurrency",
    ]
    records = found.records["inventory_daily"]
    assert {r["publisher_ad_unit_id"] for r in records} == {None}
    assert {r["all_requests"] for r in records} == {None}
    assert all(r["market_requests"] is not None for r in records)


def test_only_selected_metrics_are_asked_for(room):
    """A deselected metric costs the platform nothing."""
    from tap_openx.tap import TapOpenx
    from tests.running import select, without

    catalog = without(select(TapOpenx, room.legacy(), {"demand_daily"}), "market_impressions")
    found = room.run(room.legacy(), catalog=catalog)
    asked = json.loads(room.asked("/report")[0]["body"])
    assert [m["id"] for m in asked["metrics"]] == ["marketRequests", "marketPublisherRevenue"]
    assert "market_impressions" not in found.records["demand_daily"][0]


def test_money_of_two_currencies_is_never_added_up(room):
    """A report without the currency among its dimensions is read by currency all the same."""
    report = {"name": "all_daily", "dimensions": [], "metrics": ["marketPublisherRevenue"]}
    found = room.run(room.legacy(start_date="2026-03-17", reports=[report]), "all_daily")
    rows = {r["_currency"]: r["market_publisher_revenue"] for r in found.records["all_daily"]}
    assert set(rows) == {"EUR", "USD"}
    for currency, money in rows.items():
        expected = room.truth(
            attributes="day,publisherCurrency",
            metrics="marketPublisherRevenue",
            start="2026-03-17T00:00:00Z",
            end="2026-03-18T00:00:00Z",
            filters={"name": "publisherCurrency", "value": currency, "operator": "EQ"},
        )
        assert Decimal(money) == Decimal(expected["sent"]["marketPublisherRevenue"])
    assert len(found.final("all_daily")) == 2


def test_counts_alone_are_not_told_apart_by_currency(room):
    """Without money there is nothing to keep apart: the rows are those that the definition names."""
    report = {"name": "requests_daily", "dimensions": [], "metrics": ["marketRequests"]}
    found = room.run(room.legacy(start_date="2026-03-17", reports=[report]), "requests_daily")
    [row] = found.records["requests_daily"]
    assert row["_currency"] is None
    expected = room.truth(
        attributes="day",
        metrics="marketRequests",
        start="2026-03-17T00:00:00Z",
        end="2026-03-18T00:00:00Z",
    )
    assert row["market_requests"] == int(expected["sent"]["marketRequests"])


def test_a_filter_tree_is_passed_on_in_the_servers_spelling(room):
    """Attributes are matched without case; numbers in values become text."""
    site = room.run(room.legacy(), "sites").records["sites"][0]["id"]
    report = {
        "name": "one_site_daily",
        "dimensions": ["PublisherSiteID"],
        "metrics": ["allRequests"],
        "filters": {"name": "publishersiteid", "value": int(site), "operator": "EQ"},
    }
    found = room.run(room.legacy(reports=[report]), "one_site_daily")
    asked = json.loads(room.asked("/report")[-1]["body"])
    assert asked["filters"] == {"name": "publisherSiteId", "value": site, "operator": "EQ"}
    assert {r["publisher_site_id"] for r in found.records["one_site_daily"]} == {site}


def test_accounts_have_a_bookmark_each(room):
    """`account_ids` narrows the rows; a new account begins at its own beginning."""
    ids = sorted(
        a["id"]
        for a in room.run(room.legacy(), "accounts").records["accounts"]
        if a["type_full"] == "account.publisher"
    )
    first = room.run(room.legacy(account_ids=ids[:1]), "device_daily")
    both = room.run(room.legacy(account_ids=ids[:2]), "device_daily", state=first.last_state)
    entries = both.last_state["bookmarks"]["device_daily"]["partitions"]
    assert [e["context"] for e in entries] == [{"account_id": i} for i in ids[:2]]
    assert {e["replication_key_value"] for e in entries} == {"2026-03-18"}
    for account, found in ((ids[0], first), (ids[1], both)):
        rows = [
            r
            for r in found.records["device_daily"]
            if r["_account"] == json.dumps({"account_id": account}, separators=(",", ":"))
        ]
        expected = room.truth(
            stream="report_device_daily",
            start="2026-03-16T00:00:00Z",
            end="2026-03-18T00:00:00Z",
            filters={"name": "publisherAccountId", "value": account, "operator": "EQ"},
        )
        assert sum(r["market_requests"] for r in rows) == int(expected["sent"]["marketRequests"])


# -- windows -------------------------------------------------------------------------------------


def test_a_backfill_beyond_the_retention_warns_with_both_dates(room, caplog):
    """A year of hours: what is held is read, what is not is named."""
    config = room.legacy(start_date="2025-02-11", end_date="2026-02-01")
    with caplog.at_level(logging.WARNING):
        found = room.run(config, "deal_hourly")
    (said,) = [m for m in caplog.messages if "holds data only from" in m]
    assert "start is 2025-02-11" in said
    assert "only from 2026-01-17 on" in said
    assert found.windows("deal_hourly")[0]["window_start"] == "2026-01-17T00:00:00Z"
    assert min(r["hour"] for r in found.records["deal_hourly"]) == "2026-01-17T00:00:00Z"


def test_nothing_beyond_the_end_of_what_is_held_is_bookmarked(room):
    """A stalled platform holds the bookmark; when it goes on, nothing is missing."""
    room.switch(max_end_date="2026-03-17T05:00:00Z")
    first = room.run(room.legacy(), "inventory_hourly", "inventory_daily")
    marks = first.last_state["bookmarks"]
    assert marks["inventory_hourly"]["replication_key_value"] == "2026-03-17T05:00:00Z"
    assert marks["inventory_daily"]["replication_key_value"] == "2026-03-17"
    assert max(r["hour"] for r in first.records["inventory_hourly"]) == "2026-03-17T04:00:00Z"
    again = room.run(room.legacy(), "inventory_hourly", state=first.last_state)
    assert again.last_state["bookmarks"]["inventory_hourly"]["replication_key_value"] == (
        "2026-03-17T05:00:00Z"
    )
    room.switch(max_end_date=None)
    later = room.run(room.legacy(), "inventory_hourly", state=first.last_state)
    keys = first.final("inventory_hourly") | later.final("inventory_hourly")
    assert len(keys) == truth_of(room, "inventory_hourly", "2026-03-18T11:00:00Z")["rows"]


def test_the_oldest_day_that_goes_while_we_read_is_not_a_failure(room, caplog):
    """Planned before midnight, read after it: 404 for what is gone, the rest is read and it is said."""
    room.switch(retention_daily_days=2)
    room.sandbox.fault(
        "status",
        path="/date-range",
        status=200,
        body={
            "dateRange": {
                "minStartDate": "2026-03-15T00:00:00Z",
                "maxEndDate": "2026-03-18T11:00:00Z",
            }
        },
    )
    found = room.run(room.legacy(start_date="2026-03-15"), "demand_daily")
    assert sorted({r["day"] for r in found.records["demand_daily"]}) == ["2026-03-16", "2026-03-17"]
    assert any("now holds data only from 2026-03-16T00:00Z on" in m for m in caplog.messages)


def test_a_date_range_that_is_not_valid_for_another_reason_is_an_error(room, caplog):
    """404 though nothing is gone: the platform's words, and no row."""
    room.answer_reports(
        status=404,
        body={"code": "404", "message": "Date Range not valid", "traceId": "t"},
    )
    with pytest.raises(RunFailed):
        room.run(room.legacy(), "demand_daily")
    assert any("HTTP 404: Date Range not valid" in m for m in caplog.messages)


def test_a_date_range_that_ends_before_it_begins_is_an_error(room, caplog):
    """It says nothing of what is held: not a success without rows."""
    ends = {"minStartDate": "2026-03-17T00:00:00Z", "maxEndDate": "2026-01-01T00:00:00Z"}
    room.sandbox.fault(
        "status", path="/date-range", status=200, body={"dateRange": [ends]}, times=None
    )
    with pytest.raises(RunFailed):
        room.run(room.legacy(max_retries=0), "demand_daily")
    assert any("date range can't be read" in m for m in caplog.messages)


def test_the_running_day_is_read_when_it_is_wanted(room):
    """`include_today`: up to the last hour that is held, partial, and never bookmarked."""
    found = room.run(room.legacy(include_today=True), "demand_daily")
    states = {r["day"]: r["_data_state"] for r in found.records["demand_daily"]}
    assert states["2026-03-18"] == "partial"
    assert states["2026-03-17"] == "provisional"
    assert found.last_state["bookmarks"]["demand_daily"]["replication_key_value"] == "2026-03-18"
    asked = json.loads(room.asked("/report")[-1]["body"])
    assert asked["endDate"] == "2026-03-18T10:00:00Z"


def test_a_day_is_settled_three_days_after_its_end_and_not_before(room):
    """Even with a lookback of nought: trued-up data replace the first ones."""
    found = room.run(room.legacy(start_date="2026-03-12", lookback_days=0), "demand_daily")
    states = {r["day"]: r["_data_state"] for r in found.records["demand_daily"]}
    assert states == {
        "2026-03-12": "settled",
        "2026-03-13": "settled",
        "2026-03-14": "settled",
        "2026-03-15": "provisional",
        "2026-03-16": "provisional",
        "2026-03-17": "provisional",
    }


def test_an_hour_is_settled_two_days_after_its_end(room):
    """The books close 4 to 6 hours after midnight of the instance's zone, wherever that is."""
    found = room.run(room.legacy(), "deal_hourly")
    states = {r["hour"]: r["_data_state"] for r in found.records["deal_hourly"]}
    assert {h for h, s in states.items() if s == "settled"} == {
        f"2026-03-16T{hour:02d}:00:00Z" for hour in range(12)
    }


@pytest.mark.parametrize("stream", ["inventory_daily", "inventory_hourly"])
def test_a_run_a_day_ends_with_the_worlds_final_values(room, stream):
    """What is restated lies within the lookback; a row that was settled never changes again."""
    state, rows, settled = None, {}, {}
    windows = []
    for day in range(18, 24):
        room.now(f"2026-03-{day}T12:00:00+00:00")
        found = room.run(room.legacy(), stream, state=state)
        state = found.last_state
        windows += found.windows(stream)
        for key, row in found.final(stream).items():
            value = {k: v for k, v in row.items() if k not in {"_synced_at", "_data_state"}}
            assert settled.get(key, value) == value
            rows[key] = row
            if row["_data_state"] == "settled":
                settled[key] = value
    # A row that the platform took back: the ledger holds a later read of its bucket.
    bucket = "hour" if stream.endswith("hourly") else "day"

    def is_ghost(row):
        moment = row[bucket] if bucket == "hour" else f"{row[bucket]}T00:00:00Z"
        return any(
            w["window_start"] <= moment < w["window_end"] and w["synced_at"] > row["_synced_at"]
            for w in windows
        )

    live = [r for r in rows.values() if not is_ghost(r)]
    assert len(live) < len(rows)
    expected = truth_of(room, stream, max(w["window_end"] for w in windows))
    assert len(live) == expected["rows"]
    assert sum(r["all_requests"] for r in live) == int(expected["sent"]["allRequests"])


# -- faults --------------------------------------------------------------------------------------


def test_a_session_that_dies_in_the_middle_costs_one_login(room):
    """401 on the second window: one new login, nothing lost, nothing twice."""
    whole = rows_of(room.run(room.legacy(start_date="2026-02-01"), "inventory_daily"))
    room.sandbox.clear_log()
    room.answer_reports(
        status=401,
        after=1,
        body={"code": "401", "message": "Bad oauth_token", "traceId": "t"},
    )
    found = room.run(room.legacy(start_date="2026-02-01"), "inventory_daily")
    assert rows_of(found) == whole
    assert len(found.records["inventory_daily"]) == len(whole)
    assert len(room.asked("/login/process")) == 2


def test_bursts_of_502_split_the_window_and_heal(room):
    """Two gateway errors in a row cut the window in two; the rows are the same."""
    whole = rows_of(room.run(room.legacy(), "inventory_daily"))
    room.answer_reports(status=502, times=2)
    found = room.run(room.legacy(), "inventory_daily")
    assert rows_of(found) == whole
    (window,) = found.windows("inventory_daily")
    assert (window["splits"], window["retries"]) == (1, 1)


def test_a_window_too_wide_for_the_platform_is_halved_until_it_answers(room):
    """502 for whatever is longer than a day: the days are read one by one."""
    whole = rows_of(room.run(room.legacy(start_date="2026-03-14"), "inventory_daily"))
    room.switch(window_cap_hours=24)
    found = room.run(room.legacy(start_date="2026-03-14"), "inventory_daily")
    assert rows_of(found) == whole
    assert found.windows("inventory_daily")[0]["splits"] == 3


@pytest.mark.parametrize("kind", ["cut", "cut_chunked", "garbage", "html", "reset", "empty"])
def test_a_damaged_answer_is_asked_for_again(room, kind):
    """Nothing of it is written; the second answer is."""
    whole = rows_of(room.run(room.legacy(), "inventory_daily"))
    room.sandbox.fault(kind, path="/report$", method="POST")
    found = room.run(room.legacy(), "inventory_daily")
    assert rows_of(found) == whole
    assert len(found.records["inventory_daily"]) == len(whole)


@pytest.mark.parametrize("shape", ["string", "list", "object"])
@pytest.mark.parametrize("as_int", [False, True])
def test_an_error_is_told_in_the_platforms_words_whatever_its_shape(room, caplog, shape, as_int):
    """Message, status and trace id reach the user; a wrong request is not repeated."""
    room.switch(message_shape=shape, code_as_int=as_int)
    room.switch(
        data_failure={"endpoint": "report", "status": 500, "message": "Invalid JSON", "times": 9}
    )
    with pytest.raises(RunFailed):
        room.run(room.legacy(), "demand_daily")
    (said,) = [m for m in caplog.messages if m.startswith("demand_daily 2026")]
    assert "HTTP 500" in said
    assert "Invalid JSON" in said
    assert "traceId" in said
    assert len(room.asked("/report")) == 1


def test_one_failing_stream_leaves_the_others_whole(room, caplog):
    """A stream whose fields are refused is named; the rest is read, the run ends with an error."""
    room.sandbox.fault(
        "status",
        path="/date-range",
        status=400,
        body={
            "code": "400",
            "message": ["You do not have access to one or many of the fields you have requested!"],
            "traceId": "abc",
        },
    )
    config = room.legacy()
    streams = ("deal_hourly", "demand_daily")
    with pytest.raises(RunFailed, match="1 failed"):
        room.run(config, *streams)
    assert any("You do not have access" in m and "abc" in m for m in caplog.messages)
    assert len(room.asked("/report")) == 1


# -- the user's own reports ----------------------------------------------------------------------


def faults_of(room, *reports):
    with pytest.raises(SettingsError) as caught:
        room.run(room.legacy(reports=list(reports)), *[r["name"] for r in reports])
    assert room.asked("/report") == []
    assert room.asked("/date-range") == []
    return caught.value.errors


def test_a_wrong_metric_is_refused_before_any_data_request(room):
    """The message names report, field and the nearest names."""
    (fault,) = faults_of(
        room,
        {"name": "x_daily", "dimensions": ["publisherSiteId"], "metrics": ["marketRequestz"]},
    )
    assert fault.startswith("report 'x_daily': unknown metric 'marketRequestz' (did you mean ")
    assert "marketRequests" in fault


def test_every_fault_of_all_reports_is_told_at_once(room):
    """Unknown dimensions, fields that don't go together, filters over nothing."""
    faults = faults_of(
        room,
        {"name": "a_daily", "dimensions": ["siteId"], "metrics": ["clicks"]},
        {"name": "b_daily", "dimensions": ["demandPartnerAccountId"], "metrics": ["allRequests"]},
        {
            "name": "c_hourly",
            "grain": "hour",
            "dimensions": [],
            "metrics": ["clicks"],
            "filters": {"name": "siteId", "value": "1", "operator": "EQ"},
        },
    )
    assert len(faults) == 3
    assert "'a_daily': unknown dimension 'siteId' (did you mean" in faults[0]
    assert "publisherSiteId" in faults[0]
    assert "'allRequests' can't be broken down by 'demandPartnerAccountId'" in faults[1]
    assert "filters: unknown attribute 'siteId'" in faults[2]


@pytest.mark.parametrize(
    ("filters", "words"),
    [
        ([{"name": "a", "value": "1"}], "one filter object is expected"),
        ({"name": "a", "value": "1", "operator": "GT"}, "operator 'GT' is unknown"),
        ({"operator": "AND", "leftOperand": {"name": "a", "value": "1"}}, "rightOperand"),
        ({"name": "a", "value": []}, "`value`"),
    ],
)
def test_a_filter_of_another_shape_is_refused_without_network(room, filters, words):
    """What can be seen in the settings is said before anything is asked."""
    report = {"name": "x_daily", "dimensions": [], "metrics": ["clicks"], "filters": filters}
    with pytest.raises(SettingsError) as caught:
        room.run(room.legacy(reports=[report]), "x_daily")
    assert any(words in fault for fault in caught.value.errors)
    assert room.sandbox.log("openx") == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"time_zone": "Europe/Berlin"}, "time_zone: 'Europe/Berlin' is not possible"),
        ({"consumer_key": None}, "`api_generation` legacy, `client_id` for current"),
        ({"api_url": None}, "api_url is missing"),
        ({"api_generation": "current"}, "client_id is missing"),
        ({"email": None}, "email is missing"),
    ],
)
def test_settings_that_can_not_work_are_told_before_anything_is_asked(room, change, words):
    """One line a fault, no request."""
    with pytest.raises(SettingsError) as caught:
        room.run({k: v for k, v in room.legacy(**change).items() if v is not None})
    assert any(words in fault for fault in caught.value.errors)
    assert room.sandbox.log("openx") == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"error": "x"},
        {"message": "boom", "http_status": 500},
        {"reportData": {}},
        {"reportData": [], "reportMetadata": {}, "error": "partial failure"},
        {"reportData": None, "code": "500", "message": "Internal Server Error"},
    ],
    ids=["empty", "list", "error", "message", "object", "error beside", "error as null"],
)
def test_an_answer_that_is_no_report_is_no_empty_window(room, body):
    """Under a good status, too: the window is not in the ledger, the bookmark stays."""
    room.answer_reports(status=200, body=body, times=None)
    written = []
    with pytest.raises(RunFailed):
        room.run(room.legacy(), "inventory_daily", written=written.append)
    assert not written[0].windows("inventory_daily")


def test_a_report_without_rows_may_leave_them_out(room):
    """What is said of the report is there."""
    body = {"reportMetadata": {"reportCreated": "2026-03-18T11:00:00Z"}}
    room.answer_reports(status=200, body=body, times=None)
    found = room.run(room.legacy(), "inventory_daily")
    assert {w["row_count"] for w in found.windows("inventory_daily")} == {0}


def test_a_currency_that_stands_in_no_row_is_no_null(room):
    """It is in the key: read again with it, the rows would stand there twice."""
    row = {"day": "2026-03-17T00:00:00Z", "publisherAccountId": "1", "marketPublisherRevenue": 1.5}
    body = {"reportData": [row], "reportMetadata": {}}
    room.answer_reports(status=200, body=body, times=None)
    report = {
        "name": "own",
        "dimensions": ["publisherAccountId"],
        "metrics": ["marketPublisherRevenue"],
    }
    with pytest.raises(RunFailed, match="own"):
        room.run(room.legacy(start_date="2026-03-17", reports=[report]), "own")


@pytest.mark.parametrize("body", [{}, {"code": "500", "message": "Internal Server Error"}, None])
def test_an_error_under_a_good_status_is_asked_for_again(room, body):
    """An empty list of fields once meant that nothing was to be read, exit code 0; an error in a list, a failure."""
    one_day = {"start_date": "2026-03-16", "end_date": "2026-03-17"}
    for path in ("/report/fields$", "/date-range$", "/report$", "/ox/4.0/site$"):
        room.sandbox.fault("status", path=path, status=200, body=json.dumps(body))
    found = room.run(room.legacy(**one_day), "demand_daily", "sites")
    assert found.records["demand_daily"]
    assert found.records["sites"]
    assert len([e for e in room.sandbox.log("openx") if e["status"] == 200]) >= 8
